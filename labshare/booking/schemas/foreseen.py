"""What other hours would do, asked and told."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from labshare.booking.outside import Affected
from labshare.booking.schemas.told import BookingOut
from labshare.instruments.fields import ExceptionFields, NoticeFields, PatternFields
from labshare.instruments.models import DAY_KINDS
from labshare.web.bodies import Day, Line, OneOf


class HoursPreviewIn(PatternFields):
    """Weekly hours from a day on, of the site or of one instrument there."""

    instrument = Line(40, load_default=None, allow_none=True, metadata={"description": "Its code."})


class ExceptionPreviewIn(ExceptionFields):
    """Other hours on one day, of the site or of one instrument there."""


class NoticePreviewIn(NoticeFields):
    """A year's notice."""


class DayPreviewIn(Schema):
    """What a day would be; null: what its weekday says."""

    date = Day(required=True, metadata={"example": "2026-12-24"})
    kind = fields.String(required=True, allow_none=True, validate=OneOf(DAY_KINDS), metadata={"example": "restday"})


class HitCompanyOut(Schema):
    """A company and its bookings that lie outside the hours."""

    company = fields.Dict(required=True, metadata={"description": "id, name"})
    hours = fields.Float(required=True)
    bookings = fields.List(fields.Nested(BookingOut), required=True)


class OutsideOut(Schema):
    """Bookings ahead that lie outside the hours, by company, the most hours first."""

    bookings = fields.Integer(required=True, metadata={"description": "How many."})
    companies = fields.List(fields.Nested(HitCompanyOut), required=True)


def outside_out(found: list[Affected]) -> dict[str, Any]:
    """Those hit, as they go over the wire."""
    companies = [
        {
            "company": {"id": one.company_id, "name": one.name},
            "hours": one.hours,
            "bookings": BookingOut(many=True).dump(one.bookings),
        }
        for one in found
    ]
    return {"bookings": sum(len(one.bookings) for one in found), "companies": companies}
