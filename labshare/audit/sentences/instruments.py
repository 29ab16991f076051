"""The catalogue, opening hours and calendars of workdays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from labshare.audit.names import CATEGORY
from labshare.audit.sentences.shape import Line, Table, called, company, joined, noted, numbered, site, written
from labshare.booking import outside
from labshare.instruments import events, words
from labshare.instruments.rules.opening import Pattern
from labshare.kernel.errors import N_, Text
from labshare.web.i18n import own

FIELDS = {  # what the form of an instrument calls them
    "name_en": N_("Name in English"),
    "name_zh": N_("Name in Chinese"),
    "category_id": N_("Category"),
    "site_id": N_("Site"),
    "owner_id": N_("Owner"),
    "state": N_("State"),
    "location": N_("Room"),
    "manufacturer": N_("Maker"),
    "model": N_("Model"),
    "class_code": N_("Class code"),
    "original_value_cny": N_("Original value in yuan"),
    "booking_modes": N_("How it is used"),
    "rate_cny_per_hour": N_("Rate in yuan per hour"),
    "channels": N_("Channels"),
    "grid_minutes": N_("Step in minutes"),
    "min_minutes": N_("Shortest booking in minutes"),
    "max_minutes": N_("Longest booking in minutes"),
    "warmup_minutes": N_("Warm-up in minutes"),
    "cooldown_minutes": N_("Cool-down in minutes"),
    "notice_minutes": N_("Notice in minutes"),
    "horizon_days": N_("Days the calendar is open ahead"),
    "decide_minutes": N_("Minutes to answer a request"),
    "check_in_minutes": N_("Check-in opens, minutes before the start"),
    "grace_minutes": N_("Nobody came: minutes until the time is freed"),
    "late_minutes": N_("Late after so many minutes"),
    "overtime_minutes": N_("Overtime after so many minutes"),
    "early_minutes": N_("Left early: so many minutes before the end"),
    "auto_end_minutes": N_("A use nobody ended ends after so many minutes"),
    "cancel_minutes": N_("Late to cancel: minutes before the start"),
    "late_cancel_percent": N_("Per cent of the hours a late cancellation costs"),
    "no_show_percent": N_("Per cent of the hours a no-show costs"),
    "approval": N_("Every request needs a yes of the laboratory"),
    "qualification_required": N_("Whoever operates it should be qualified"),
    "maintenance_note": N_("Upkeep"),
    "description": N_("Description"),
}


def _changed(line: Line) -> Text:
    changes = line.data["changes"]  # in the order of the form: the database keeps none
    said = [_change(line, name, changes[name]) for name in sorted(changes, key=_place)]
    return N_("%(who)s changed %(instrument)s: %(changes)s.", changes=joined(said, N_("; ")))


def _place(field: str) -> int:
    return list(FIELDS).index(field) if field in FIELDS else len(FIELDS)


def _change(line: Line, name: str, values: Sequence[Any]) -> Any:
    field = called(FIELDS, name)
    if len(values) != 2:  # long texts, and what was made only then
        return field
    old, new = (_value(line, name, value) for value in values)
    return N_("%(field)s from %(old)s to %(new)s", field=field, old=old, new=new)


def _value(line: Line, name: str, value: Any) -> Any:
    if name == "owner_id":
        return company(line.names, value)
    if name == "site_id":
        return site(line.names, value)
    if name == "category_id":
        found = line.names.of(CATEGORY, value)
        return own(found.name_en, found.name_zh) if found else numbered(value)
    if name == "state":
        return called(words.STATE_NAMES, value)
    if name == "booking_modes":
        modes = value.split("|") if isinstance(value, str) else value
        return joined(called(words.MODE_NAMES, mode) for mode in modes)
    return written(value, line.zone)


def _hours_set(line: Line) -> Text:
    said, week = line.data, line.data["week"]
    known = None if week is None else tuple(tuple((first, last) for first, last in day) for day in week)
    pattern = Pattern(date.fromisoformat(said["valid_from"]), known, said["holidays"], said["unattended"])
    return N_(
        "%(who)s set the opening hours of %(place)s from %(valid_from)s on. %(week)s",
        week=joined(words.week(pattern), " · "),
    )


def _exception_added(line: Line) -> Text:
    hours = words.hours(tuple((first, last) for first, last in line.data["intervals"]))
    told = N_("%(who)s set other hours of %(place)s on %(day)s: %(hours)s.", hours=hours)
    return noted(told, line, line.data.get("note"))


def _published(line: Line) -> Text:
    kinds = Counter(line.data["days"].values())
    days = joined(N_("%(kind)s: %(n)s", kind=called(words.DAY_NAMES, kind), n=n) for kind, n in sorted(kinds.items()))
    source = called(words.SOURCE_NAMES, line.data["source"])
    return N_("%(who)s entered the days of %(year)s at %(site)s, %(source)s: %(days)s.", source=source, days=days)


def _day_set(line: Line) -> Text:
    told = N_("%(who)s let %(day)s at %(site)s be again what its weekday says.")
    if line.data["is_now"] is not None:
        kind = called(words.DAY_NAMES, line.data["is_now"])
        told = N_("%(who)s said of %(day)s at %(site)s: %(kind)s.", kind=kind)
    return noted(told, line, line.data.get("note"))


COUNTED = {  # what became of bookings on days that have changed
    outside.DISPLACED: N_("displaced: %(n)s"),
    outside.CONFIRMED: N_("confirmed: %(n)s"),
    outside.PROVISIONAL: N_("made provisional: %(n)s"),
    outside.WITHDRAWN: N_("offers withdrawn: %(n)s"),
}


def _rechecked(line: Line) -> Text:
    said = [
        Text(COUNTED[name].msgid, {"n": n}) if name in COUNTED else f"{name} {n}"
        for name, n in line.data["counts"].items()
        if n
    ]
    told = N_("The bookings in %(year)s at %(site)s were looked at after its calendar changed: %(counts)s.")
    return Text(told.msgid, {"counts": joined(said) if said else N_("nothing to do")})


TOLD: Table = {
    events.InstrumentAdded.kind(): N_("%(who)s added %(instrument)s to the catalogue, at %(site)s."),
    events.InstrumentChanged.kind(): _changed,
    events.OpeningHoursSet.kind(): _hours_set,
    events.OpeningExceptionAdded.kind(): _exception_added,
    events.OpeningExceptionRemoved.kind(): N_("%(who)s let the usual hours of %(place)s hold again on %(day)s."),
    events.CalendarYearPublished.kind(): _published,
    events.CalendarYearForgotten.kind(): N_("%(who)s let the days of %(year)s at %(site)s be unknown again."),
    events.CalendarDaySet.kind(): _day_set,
    events.CalendarRechecked.kind(): _rechecked,
}
