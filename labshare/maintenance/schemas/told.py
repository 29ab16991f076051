"""What is told of maintenance, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, fields

from labshare.booking.queries import Seen as Booking
from labshare.maintenance.lifecycle import STATES
from labshare.maintenance.models import KINDS
from labshare.maintenance.planner import Consequences, Line
from labshare.maintenance.queries import Named, Seen
from labshare.maintenance.services.planning import Planned
from labshare.web.api import ReasonOut
from labshare.web.bodies import OneOf
from labshare.web.errors import alternative_out, reasons_out
from labshare.web.i18n import own


def named(one: Named) -> dict[str, str]:
    """An instrument by code and name."""
    return {"code": one.code, "name": own(one.name_en, one.name_zh)}


class WindowOut(Schema):
    """A window: some time of some instruments."""

    id = fields.Integer(required=True)
    series = fields.Integer(allow_none=True, metadata={"description": "The repeat it belongs to."})
    repeat = fields.Dict(allow_none=True, metadata={"description": "How often it comes, as it was said."})
    utility = fields.Integer(allow_none=True)
    kind = fields.String(required=True, validate=OneOf(KINDS))
    state = fields.String(required=True, validate=OneOf(STATES))
    instruments = fields.List(fields.Dict(), required=True, metadata={"description": "By code and name."})
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    hours = fields.Float(required=True, metadata={"description": "Whole minutes / 60."})
    note = fields.String(required=True)
    performed_by = fields.String(required=True)
    fits = fields.Boolean(metadata={"description": "Lies around the bookings that were there."})
    version = fields.Integer(required=True)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """What the fields above say."""
        if self.many if many is None else many:
            return [window_out(one) for one in obj]
        return window_out(obj)


def window_out(one: Seen) -> dict[str, Any]:
    """A window as it goes over the wire."""
    return {
        "id": one.id,
        "series": one.series_id,
        "repeat": one.repeat,
        "utility": one.utility_id,
        "kind": one.kind,
        "state": one.state,
        "instruments": [named(it) for it in one.instruments],
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
        "hours": one.slot.hours,
        "note": one.note,
        "performed_by": one.performed_by,
        "fits": one.fits,
        "version": one.version,
    }


class WindowsOut(Schema):
    """A page of windows."""

    items = fields.List(fields.Nested(WindowOut), required=True)
    next = fields.String(allow_none=True)


class HitOut(Schema):
    """A booking that is in the way, as it was before, and the nearest slots of its length that would be free."""

    booking = fields.Integer(required=True)
    state = fields.String(required=True)
    instrument = fields.Dict(required=True)
    company = fields.Dict(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    hours = fields.Float(required=True)
    estimate_cny = fields.Float(required=True)
    alternatives = fields.List(fields.Dict(), metadata={"description": "In previews."})


class AffectedOut(Schema):
    """A company that is hit."""

    company = fields.Dict(required=True)
    bookings = fields.Integer(required=True)
    hours = fields.Float(required=True)
    estimate_cny = fields.Float(required=True)


class StretchOut(Schema):
    """Time of one channel that is taken."""

    instrument = fields.String(required=True)
    channel = fields.Integer(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)


@dataclass(frozen=True)
class Foreseen:
    """What a plan comes to, the codes of its instruments by id, and how many windows it is."""

    consequences: Consequences
    codes: Mapping[int, str] = field(default_factory=dict)
    windows: int = 1


class ConsequencesOut(Schema):
    """What saving would do: whom it hits, by company, which time it takes, and every reason why it cannot be."""

    allowed = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)
    bookings = fields.List(fields.Nested(HitOut), required=True)
    companies = fields.List(fields.Nested(AffectedOut), required=True)
    stretches = fields.List(fields.Nested(StretchOut), metadata={"description": "At most a thousand of them."})
    windows = fields.Integer(metadata={"description": "How many windows it is; more than one where it repeats."})

    def dump(self, obj: Foreseen, *, many: bool | None = None) -> Any:  # noqa: ARG002 - marshmallow's signature
        """What the fields above say."""
        found = obj.consequences
        return {
            "allowed": not found.reasons,
            "reasons": reasons_out(list(found.reasons)),
            "bookings": [_line(line) for line in found.lines],
            "companies": affected_out(found),
            "stretches": [
                {
                    "instrument": obj.codes[place.instrument_id],
                    "channel": place.channel,
                    "starts_at": place.slot.start.isoformat(),
                    "ends_at": place.slot.end.isoformat(),
                }
                for place in found.places[:MOST_STRETCHES]
            ],
            "windows": obj.windows,
        }


MOST_STRETCHES = 1000


def affected_out(found: Consequences) -> list[dict[str, Any]]:
    """Those hit, by company."""
    return [
        {
            "company": {"id": one.company_id, "name": one.name},
            "bookings": one.bookings,
            "hours": one.hours,
            "estimate_cny": one.estimate_cny,
        }
        for one in found.companies
    ]


def _line(line: Line) -> dict[str, Any]:
    return _hit(line.booking) | {"alternatives": [alternative_out(one) for one in line.nearest]}


def _hit(one: Booking) -> dict[str, Any]:
    return {
        "booking": one.id,
        "state": one.state,
        "instrument": {"code": one.instrument_code, "name": own(one.instrument_en, one.instrument_zh)},
        "company": {"id": one.company_id, "name": one.company_name},
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
        "hours": one.slot.hours,
        "estimate_cny": one.estimate_cny,
    }


class PlannedOut(WindowOut):
    """The first window that was saved, all of them where it repeats, and whom that displaced."""

    windows = fields.List(fields.Nested(WindowOut), required=True)
    bookings = fields.List(fields.Nested(HitOut), required=True)
    companies = fields.List(fields.Nested(AffectedOut), required=True)

    def dump(self, obj: Planned, *, many: bool | None = None) -> Any:  # noqa: ARG002 - marshmallow's signature
        """What was saved, and what that did."""
        return window_out(obj.windows[0]) | {
            "windows": [window_out(one) for one in obj.windows],
            "bookings": [_hit(line.booking) for line in obj.consequences.lines],
            "companies": affected_out(obj.consequences),
        }


class DoneOut(Schema):
    """What taking something out of the booking did."""

    bookings = fields.List(fields.Nested(HitOut), required=True)
    companies = fields.List(fields.Nested(AffectedOut), required=True)

    def dump(self, obj: Consequences, *, many: bool | None = None) -> Any:  # noqa: ARG002 - marshmallow's signature
        """Whom it hit."""
        return {"bookings": [_hit(line.booking) for line in obj.lines], "companies": affected_out(obj)}
