"""When instruments are open: everything that was said of it, and as it would be if more were said.

It is read in one statement a site, and remembered by the process until the site has another stamp.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from labshare.instruments import queries as catalogue
from labshare.instruments.models import CalendarDay, CalendarYear, Instrument, OpeningException, OpeningPattern
from labshare.instruments.queries import Known
from labshare.instruments.rules.opening import Hours, Pattern
from labshare.instruments.rules.week import Stretches
from labshare.kernel.db import Transaction, rows, table_of
from labshare.kernel.errors import N_, Invalid, NotFound
from labshare.people.models import Person, Site

PATTERN, EXCEPTION, DAY, YEAR = range(4)
_site = table_of(Site)
SITES_OWN = 0  # stands for the site itself where instruments stand by their ids


class Placed(Protocol):
    """An instrument, as far as its hours go."""

    @property
    def id(self) -> int: ...
    @property
    def site_id(self) -> int: ...
    @property
    def zone(self) -> ZoneInfo: ...


@dataclass(frozen=True)
class Place:
    """Where hours hold: at a site, or for one instrument there."""

    site_id: int
    instrument_id: int | None
    zone: ZoneInfo

    @property
    def id(self) -> int:
        return self.instrument_id or SITES_OWN


def at_site(code: str) -> Place:
    """The site of this code. Raises NotFound."""
    found = catalogue.site(code)
    return Place(found.id, None, ZoneInfo(found.zone))


def at_instrument(code: str) -> Place:
    """The instrument of this code. Raises NotFound."""
    known = catalogue.known(code)
    return Place(known.site_id, known.id, known.zone)


def at(site: str, instrument: str | None) -> Place:
    """A site, or an instrument that must stand there. Raises NotFound, or Invalid for the instrument."""
    whole = at_site(site)
    if not instrument:
        return whole
    try:
        found = at_instrument(instrument)
    except NotFound:
        found = whole
    if found.instrument_id is None or found.site_id != whole.site_id:
        raise Invalid(fields={"instrument": [N_("There is no such instrument at this site.")]})
    return found


@dataclass(frozen=True)
class Said:
    """What was said of hours: patterns and exceptions of instruments and sites, the sites' calendars."""

    patterns: Mapping[tuple[int, int], Sequence[Pattern]] = field(default_factory=dict)  # by site and instrument
    exceptions: Mapping[tuple[int, int], Mapping[date, Stretches]] = field(default_factory=dict)
    days: Mapping[int, Mapping[date, str]] = field(default_factory=dict)  # by site
    years: Mapping[int, frozenset[int]] = field(default_factory=dict)  # those that are published, by site

    def of(self, placed: Placed) -> Hours:
        """The instrument's hours."""
        whole, own = (placed.site_id, SITES_OWN), (SITES_OWN, placed.id)
        return Hours(
            zone=placed.zone,
            site=self.patterns.get(whole, ()),
            own=self.patterns.get(own, ()),
            exceptions={**self.exceptions.get(whole, {}), **self.exceptions.get(own, {})},
            kinds=self.days.get(placed.site_id, {}),
            published=self.years.get(placed.site_id, frozenset()),
        )

    def with_pattern(self, site_id: int, instrument_id: int | None, pattern: Pattern) -> Said:
        """As it would be with this pattern of the site's, or of the instrument's."""
        key = _key(site_id, instrument_id)
        others = [one for one in self.patterns.get(key, ()) if one.valid_from != pattern.valid_from]
        return replace(self, patterns={**self.patterns, key: [*others, pattern]})

    def with_exception(self, site_id: int, instrument_id: int | None, day: date, stretches: Stretches) -> Said:
        """As it would be with this exception."""
        key = _key(site_id, instrument_id)
        return replace(self, exceptions={**self.exceptions, key: {**self.exceptions.get(key, {}), day: stretches}})

    def with_year(self, site_id: int, year: int, days: Mapping[date, str]) -> Said:
        """As it would be if the year were published with these days beside those that are known."""
        known = {**self.days.get(site_id, {}), **days}
        published = self.years.get(site_id, frozenset()) | {year}
        return replace(self, days={**self.days, site_id: known}, years={**self.years, site_id: published})

    def with_day(self, site_id: int, day: date, kind: str | None) -> Said:
        """As it would be if the day were of this kind; None: what its weekday says."""
        known = {one: said for one, said in self.days.get(site_id, {}).items() if one != day}
        return replace(self, days={**self.days, site_id: known | ({day: kind} if kind else {})})


def _key(site_id: int, instrument_id: int | None) -> tuple[int, int]:
    # An instrument's own hours go with it when it is moved to another site.
    return (site_id, SITES_OWN) if instrument_id is None else (SITES_OWN, instrument_id)


_NOTHING, _NO_ID = sa.cast(sa.null(), sa.Text), sa.cast(sa.null(), sa.BigInteger)
_NO_YEAR, _NO_DAY = sa.cast(sa.null(), sa.Integer), sa.cast(sa.null(), sa.Date)


def _columns(what: int, model: Any, instrument: Any, day: Any, year: Any, said: Any, *flags: Any) -> sa.Select[Any]:
    holidays, unattended = flags or (sa.false(), sa.false())
    number: Any = sa.literal_column(str(what), sa.Integer).label("what")
    parts = (instrument.label("instrument_id"), day.label("day"), year.label("year"), said.label("said"))
    return sa.select(number, model.site_id, *parts, holidays.label("holidays"), unattended.label("unattended"))


_SITES: Any = sa.bindparam("sites", expanding=True)


def _there(model: Any) -> Any:
    """What is said of these sites, and of instruments that stand there now."""
    there = sa.select(Instrument.id).where(Instrument.site_id.in_(_SITES))
    return sa.or_(model.instrument_id.is_(None) & model.site_id.in_(_SITES), model.instrument_id.in_(there))


_SAID: Any = sa.union_all(
    _columns(
        *(PATTERN, OpeningPattern, OpeningPattern.instrument_id, OpeningPattern.valid_from, _NO_YEAR),
        *(sa.cast(OpeningPattern.week, sa.Text), OpeningPattern.holidays, OpeningPattern.unattended),
    ).where(_there(OpeningPattern)),
    _columns(
        *(EXCEPTION, OpeningException, OpeningException.instrument_id, OpeningException.day, _NO_YEAR),
        sa.cast(OpeningException.intervals, sa.Text),
    ).where(_there(OpeningException)),
    _columns(DAY, CalendarDay, _NO_ID, CalendarDay.day, _NO_YEAR, CalendarDay.kind).where(
        CalendarDay.site_id.in_(_SITES)
    ),
    _columns(YEAR, CalendarYear, _NO_ID, _NO_DAY, CalendarYear.year, _NOTHING).where(
        CalendarYear.site_id.in_(_SITES), CalendarYear.published
    ),
)


def said(site_ids: Collection[int]) -> Said:
    """Everything that was said of these sites and of the instruments there, in one statement."""
    patterns: dict[tuple[int, int], list[Pattern]] = defaultdict(list)
    exceptions: dict[tuple[int, int], dict[date, Stretches]] = defaultdict(dict)
    days: dict[int, dict[date, str]] = defaultdict(dict)
    years: dict[int, set[int]] = defaultdict(set)
    for what, site_id, instrument_id, day, year, text, holidays, unattended in rows(_SAID, sites=sorted(site_ids)):
        if what == PATTERN:
            week = as_week(json.loads(text)) if text else None
            patterns[_key(site_id, instrument_id)].append(Pattern(day, week, bool(holidays), bool(unattended)))
        elif what == EXCEPTION:
            exceptions[_key(site_id, instrument_id)][day] = as_stretches(json.loads(text))
        elif what == DAY:
            days[site_id][day] = text
        else:
            years[site_id].add(year)
    return Said(patterns, exceptions, days, {number: frozenset(some) for number, some in years.items()})


def of(some: Sequence[Known]) -> dict[int, Hours]:
    """The hours of these instruments, by id; in one statement for the sites whose hours this process does not know."""
    remembered: dict[int, tuple[str, Said]] = current_app.extensions.setdefault("hours", {})
    stamps = {one.site_id: one.hours_stamp for one in some}
    known = {site: remembered[site] for site in stamps if site in remembered}  # others may write there meanwhile
    unknown = [site for site, mark in stamps.items() if not mark or site not in known or known[site][0] != mark]
    if unknown:
        found = said(unknown)
        known |= {site: (stamps[site], found) for site in unknown}
        remembered |= known
    return {one.id: known[one.site_id][1].of(one) for one in some}


def stamp(tx: Transaction, site_id: int) -> None:
    """Whoever says anything of a site's hours, or of an instrument's there, gives it a new stamp.

    By it every process knows whether what it remembers still holds; it is drawn, for a number that is counted up in a
    transaction that fails would be counted to again.
    """
    tx.execute(sa.update(_site).where(_site.c.id == site_id).values(hours_stamp=secrets.token_hex(8)))


def of_place(place: Place) -> Hours:
    """The hours of a site or of an instrument, in one statement."""
    return said([place.site_id]).of(place)


def as_stretches(stored: Any) -> Stretches:
    """A day's hours as they are stored."""
    return tuple((start, end) for start, end in stored)


def as_week(stored: Any) -> tuple[Stretches, ...] | None:
    """A week's hours as they are stored."""
    return None if stored is None else tuple(map(as_stretches, stored))


# ---------------------------------------------------------------- what was said, for those who say it


@dataclass(frozen=True)
class Dated(Pattern):
    """A pattern as it is stored."""

    version: int = 1


def patterns(place: Place) -> list[Dated]:
    """Every pattern of the site's own, or of the instrument's, the latest first."""
    columns: Any = (OpeningPattern.valid_from, OpeningPattern.week, OpeningPattern.holidays, OpeningPattern.unattended)
    statement = sa.select(*columns, OpeningPattern.version).where(_of(OpeningPattern, place))
    found = rows(statement.order_by(OpeningPattern.valid_from.desc()))
    return [Dated(day, as_week(week), *rest) for day, week, *rest in found]


def _of(model: Any, place: Place) -> Any:
    if place.instrument_id is not None:
        return model.instrument_id == place.instrument_id
    return model.instrument_id.is_(None) & (model.site_id == place.site_id)


@dataclass(frozen=True)
class Exceptional:
    """Other hours on one day, of the site or of one instrument, and who said so."""

    id: int
    day: date
    stretches: Stretches
    note: str
    code: str | None  # the instrument's
    instrument_id: int | None
    who: str | None
    at: datetime


def exceptions(site_id: int, since: date, number: int | None = None) -> list[Exceptional]:
    """The exceptions of a site and of its instruments from a day on, by day; or the one of this number."""
    columns: Any = (
        *(OpeningException.id, OpeningException.day, OpeningException.intervals, OpeningException.note),
        *(Instrument.code, OpeningException.instrument_id, Person.name, OpeningException.at),
    )
    here = sa.or_(
        Instrument.site_id == site_id,
        OpeningException.instrument_id.is_(None) & (OpeningException.site_id == site_id),
    )
    statement = (
        sa.select(*columns)
        .select_from(OpeningException)
        .outerjoin(Instrument, Instrument.id == OpeningException.instrument_id)
        .outerjoin(Person, Person.id == OpeningException.person_id)
        .where(here, OpeningException.day >= since)
        .order_by(OpeningException.day, OpeningException.id)
    )
    if number is not None:
        statement = statement.where(OpeningException.id == number)
    return [Exceptional(key, day, as_stretches(some), *rest) for key, day, some, *rest in rows(statement)]


def exception(site_id: int, number: int) -> Exceptional:
    """One exception at this site. Raises NotFound."""
    found = exceptions(site_id, date.min, number)
    if not found:
        raise NotFound
    return found[0]
