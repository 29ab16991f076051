"""Opening hours and calendars of workdays on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from marshmallow import Schema, fields, pre_dump

from labshare.instruments.fields import ExceptionFields, NoticeFields, PatternFields
from labshare.instruments.hours import Dated, Exceptional
from labshare.instruments.models import DAY_KINDS
from labshare.instruments.rules.opening import CLOSED, OPEN, UNKNOWN, Hours, Pattern
from labshare.instruments.rules.week import Week, written
from labshare.instruments.workdays import FIRST_YEAR, LAST_YEAR, SOURCES, Standing
from labshare.web.bodies import Day, Line, OneOf, Whole


class HoursIn(PatternFields):
    """Weekly hours from a day on; those of the same day are replaced."""

    version = Whole(0, 10**9, load_default=None, metadata={"description": "Of those replaced; 0: there are none."})


class PatternOut(Schema):
    """Weekly hours from a day on."""

    valid_from = fields.Date(required=True)
    week = fields.List(fields.List(fields.String()), allow_none=True)
    holidays = fields.Boolean(required=True)
    unattended = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class TodayOut(Schema):
    """The hours that count today."""

    week = fields.List(fields.List(fields.String()), required=True)
    holidays = fields.Boolean(required=True)
    unattended = fields.Boolean(required=True)


class HoursOut(Schema):
    """Everything said of the weekly hours of a site or an instrument, the latest first, and what counts today.

    Where nobody has said anything, it is open around the clock.
    """

    zone = fields.String(required=True)
    today = fields.Nested(TodayOut, required=True)
    items = fields.List(fields.Nested(PatternOut), required=True)


def hours_out(zone: str, hours: Hours, patterns: Sequence[Dated], today: date) -> dict[str, Any]:
    """The hours of a site or an instrument as they go over the wire."""
    counts = hours.pattern(today) or Pattern(today, holidays=True)
    return {"zone": zone, "today": _pattern(counts), "items": [_pattern(one) for one in patterns]}


def _pattern(one: Pattern) -> dict[str, Any]:
    flags = {"holidays": one.holidays, "unattended": one.unattended, "version": getattr(one, "version", None)}
    return {"valid_from": one.valid_from, "week": _week(one.week), **flags}


def _week(week: Week | None) -> list[list[str]] | None:
    return None if week is None else [list(map(written, some)) for some in week]


class ExceptionsIn(Schema):
    """From which day on."""

    since = Day(load_default=None, metadata={"description": "Today at the site, unless given."})


class ExceptionIn(ExceptionFields):
    """Other hours on one day, of the site or of one instrument there; those said before are replaced."""


class ExceptionOut(Schema):
    """Other hours on one day."""

    id = fields.Integer(required=True)
    day = fields.Date(required=True)
    intervals = fields.List(fields.String(), required=True)
    instrument = fields.String(allow_none=True, metadata={"description": "Its code; null for the whole site."})
    note = fields.String(required=True)
    by = fields.String(allow_none=True)
    at = fields.AwareDateTime(required=True)

    @pre_dump
    def written(self, one: Exceptional, **_rest: Any) -> dict[str, Any]:
        hours = {"intervals": list(map(written, one.stretches)), "instrument": one.code, "by": one.who}
        return {**vars(one), **hours}


class ExceptionsOut(Schema):
    """The exceptions of a site and its instruments, by day."""

    items = fields.List(fields.Nested(ExceptionOut), required=True)


class WorkdaysIn(Schema):
    """Which year of the calendar, or what it says of a day."""

    year = Whole(FIRST_YEAR, LAST_YEAR, load_default=None, metadata={"description": "This year, unless given."})
    day = Day(load_default=None, metadata={"description": "Answer for this day, and tell its year."})


class NoticeIn(NoticeFields):
    """A year's notice; takes the place of what was known of the year, but for days said by hand."""

    version = Whole(0, 10**9, load_default=None, metadata={"description": "Of the year that is replaced."})


class DayIn(Schema):
    """What a day is, said by hand; null: what its weekday says."""

    kind = fields.String(required=True, allow_none=True, validate=OneOf(DAY_KINDS), metadata={"example": "restday"})
    name = Line(120, least=0, load_default="")
    note = Line(200, least=0, load_default="", metadata={"example": "The building is closed"})


class CalendarDayOut(Schema):
    """A day that is not what its weekday says."""

    date = fields.Date(required=True)
    kind = fields.String(required=True, validate=OneOf(DAY_KINDS))
    name = fields.String(required=True)
    source = fields.String(required=True, validate=OneOf(SOURCES))
    note = fields.String(required=True)
    by = fields.String(allow_none=True)
    at = fields.AwareDateTime(required=True)


class WorkdaysOut(Schema):
    """A year of a site's calendar; as long as its notice is not published, its weekdays are provisional."""

    year = fields.Integer(required=True)
    published = fields.Boolean(required=True)
    source = fields.String(required=True, metadata={"description": "library, notice, hand, forgotten, or nothing."})
    rechecked_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "When its bookings were looked at since it changed."}
    )
    workdays = fields.Integer(allow_none=True, metadata={"description": "How many days are worked, once it is known."})
    version = fields.Integer(required=True)
    items = fields.List(fields.Nested(CalendarDayOut), required=True)
    answer = fields.String(
        allow_none=True,
        validate=OneOf((OPEN, CLOSED, UNKNOWN)),
        metadata={"description": "Of the day asked for."},
    )


def year_out(found: Standing, day: date | None = None) -> dict[str, Any]:
    """A year of a calendar as it goes over the wire."""
    about: dict[str, Any] = {name: getattr(found.year, name) for name in _ABOUT}
    items = [{**vars(one), "date": one.day, "by": one.who, "at": one.updated_at} for one in found.days]
    return {**about, "workdays": found.workdays, "items": items, "answer": found.answer(day) if day else None}


_ABOUT = ("year", "published", "source", "rechecked_at", "version")
