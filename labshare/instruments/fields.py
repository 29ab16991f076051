"""What people send to say hours and days: read alike where something is saved and where it is only tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from labshare.instruments import notice
from labshare.instruments.models import DAY_KINDS
from labshare.instruments.notice import Entry, Listed
from labshare.instruments.rules.opening import Pattern
from labshare.instruments.rules.week import BadHours, Stretches, parts, read_stretches
from labshare.kernel.errors import N_
from labshare.web.bodies import Day, Flag, Length, Line, OneOf, Prose

_HOURS = {"description": "Each as 08:00-22:00, in order; none: closed."}


def _read(said: Any) -> Stretches:
    try:
        if isinstance(said, list) and all(isinstance(part, str) for part in said):
            return read_stretches(said)
    except BadHours as error:
        raise ValidationError([error.message]) from error
    raise ValidationError([N_("Not a valid list.")])


class HoursOfDay(fields.List):
    """The hours of one day."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(fields.String(), **rest)

    def _deserialize(self, value: Any, *_rest: Any, **_more: Any) -> Any:
        return _read(value)


class HoursOfWeek(fields.List):
    """The hours of seven days, Monday first."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(fields.List(fields.String()), **rest)

    def _deserialize(self, value: Any, *_rest: Any, **_more: Any) -> Any:
        if not isinstance(value, list) or len(value) != 7:
            raise ValidationError([N_("A week has seven days, Monday first.")])
        found: list[Stretches] = []
        faults: dict[str, Any] = {}
        for number, said in enumerate(value):
            try:
                found.append(_read(said))
            except ValidationError as error:
                faults[str(number)] = error.messages
        if faults:
            raise ValidationError(faults)
        return tuple(found)


def _flag(said: str) -> Flag:
    return Flag(load_default=False, metadata={"description": said})


_WORKWEEK = [["08:00-22:00"]] * 5 + [["09:00-18:00"], []]


class PatternFields(Schema):
    """Weekly hours from a day on."""

    valid_from = Day(load_default=None, metadata={"description": "Today at the site, unless given."})
    week = HoursOfWeek(
        required=True,
        allow_none=True,
        metadata={
            "description": "Seven lists of stretches, Monday first; null for an instrument: as its site.",
            "example": _WORKWEEK,
        },
    )
    holidays = _flag("Open on days off too: the calendar of workdays changes nothing.")
    unattended = _flag("A use must only begin within the hours.")


class ExceptionFields(Schema):
    """Other hours on one day, of the site or of one instrument there."""

    day = Day(required=True, metadata={"example": "2030-12-24"})
    intervals = HoursOfDay(required=True, metadata={"example": ["08:00-12:00"], **_HOURS})
    instrument = Line(40, load_default=None, allow_none=True, metadata={"description": "Its code."})
    note = Line(200, least=0, load_default="", metadata={"example": "Christmas Eve"})


class NamedDay(Schema):
    """One day of a notice."""

    date = Day(required=True)
    kind = fields.String(required=True, validate=OneOf(DAY_KINDS))
    name = Line(notice.LONGEST_NAME, least=0, load_default="")


class NoticeFields(Schema):
    """A year's notice, as a list of days or as text: CSV with the columns date, kind, name, or JSON."""

    days = fields.List(
        fields.Nested(NamedDay),
        validate=Length(max=notice.MOST_DAYS),
        metadata={"example": [{"date": "2026-10-01", "kind": "holiday", "name": "National Day"}]},
    )
    text = Prose(200_000)

    @validates_schema(skip_on_field_errors=True)
    def one_or_the_other(self, data: dict[str, Any], **_rest: Any) -> None:
        if ("days" in data) == ("text" in data):
            raise ValidationError([N_("Give the days either as a list or as text.")], "days")


FLAGS = ("holidays", "unattended")


def typed_pattern(form: Mapping[str, str]) -> dict[str, Any]:
    """The hours of a form, in which each day is a line, as they would have been sent by JSON."""
    week = None if "as_site" in form else [parts(form.get(f"day-{number}", "")) for number in range(7)]
    return {"week": week, **{flag: flag in form for flag in FLAGS}, **_filled(form, "valid_from")}


def typed_exception(form: Mapping[str, str]) -> dict[str, Any]:
    """The hours of one day of a form, likewise."""
    intervals = parts(form.get("intervals", ""))
    return {"day": "", "intervals": intervals, **_filled(form, "day", "instrument", "note")}


def _filled(form: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: form[name].strip() for name in names if form.get(name, "").strip()}


def pattern(said: dict[str, Any], otherwise: date) -> Pattern:
    """The pattern of loaded fields, valid from that day where they name none."""
    return Pattern(said["valid_from"] or otherwise, said["week"], said["holidays"], said["unattended"])


def listed(said: dict[str, Any], year: int) -> Sequence[Listed]:
    """The days of a loaded notice. Raises BadSheet, with the line or the place in the list of each fault."""
    if "text" in said:
        return notice.read(said["text"], year)
    days = enumerate(said["days"], 1)
    return notice.sound([Entry(line, one["date"].isoformat(), one["kind"], one["name"]) for line, one in days], year)
