"""What sentences are made from: a line of the journal, the words for what it names, and how they are filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from labshare.audit.names import COMPANY, INSTRUMENT, PERSON, SITE, Names
from labshare.kernel.errors import N_, Text
from labshare.web.i18n import LOCAL, own, say, span

MOST = 3  # so many instruments are named
_NAMED = re.compile(r"%\((\w+)\)")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Line:
    """One row of the journal; `who` is the name of the one who did it, None where it happened by itself."""

    names: Names
    id: int
    at: datetime
    kind: str
    object: str
    object_id: int
    company_id: int | None
    company: str | None
    actor_id: int | None
    who: str | None
    data: Mapping[str, Any]

    @property
    def booking_id(self) -> int | None:
        """The booking it is about."""
        return self.object_id if self.object == "booking" else self.data.get("booking_id")

    @property
    def instrument_ids(self) -> list[int]:
        """The instruments it is about."""
        if self.object == INSTRUMENT:
            return [self.object_id]
        if self.data.get("instrument_id"):
            return [self.data["instrument_id"]]
        return list(self.data.get("instrument_ids") or self.names.places(self.object_id))

    @property
    def zone(self) -> ZoneInfo:
        """Where it happened: of the instrument, else of the site, else ours."""
        places = [self.names.of(INSTRUMENT, number) for number in self.instrument_ids[:1]]
        place = next(iter(places), None) or self.names.of(SITE, self.data.get("site_id"))
        return ZoneInfo(place.zone) if place else LOCAL


Words = Text | Callable[[Line], Text]
Table = Mapping[str, Words]


def filled(text: Text, line: Line) -> Text:
    """The words with everything they name and do not have yet: who, what, when, and what the fact says itself."""
    params = dict(text.params)
    for name in _NAMED.findall(text.msgid):
        if name not in params:
            params[name] = _FILL[name](line) if name in _FILL else written(line.data.get(name, ""), line.zone)
    return Text(text.msgid, params)


def written(value: Any, zone: ZoneInfo) -> Any:
    """A plain value of the journal as people read it: moments in the site's zone, lists with commas."""
    if value is None or value == "":
        return N_("none")
    if isinstance(value, bool):
        return N_("yes") if value else N_("no")
    if isinstance(value, list | tuple):
        return joined(written(one, zone) for one in value)
    if isinstance(value, str) and _MOMENT.match(value):
        return datetime.fromisoformat(value).astimezone(zone)
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date.fromisoformat(value)
    return value


def joined(items: Iterable[Any], by: Text | str = N_(", ")) -> str | Text:  # noqa: B008 - a frozen value
    """A list in words, one after the other."""
    said = [str(say(one)) for one in items]
    return str(say(by)).join(said) if said else N_("none")


def noted(text: Text, line: Line, note: Any) -> Text:
    """The words, and what somebody wrote to them."""
    return N_("%(text)s Note: %(note)s", text=filled(text, line), note=note) if note else text


def called(table: Mapping[str, Text], code: Any) -> Any:
    """What a code is called; an old one that has no name any more stands for itself."""
    return table.get(code, code)


# ---------------------------------------------------------------- what things are called


def numbered(number: Any) -> Text:
    """What is called so where its name is not known any more."""
    return N_("no. %(number)s", number=number)


def person(names: Names, number: Any) -> Any:
    found = names.of(PERSON, number)
    return found.name if found else numbered(number)


def company(names: Names, number: Any) -> Any:
    found = names.of(COMPANY, number)
    return found.name if found else numbered(number)


def instrument(names: Names, number: Any) -> Any:
    found = names.of(INSTRUMENT, number)
    return f"{found.code} {own(found.name_en, found.name_zh)}" if found else numbered(number)


def site(names: Names, number: Any) -> Any:
    found = names.of(SITE, number)
    return f"{found.code} {own(found.name_en, found.name_zh)}" if found else numbered(number)


def instruments(line: Line) -> Any:
    """The instruments by name where they are few."""
    named = [instrument(line.names, number) for number in line.instrument_ids]
    if len(named) <= MOST:
        return joined(named)
    return N_("%(some)s and %(n)s more", some=joined(named[:MOST]), n=len(named) - MOST)


def slot(line: Line, start: str = "starts_at", end: str = "ends_at") -> str:
    """From when to when, in the site's zone."""
    first, last = (datetime.fromisoformat(line.data[name]) for name in (start, end))
    return span(first, last, line.zone)


def _person(line: Line) -> Any:
    return person(line.names, line.data.get("person_id") or (line.object_id if line.object == PERSON else None))


def _company(line: Line) -> Any:
    return line.company or (company(line.names, line.company_id) if line.company_id else N_("nobody"))


def _site(line: Line) -> Any:
    return site(line.names, line.object_id if line.object == SITE else line.data.get("site_id"))


def _place(line: Line) -> Any:
    """One instrument, or the whole site."""
    number = line.data.get("instrument_id")
    return instrument(line.names, number) if number else _site(line)


_FILL: dict[str, Callable[[Line], Any]] = {
    "who": lambda line: line.who or "LabShare",
    "person": _person,
    "company": _company,
    "site": _site,
    "place": _place,
    "instrument": instruments,
    "instruments": instruments,
    "slot": slot,
}
