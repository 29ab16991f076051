"""Bookings and opening hours that do not go together: as things stand, as they would be, and what a calendar did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.booking import lifecycle
from labshare.booking.models import OFFERED, Booking, Displacement
from labshare.booking.queries import SEEN, Seen
from labshare.instruments import hours
from labshare.instruments.hours import Place, Said
from labshare.instruments.models import Instrument
from labshare.instruments.notice import BEFORE, Listed
from labshare.instruments.rules.opening import Hours, Pattern
from labshare.instruments.rules.week import Stretches
from labshare.instruments.workdays import Year
from labshare.kernel.db import rows
from labshare.kernel.slots import Slot, day_of
from labshare.people.models import Site

DISPLACED, CONFIRMED, PROVISIONAL, WITHDRAWN = COUNTED = ("displaced", "confirmed", "provisional", "withdrawn")
Change = Callable[[Said], Said]


@dataclass(frozen=True)
class Affected:
    """A company and its bookings that are hit, by start."""

    company_id: int
    name: str
    bookings: Sequence[Seen]

    @property
    def hours(self) -> float:
        return sum(one.slot.minutes for one in self.bookings) / 60


def by_company(found: Sequence[Seen]) -> list[Affected]:
    """The bookings by company, the most hours first."""
    whose: dict[int, list[Seen]] = {}
    for one in found:
        whose.setdefault(one.company_id, []).append(one)
    affected = [Affected(number, some[0].company_name, some) for number, some in whose.items()]
    return sorted(affected, key=lambda one: (-one.hours, one.name))


def standing(site_id: int, now: datetime) -> list[Seen]:
    """What is booked ahead at the site and lies outside its instrument's hours, by start; at most two statements."""
    some = _ahead(Instrument.site_id == site_id, now)
    said = _said(some)
    return [one for one in some if not _hours(said, one).lets(one.slot)]


def foreseen(place: Place, change: Change, now: datetime) -> list[Seen]:
    """What would lie outside the hours if they were changed so, and does not yet; at most two statements."""
    here = Instrument.site_id == place.site_id
    if place.instrument_id is not None:
        here = Instrument.id == place.instrument_id
    some = _ahead(here, now)
    before = _said(some)
    after = change(before)
    return [one for one in some if _hours(before, one).lets(one.slot) and not _hours(after, one).lets(one.slot)]


def with_pattern(place: Place, pattern: Pattern) -> Change:
    """Hours as they would be with these of the site or the instrument."""
    return lambda said: said.with_pattern(place.site_id, place.instrument_id, pattern)


def with_exception(place: Place, day: date, stretches: Stretches) -> Change:
    """Hours as they would be with these on one day."""
    return lambda said: said.with_exception(place.site_id, place.instrument_id, day, stretches)


def with_year(place: Place, year: int, listed: Sequence[Listed]) -> Change:
    """Hours as they would be with the year's notice."""
    return lambda said: said.with_year(place.site_id, year, {one.day: one.kind for one in listed})


def with_day(place: Place, day: date, kind: str | None) -> Change:
    """Hours as they would be if the day were of this kind; None: what its weekday says."""
    return lambda said: said.with_day(place.site_id, day, kind)


def by_calendar(opening: Hours, slot: Slot) -> bool:
    """Is it the calendar alone that closes the instrument then?"""
    return not opening.lets(slot) and opening.without_calendar().lets(slot)


def due(opening: Hours, slot: Slot, *, provisional: bool) -> str | None:
    """What becomes of a booking now that its calendar has changed; None where nothing does."""
    if by_calendar(opening, slot):
        return DISPLACED
    if opening.is_provisional(slot) == provisional:
        return None
    return CONFIRMED if provisional else PROVISIONAL


def to_recheck(year: Year, now: datetime) -> list[tuple[int, str]]:
    """What becomes of each booking on a day of the year, by start; those of which nothing does are left out."""
    some = _ahead(_touching(year, Instrument.site_id, Booking.starts_at, Booking.ends_at), now)
    said = _said(some)
    found = ((one, due(_hours(said, one), one.slot, provisional=one.provisional)) for one in some)
    return [(one.id, what) for one, what in found if what is not None]


def offers_to_withdraw(year: Year, now: datetime) -> list[int]:
    """Displaced bookings for which time is held on a day of the year that the calendar closes."""
    columns: Any = (Displacement.booking_id, Instrument.id, Instrument.site_id, Site.zone)
    statement = (
        sa.select(*columns, Displacement.starts_at, Displacement.ends_at)
        .join(Instrument, Instrument.id == Displacement.instrument_id)
        .join(Site, Site.id == Instrument.site_id)
        .where(
            Displacement.state == OFFERED,
            Displacement.starts_at > now,
            _touching(year, Instrument.site_id, Displacement.starts_at, Displacement.ends_at),
        )
        .order_by(Displacement.id)
    )
    some = [(number, _Placed(*where), Slot(start, end)) for number, *where, start, end in rows(statement)]
    if not some:
        return []
    said = hours.said([year.site_id])
    return [number for number, placed, slot in some if by_calendar(said.of(placed), slot)]


def _touching(year: Year, site: Any, starts_at: Any, ends_at: Any) -> Any:
    """On a day that the year's notice may speak of; whatever the site's zone, a day more at each end."""
    utc = ZoneInfo("UTC")
    first, last = date(year.year - 1, 12, BEFORE - 1), date(year.year + 1, 1, 1)
    return sa.and_(site == year.site_id, starts_at < day_of(last, utc).end, ends_at > day_of(first, utc).start)


@dataclass(frozen=True)
class _Placed:
    """Where a booking is, as far as hours go."""

    id: int
    site_id: int
    zone_name: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)


def _ahead(which: Any, now: datetime) -> list[Seen]:
    ahead = sa.and_(
        Booking.state.in_(lifecycle.AHEAD),
        Booking.starts_at > now,
    )
    return [Seen(*row) for row in rows(SEEN.where(which, ahead).order_by(Booking.starts_at, Booking.id))]


def _said(some: Sequence[Seen]) -> Said:
    return hours.said({one.site_id for one in some}) if some else Said()


def _hours(said: Said, one: Seen) -> Hours:
    return said.of(_Placed(one.instrument_id, one.site_id, one.zone))
