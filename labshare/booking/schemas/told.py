"""What is told of bookings, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from labshare.booking import lifecycle
from labshare.booking.displacement import Way
from labshare.booking.models import CAUSES, OFFER_STATES
from labshare.booking.queries import Seen
from labshare.booking.schemas import named
from labshare.booking.waivers import Waived
from labshare.quotas.rules import Share
from labshare.web.api import ReasonOut
from labshare.web.bodies import OneOf
from labshare.web.errors import alternative_out
from labshare.web.i18n import own


class InstrumentNameOut(Schema):
    """An instrument by code and name."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class BookingOut(Schema):
    """A booking as those see it who may."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, validate=OneOf(lifecycle.STATES))
    version = fields.Integer(required=True)
    instrument = named.instrument()
    company = named.company()
    person = named.person()
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    hours = fields.Function(
        lambda seen: seen.slot.hours, metadata={"type": "number", "description": "Whole minutes / 60."}
    )
    purpose = fields.String(required=True)
    on_behalf = fields.Boolean(required=True)
    decide_by = fields.AwareDateTime(allow_none=True)
    answer = fields.String(
        metadata={"description": "The word with the decision, the laboratory's or the company's own admin's."}
    )
    estimate_cny = fields.Float(metadata={"description": "Estimated price: rate × hours."})
    channel = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    excuse = fields.String(metadata={"description": "Why a missed one is nobody's fault: closed, overrun."})
    over_quota = fields.Boolean(metadata={"description": "Waits for a manager to waive hours that are not left."})
    provisional = fields.Boolean(
        metadata={"description": "The holiday notice of its year is not published yet; it is looked at again then."}
    )
    replaces = fields.Integer(
        allow_none=True, metadata={"description": "The displaced booking for which it was taken."}
    )
    awaiting = fields.String(
        allow_none=True, metadata={"description": "Whose answer a request or an offer awaits: company, laboratory."}
    )

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
        "over_quota": seen.over_quota,
        "provisional": seen.provisional,
        "replaces": seen.replaces_id,
        "awaiting": lifecycle.awaits(seen.state, seen.awaiting),
    }


class DisplacedOut(Schema):
    """Why a booking was displaced, and how it can go on."""

    cause = fields.String(required=True, validate=OneOf(CAUSES))
    state = fields.String(required=True, validate=OneOf(OFFER_STATES))
    offer = fields.Dict(
        allow_none=True, metadata={"description": "instrument, starts_at, ends_at: the time that is held."}
    )
    answer_by = fields.AwareDateTime(allow_none=True)


class WaivedOut(Schema):
    """A rule that was let pass for a booking, by whom, and why."""

    code = fields.String(required=True)
    by = fields.String(allow_none=True, metadata={"description": "Their name."})
    reason = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


@dataclass(frozen=True)
class Shown:
    """A booking, and where it was displaced its way on."""

    booking: Seen
    way: Way | None
    waived: Sequence[Waived] = ()


class BookingShownOut(BookingOut):
    """One booking; where it was displaced, how it can go on."""

    displaced = fields.Nested(DisplacedOut, allow_none=True)
    waived = fields.List(fields.Nested(WaivedOut), metadata={"description": "Rules that were let pass for it."})
    alternatives = fields.List(
        fields.Dict(), metadata={"description": "Free times that are not held: instrument, starts_at, ends_at."}
    )

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:  # noqa: ARG002 - marshmallow's signature
        """A booking and its way on."""
        seen, way = obj.booking, obj.way
        told: dict[str, Any] = {"displaced": None, "alternatives": []}
        told["waived"] = [waived_out(one) for one in obj.waived]
        if way is not None:
            about = way.displaced
            told["displaced"] = {
                "cause": about.cause,
                "state": about.state,
                "offer": alternative_out(way.held) if way.held else None,
                "answer_by": about.answer_by.isoformat() if about.answer_by else None,
            }
            told["alternatives"] = [alternative_out(one) for one in way.others]
        return _written(seen) | told


def waived_out(one: Waived) -> dict[str, Any]:
    """A rule that was let pass, as it goes over the wire."""
    return {"code": one.code, "by": one.who, "reason": one.reason, "at": one.at.isoformat()}


class FreeOut(Schema):
    """A free slot."""

    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)


class AlternativeOut(FreeOut):
    """A slot that would pass."""

    instrument = fields.Nested(InstrumentNameOut)


class ShareOut(Schema):
    """What a slot takes of one period of an allowance; left is null where there is no limit."""

    scope = fields.String(required=True)
    period = fields.String(required=True)
    starts_on = fields.Date(required=True)
    takes_hours = fields.Float(required=True)
    left_hours = fields.Float(allow_none=True)
    leaves_hours = fields.Float(allow_none=True)
    when_exceeded = fields.String(required=True)


class VerdictOut(Schema):
    """What a dry run found; over quota, a manager would have to waive the hours that are not left."""

    allowed = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)
    alternatives = fields.List(fields.Nested(AlternativeOut), required=True)
    estimate_cny = fields.Float(required=True)
    decide_by = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "When it would be answered at the latest; null where nobody needs to be asked."},
    )
    over_quota = fields.Boolean(required=True)
    provisional = fields.Boolean(
        required=True, metadata={"description": "The holiday notice of its year is not published yet."}
    )
    in_house = fields.Boolean(
        required=True, metadata={"description": "The company's own admin would have to say yes first."}
    )
    account = fields.List(fields.Nested(ShareOut), required=True)


class BookingsOut(Schema):
    """A page of bookings."""

    items = fields.List(fields.Nested(BookingOut), required=True)
    next = fields.String(allow_none=True)


class FreesAnywhereOut(Schema):
    """A page of free slots, the earliest first, each with its instrument."""

    items = fields.List(fields.Nested(AlternativeOut), required=True)
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


def shares_out(shares: Sequence[Share]) -> list[dict[str, Any]]:
    """What a slot takes of its company's account, as it goes over the wire."""
    return [
        {
            "scope": share.scope,
            "period": share.period,
            "starts_on": share.starts_on.isoformat(),
            "takes_hours": share.minutes / 60,
            "left_hours": None if share.left is None else max(0, share.left) / 60,
            "leaves_hours": None if share.leaves is None else share.leaves / 60,
            "when_exceeded": share.when_exceeded,
        }
        for share in shares
    ]


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
