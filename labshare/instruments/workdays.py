"""A site's calendar of workdays: its years, their days, and what it says of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.instruments.events import CalendarRechecked
from labshare.instruments.models import CalendarDay, CalendarYear
from labshare.instruments.rules.opening import CLOSED, workday
from labshare.kernel.db import Transaction, rows, table_of
from labshare.kernel.errors import N_, Invalid
from labshare.people.models import Person, Site

LIBRARY, NOTICE, HAND, FORGOTTEN = SOURCES = ("library", "notice", "hand", "forgotten")
FIRST_YEAR, LAST_YEAR = 2000, 2100
_year = table_of(CalendarYear)


def known(year: int) -> int:
    """The year, if a calendar can have it. Raises Invalid."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(fields={"year": [N_("Must lie in the years 2000 to 2100.")]})
    return year


@dataclass(frozen=True)
class Day:
    """One day that is not what its weekday says, and who said so."""

    day: date
    kind: str
    name: str
    source: str
    note: str
    who: str | None
    updated_at: datetime


@dataclass(frozen=True)
class Year:
    """A year of a site's calendar; without a row nobody has said anything of it, and its version is 0."""

    id: int | None
    site_id: int
    year: int
    source: str
    published: bool
    rechecked_at: datetime | None
    version: int


@dataclass(frozen=True)
class Standing:
    """A year with its days, by date."""

    year: Year
    days: Sequence[Day]

    @property
    def kinds(self) -> Mapping[date, str]:
        return {one.day: one.kind for one in self.days}

    def answer(self, day: date) -> str:
        """Is this day of the year worked: open, closed, or unknown until the year's notice is out?"""
        return workday(day, self.kinds, frozenset({self.year.year}) if self.year.published else frozenset())

    @property
    def workdays(self) -> int | None:
        """How many days are worked; None as long as nobody knows."""
        if not self.year.published:
            return None
        first = date(self.year.year, 1, 1)
        every = (first + timedelta(days=number) for number in range((date(first.year + 1, 1, 1) - first).days))
        return sum(self.answer(day) != CLOSED for day in every)


_YEAR = sa.select(*(getattr(CalendarYear, name) for name in Year.__dataclass_fields__))


def years(site_id: int) -> list[Year]:
    """The years of which something was said, the latest first."""
    mine = _YEAR.where(CalendarYear.site_id == site_id).order_by(CalendarYear.year.desc())
    return [Year(*row) for row in rows(mine)]


def year(site_id: int, number: int) -> Year:
    """One year, whether anything was said of it or not."""
    found = rows(_YEAR.where(CalendarYear.site_id == site_id, CalendarYear.year == number))
    return Year(*found[0]) if found else Year(None, site_id, number, "", published=False, rechecked_at=None, version=0)


def standing(site_id: int, number: int) -> Standing:
    """A year with its days, in two statements; days of it that another year's notice names are among them."""
    within = CalendarDay.day.between(date(number, 1, 1), date(number, 12, 31))
    days: Any = (
        sa.select(
            *(CalendarDay.day, CalendarDay.kind, CalendarDay.name, CalendarDay.source, CalendarDay.note),
            *(Person.name.label("who"), CalendarDay.updated_at),
        )
        .outerjoin(Person, Person.id == CalendarDay.updated_by)
        .where(CalendarDay.site_id == site_id, within)
        .order_by(CalendarDay.day)
    )
    return Standing(year(site_id, number), [Day(*row) for row in rows(days)])


def mark_rechecked(
    tx: Transaction, checked: Year, counts: Mapping[str, int], now: datetime
) -> CalendarRechecked | None:
    """Note that the bookings on the year's days were looked at; the fact to be told.

    None where it has changed since, or somebody has noted it.
    """
    mine = sa.and_(_year.c.id == checked.id, _year.c.version == checked.version, _year.c.rechecked_at.is_(None))
    new = checked.version + 1
    if not tx.execute(sa.update(_year).where(mine).values(rechecked_at=now, version=new)).rowcount:
        return None
    said: dict[str, Any] = {"site_id": checked.site_id, "year": checked.year, "counts": counts}
    return CalendarRechecked(object_id=checked.id or 0, version=new, **said)


def unchecked() -> list[Year]:
    """The years that have changed since the bookings on their days were looked at."""
    statement = _YEAR.where(CalendarYear.rechecked_at.is_(None)).order_by(CalendarYear.site_id, CalendarYear.year)
    return [Year(*row) for row in rows(statement)]


def unsaid(zones: Sequence[str], wanted: Sequence[int]) -> list[tuple[int, int]]:
    """Sites in these zones, each with a wanted year of which nobody has said anything but of single days by hand."""
    sites = [number for (number,) in rows(sa.select(Site.id).where(Site.zone.in_(zones)).order_by(Site.id))]
    whole = sa.or_(CalendarYear.published, CalendarYear.source != HAND)
    said = {
        (site_id, number) for site_id, number in rows(sa.select(CalendarYear.site_id, CalendarYear.year).where(whole))
    }
    return [(site_id, number) for site_id in sites for number in wanted if (site_id, number) not in said]


def unpublished(wanted: Sequence[int]) -> list[tuple[str, str, str, int]]:
    """Sites whose notice of a wanted year is not known: code, name in English, in Chinese, the year; one statement."""
    known_at = sa.and_(CalendarYear.site_id == Site.id, CalendarYear.published, CalendarYear.year.in_(list(wanted)))
    found = rows(
        sa.select(Site.code, Site.name_en, Site.name_zh, CalendarYear.year)
        .outerjoin(CalendarYear, known_at)
        .order_by(Site.code)
    )
    there = {(code, number) for code, _en, _zh, number in found}
    names = {code: (en, zh) for code, en, zh, _number in found}
    return [(code, *names[code], number) for code in names for number in wanted if (code, number) not in there]
