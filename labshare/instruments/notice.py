"""A year's notice of holidays as a sheet or a list: which days are not what their weekday says, and every fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from labshare.instruments.models import DAY_KINDS
from labshare.instruments.sheet import BadSheet, Fault, Unreadable, records
from labshare.kernel.errors import N_

MOST_DAYS = 400
LONGEST_NAME = 120
BEFORE = 20  # of December; a New Year's arrangement may begin in the year before
COLUMNS = ("date", "kind", "name")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True)
class Listed:
    """One day of a notice."""

    day: date
    kind: str
    name: str = ""


@dataclass(frozen=True)
class Entry:
    """The same as it was written, with its line; in a list of JSON its place in it."""

    line: int
    day: str
    kind: str
    name: str


def read(text: str, year: int) -> list[Listed]:
    """The days of a notice, CSV with the columns date, kind and if wished name, or JSON. Raises BadSheet."""
    text = text.removeprefix("\ufeff")
    faults: list[Fault] = []
    entries = _from_json(text, faults) if text.lstrip().startswith(("[", "{")) else _from_sheet(text, faults)
    if faults:
        raise BadSheet(faults)
    return sound(entries, year)


def sound(entries: Sequence[Entry], year: int) -> list[Listed]:
    """The days, if every one is a day of this year, of a known kind, and named once. Raises BadSheet."""
    faults: list[Fault] = []
    found: dict[date, Listed] = {}
    if not entries:
        faults.append(Fault(1, "", N_("The notice is empty.")))
    for entry in entries:
        day = _day(entry, year, faults)
        if entry.kind not in DAY_KINDS:
            text = N_("Must be one of: %(choices)s", choices=", ".join(DAY_KINDS))
            faults.append(Fault(entry.line, "kind", text))
        if len(entry.name) > LONGEST_NAME or not entry.name.isprintable():
            text = N_("One line of at most %(most)s characters, please.", most=LONGEST_NAME)
            faults.append(Fault(entry.line, "name", text))
        if day in found:
            faults.append(Fault(entry.line, "date", N_("This day stands there twice.")))
        elif day is not None:
            found[day] = Listed(day, entry.kind, entry.name)
    if faults:
        raise BadSheet(faults)
    return sorted(found.values(), key=lambda one: one.day)


def _day(entry: Entry, year: int, faults: list[Fault]) -> date | None:
    try:
        day = date.fromisoformat(entry.day) if _DATE.fullmatch(entry.day) else None
    except ValueError:
        day = None
    if day is None:
        faults.append(Fault(entry.line, "date", N_("Not a valid date.")))
    elif not date(year - 1, 12, BEFORE) <= day <= date(year, 12, 31):
        text = N_("Not a day of %(year)s, nor of the last days before it.", year=str(year))
        faults.append(Fault(entry.line, "date", text))
        return None
    return day


def _from_sheet(text: str, faults: list[Fault]) -> list[Entry]:
    header: list[str] = []
    found: list[Entry] = []
    try:
        for number, cells in records(text):
            values = [cell.strip() for cell in cells]
            if not header:
                header = values
                faults += _header_faults(number, header)
                if faults:
                    return []
            elif len(values) != len(header):
                wrong = N_("Has %(found)s cells instead of %(wanted)s.", found=len(values), wanted=len(header))
                faults.append(Fault(number, "", wrong))
            elif len(found) == MOST_DAYS:
                faults.append(Fault(number, "", _TOO_MANY))
                return []
            else:
                said = dict(zip(header, values, strict=True))
                found.append(Entry(number, said["date"], said["kind"], said.get("name", "")))
    except Unreadable as error:
        faults.append(Fault(error.line, "", N_("This line cannot be read as CSV.")))
    return found


def _header_faults(number: int, header: list[str]) -> Iterator[Fault]:
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            yield Fault(number, name[:60], N_("There is no such column."))
        elif header.count(name) > 1:
            yield Fault(number, name, N_("This column stands there twice."))
    for name in COLUMNS[:2]:
        if name not in header:
            yield Fault(number, name, N_("This column is missing."))


def _from_json(text: str, faults: list[Fault]) -> list[Entry]:
    try:
        said: Any = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        faults.append(Fault(getattr(error, "lineno", 1), "", N_("The notice could not be read as JSON.")))
        return []
    if not isinstance(said, list):
        faults.append(Fault(1, "", N_("The notice must be a list of days.")))
        return []
    if len(said) > MOST_DAYS:
        faults.append(Fault(MOST_DAYS + 1, "", _TOO_MANY))
        return []
    found = []
    for number, one in enumerate(said, 1):
        values = list(one.values()) if isinstance(one, dict) else [None]
        if not set(COLUMNS[:2]) <= set(one if isinstance(one, dict) else ()) <= set(COLUMNS) or not all(
            isinstance(value, str) for value in values
        ):
            faults.append(Fault(number, "", N_("Each day has date, kind and if wished name, all of them texts.")))
        else:
            found.append(Entry(number, one["date"].strip(), one["kind"].strip(), one.get("name", "").strip()))
    return found


_TOO_MANY = N_("A notice has at most %(most)s days.", most=MOST_DAYS)
