"""How the settling of years is asked for and written on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from labshare.kernel.errors import Reason
from labshare.usage import rules
from labshare.usage.corrections import Line as Correction
from labshare.usage.lifecycle import STATES
from labshare.usage.schemas.reading import FIRST_YEAR, LAST_YEAR, UsageCompany, UsageInstrument
from labshare.usage.settlement import Settled
from labshare.web.api import ReasonOut
from labshare.web.bodies import OneOf, Prose
from labshare.web.bodies import Whole as Number
from labshare.web.i18n import own, say
from labshare.web.paging import PageArguments

_VERSION = {"description": "The version you go by; refused where there is a newer one."}


class YearMoveIn(Schema):
    """Nothing but the version somebody goes by, if they like."""

    version = Number(0, 2**31 - 1, metadata=_VERSION)


class IssueIn(YearMoveIn):
    """How long companies may object."""

    days = Number(
        *(rules.LEAST_DAYS, rules.MOST_DAYS),
        load_default=rules.DAYS,
        metadata={"description": "So many days companies may object."},
    )


class ObjectToYearIn(Schema):
    """What is wrong with the figures."""

    text = Prose(2000, required=True)


class AnswerObjectionIn(YearMoveIn):
    """What the laboratory makes of it."""

    answer = Prose(2000, required=True)


class CorrectionsIn(PageArguments):
    """Corrections made in a year, or of a closed one; without either, all."""

    year = Number(FIRST_YEAR, LAST_YEAR, load_default=None, metadata={"description": "Only those made in this year."})
    of_year = Number(
        FIRST_YEAR, LAST_YEAR, load_default=None, metadata={"description": "Only those of this closed year."}
    )


class UsageYearOut(Schema):
    """A year, and how far its figures are settled."""

    year = fields.Integer(required=True)
    state = fields.String(required=True, validate=OneOf(STATES))
    issued_at = fields.DateTime(required=True, allow_none=True)
    object_by = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "Until then companies may object."}
    )
    closed_at = fields.DateTime(required=True, allow_none=True)
    digest = fields.String(
        required=True, metadata={"description": "Of a closed year the SHA-256 over its canonical lines, else empty."}
    )
    version = fields.Integer(required=True)
    open_objections = fields.Integer(
        required=True, metadata={"description": "Objections you may read that nobody has answered."}
    )
    reasons = fields.List(
        fields.Nested(ReasonOut),
        required=True,
        metadata={"description": "For admins: what stands in the way of closing an issued year."},
    )

    @pre_dump
    def _said(self, one: Settled, **_: Any) -> dict[str, Any]:
        return {**vars(one), "reasons": reasons_out(one.reasons)}


class UsageYearsOut(Schema):
    items = fields.List(fields.Nested(UsageYearOut), required=True)


class UsagePerson(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)


class UsageObjectionOut(Schema):
    """What a company has against its figures of a year, and what it was answered."""

    id = fields.Integer(required=True)
    year = fields.Integer(required=True)
    company = fields.Nested(UsageCompany, required=True)
    person = fields.Nested(UsagePerson, required=True)
    text = fields.String(required=True)
    at = fields.DateTime(required=True)
    answer = fields.String(required=True, metadata={"description": "Empty until it is answered."})
    answered_at = fields.DateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class UsageObjectionsOut(Schema):
    items = fields.List(fields.Nested(UsageObjectionOut), required=True)
    next = fields.String(required=True, allow_none=True)


class UsageCorrectionOut(Schema):
    """By how much one month of a closed year was corrected; a line of the year in which that was done."""

    id = fields.Integer(required=True)
    year = fields.Integer(required=True, metadata={"description": "The year in which it was corrected."})
    of_year = fields.Integer(required=True, metadata={"description": "The closed year that was corrected."})
    of_month = fields.Integer(required=True)
    booking = fields.Integer(required=True)
    company = fields.Nested(UsageCompany, required=True)
    instrument = fields.Nested(UsageInstrument, required=True)
    uses = fields.Integer(required=True)
    effective_hours = fields.Float(required=True)
    external_uses = fields.Integer(required=True)
    external_hours = fields.Float(required=True)
    samples = fields.Integer(required=True)
    credited_hours = fields.Float(required=True)
    late_cancels = fields.Integer(required=True)
    estimate_cny = fields.Float(required=True)
    at = fields.DateTime(required=True)
    reason = fields.String(required=True)


class UsageCorrectionsOut(Schema):
    items = fields.List(fields.Nested(UsageCorrectionOut), required=True)
    next = fields.String(required=True, allow_none=True)


def reasons_out(reasons: list[Reason]) -> list[dict[str, Any]]:
    """Reasons as a problem writes them."""
    return [{"code": one.code, "message": say(one.message), "waivable_by": one.waivable_by} for one in reasons]


def correction_out(one: Correction) -> dict[str, Any]:
    """A correction as it is written."""
    return {
        **{name: getattr(one, name) for name in ("id", "year", "of_year", "of_month", "at", "reason")},
        **{name: getattr(one, name) for name in ("uses", "external_uses", "samples", "late_cancels")},
        "booking": one.booking_id,
        "company": {"id": one.company_id, "name": one.company_name},
        "instrument": {"code": one.instrument_code, "name": own(one.instrument_en, one.instrument_zh)},
        "effective_hours": rules.hours(one.effective_minutes),
        "external_hours": rules.hours(one.external_minutes),
        "credited_hours": rules.hours(one.credited_minutes),
        "estimate_cny": rules.cny(one.worth),
    }
