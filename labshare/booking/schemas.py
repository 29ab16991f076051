"""How bookings are written and read on the wire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from labshare.booking import lifecycle
from labshare.booking.queries import Seen
from labshare.booking.services.asking import Draft
from labshare.kernel.errors import N_
from labshare.kernel.slots import Slot
from labshare.web.api import ReasonOut
from labshare.web.bodies import Length, Line, Moment, OneOf, Prose, Whole
from labshare.web.i18n import own
from labshare.web.paging import PageArguments

BIGGEST_ID = 10**18
LONGEST_WINDOW = timedelta(days=31)


class SlotIn(Schema):
    """A slot: two RFC 3339 times with offset."""

    starts_at = Moment(required=True, metadata={"example": "2026-12-01T09:00:00+08:00"})
    ends_at = Moment(required=True, metadata={"example": "2026-12-01T11:00:00+08:00"})

    @validates_schema(skip_on_field_errors=True)
    def forward(self, data: dict[str, Any], **_rest: Any) -> None:
        if data["starts_at"] >= data["ends_at"]:
            raise ValidationError([N_("Must end after it starts.")], "ends_at")


class AskIn(SlotIn):
    """What somebody asks for; `company` only where lab staff ask on behalf of one."""

    instrument = Line(40, required=True, metadata={"example": "SEM-01"})
    company = Whole(1, BIGGEST_ID)


class CheckIn(AskIn):
    """A dry run of a request."""

    purpose = Prose(2000)

    @post_load
    def draft(self, data: dict[str, Any], **_rest: Any) -> Draft:
        slot = Slot(data["starts_at"], data["ends_at"])
        return Draft(data["instrument"], slot, data.get("purpose", ""), data.get("company"))


class BookingIn(CheckIn):
    """A request for time."""

    purpose = Prose(2000, required=True, metadata={"example": "Fracture surfaces of batch 12"})


class VersionIn(Schema):
    """A move with a booking; with `version` it is refused where somebody else was faster."""

    version = Whole(1, 10**9)


class ApproveIn(VersionIn):
    """A yes, and a word with it."""

    reason = Prose(500)


class RejectIn(VersionIn):
    """A no, and why."""

    reason = Prose(500, required=True)


class MoveIn(SlotIn, VersionIn):
    """Another time on the same instrument."""


class CheckOutIn(VersionIn):
    """The end of a use: how many samples, a note, and what is wrong with the instrument."""

    samples = Whole(0, 100_000)
    note = Prose(2000)
    problem = Prose(2000)


class UsageIn(SlotIn):
    """What was used, as staff enter or correct it; a correction says why."""

    samples = Whole(0, 100_000)
    note = Prose(2000)
    reason = Prose(500)


class ListIn(PageArguments):
    """Which bookings to list."""

    state = fields.String(validate=OneOf(lifecycle.STATES))
    instrument = Line(40)
    company = Whole(1, BIGGEST_ID)
    starts_from = Moment(data_key="from")
    starts_to = Moment(data_key="to")


class WindowIn(Schema):
    """A stretch of time, at most 31 days."""

    starts_at = Moment(required=True, data_key="from")
    ends_at = Moment(required=True, data_key="to")

    @validates_schema(skip_on_field_errors=True)
    def short(self, data: dict[str, Any], **_rest: Any) -> None:
        if data["starts_at"] >= data["ends_at"]:
            raise ValidationError([N_("Must end after it starts.")], "to")
        if data["ends_at"] - data["starts_at"] > LONGEST_WINDOW:
            raise ValidationError([N_("At most 31 days.")], "to")

    @post_load
    def slot(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        return data | {"window": Slot(data.pop("starts_at"), data.pop("ends_at"))}


class FreeIn(WindowIn):
    """How long a slot, and where to look for it."""

    minutes = Whole(1, 144_000, required=True)


class TimelineIn(WindowIn):
    """Which instruments' time; all of them where none is named."""

    instrument = fields.List(Line(40), load_default=list, validate=Length(max=500))


def _named(key: str, kind: str) -> dict[str, Any]:
    """What the document says of a thing told by key and name."""
    return {
        "type": "object",
        "properties": {key: {"type": kind}, "name": {"type": "string"}},
        "required": [key, "name"],
    }


class InstrumentNameOut(Schema):
    """An instrument by code and name."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class BookingOut(Schema):
    """A booking as those see it who may."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, validate=OneOf(lifecycle.STATES))
    version = fields.Integer(required=True)
    instrument = fields.Function(
        lambda seen: {"code": seen.instrument_code, "name": own(seen.instrument_en, seen.instrument_zh)},
        metadata=_named("code", "string"),
    )
    company = fields.Function(
        lambda seen: {"id": seen.company_id, "name": seen.company_name}, metadata=_named("id", "integer")
    )
    person = fields.Function(
        lambda seen: {"id": seen.person_id, "name": seen.person_name}, metadata=_named("id", "integer")
    )
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    hours = fields.Function(
        lambda seen: seen.slot.hours, metadata={"type": "number", "description": "Whole minutes / 60."}
    )
    purpose = fields.String(required=True)
    on_behalf = fields.Boolean(required=True)
    decide_by = fields.AwareDateTime(allow_none=True)
    answer = fields.String(metadata={"description": "The lab manager's word with the decision."})
    estimate_cny = fields.Float(metadata={"description": "Estimated price: rate × hours."})
    channel = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    excuse = fields.String(metadata={"description": "Why a missed one is nobody's fault: closed, overrun."})

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """What the fields above say, written out by hand: ten times as fast, and every list is made of it."""
        if self.many if many is None else many:
            return [_written(seen) for seen in obj]
        return _written(obj)


def _written(seen: Seen) -> dict[str, Any]:
    return {
        "id": seen.id,
        "state": seen.state,
        "version": seen.version,
        "instrument": {"code": seen.instrument_code, "name": own(seen.instrument_en, seen.instrument_zh)},
        "company": {"id": seen.company_id, "name": seen.company_name},
        "person": {"id": seen.person_id, "name": seen.person_name},
        "starts_at": seen.starts_at.isoformat(),
        "ends_at": seen.ends_at.isoformat(),
        "hours": seen.slot.hours,
        "purpose": seen.purpose,
        "on_behalf": seen.on_behalf,
        "decide_by": seen.decide_by.isoformat() if seen.decide_by else None,
        "answer": seen.answer,
        "estimate_cny": seen.estimate_cny,
        "channel": seen.channel,
        "created_at": seen.created_at.isoformat(),
        "excuse": seen.excuse,
    }


class FreeOut(Schema):
    """A free slot."""

    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)


class AlternativeOut(FreeOut):
    """A slot that would pass."""

    instrument = fields.Nested(InstrumentNameOut)


class VerdictOut(Schema):
    """What a dry run found."""

    allowed = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)
    alternatives = fields.List(fields.Nested(AlternativeOut), required=True)
    estimate_cny = fields.Float(required=True)


class BookingsOut(Schema):
    """A page of bookings."""

    items = fields.List(fields.Nested(BookingOut), required=True)
    next = fields.String(allow_none=True)


class FreesOut(Schema):
    """Every free slot of the window."""

    items = fields.List(fields.Nested(FreeOut), required=True)
    next = fields.String(allow_none=True)


class ClaimOut(Schema):
    """A claim as the reader may know it: somebody else's is busy and nothing more."""

    instrument = fields.Nested(InstrumentNameOut, required=True)
    channel = fields.Integer(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True, validate=OneOf(("booking", "busy", "maintenance", "outage", "offer")))
    booking = fields.Dict(
        metadata={"description": "id, state, company, starts_at, ends_at (as used, once it is): where it is yours."}
    )


class TimelineOut(Schema):
    """Every claim that touches the window."""

    items = fields.List(fields.Nested(ClaimOut), required=True)
    next = fields.String(allow_none=True)


def listing(found: list[Seen], following: str | None) -> dict[str, Any]:
    """A page of bookings as it goes over the wire."""
    return {"items": BookingOut(many=True).dump(found), "next": following}


class UsageOut(Schema):
    """What was really used of a booking; empty where nothing was, without an end while it is in use."""

    booking = fields.Integer(required=True, attribute="booking_id")
    starts_at = fields.AwareDateTime(allow_none=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    minutes = fields.Integer(allow_none=True, metadata={"description": "Whole ones."})
    hours = fields.Float(allow_none=True, metadata={"description": "Whole minutes / 60."})
    source = fields.String(allow_none=True, metadata={"description": "checked_in, operator or assumed."})
    samples = fields.Integer(allow_none=True)
    note = fields.String()
    problem = fields.String()
    late = fields.Boolean()
    overtime = fields.Boolean()
    left_early = fields.Boolean()
    excuse = fields.String(metadata={"description": "Why it is held against nobody: closed, overrun."})
    company_name = fields.String(metadata={"description": "As it was then."})
    category = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "As it was then."})
    version = fields.Integer(allow_none=True)


_UNUSED: dict[str, Any] = dict.fromkeys(("starts_at", "ends_at", "minutes", "hours", "source", "samples", "version"))


def nothing_used(booking_id: int) -> dict[str, Any]:
    """The empty record of a booking of which nothing was used."""
    return {"booking_id": booking_id, **_UNUSED}
