"""Calendars of Chinese sites are filled from the library's published years; nobody else asks that library."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import chinese_calendar

from labshare.clockwork.job import Job
from labshare.instruments import workdays
from labshare.instruments.models import HOLIDAY, MAKEUP_WORKDAY
from labshare.instruments.notice import Listed
from labshare.instruments.services import seed_year
from labshare.kernel.actor import SYSTEM
from labshare.kernel.errors import N_

ZONES = (  # of the places for whose days off the State Council speaks
    *("Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin", "Asia/Kashgar", "PRC"),
)
FIRST = 2024
ONE_DAY = timedelta(days=1)


def listed(year: int) -> list[Listed]:
    """Every day of a festival, weekend days among them, and the weekend days worked, of a year the library knows."""
    day, found = date(year, 1, 1), []
    while day.year == year:
        off, name = chinese_calendar.get_holiday_detail(day)
        if off == (day.weekday() < 5) or (off and name):
            found.append(Listed(day, HOLIDAY if off else MAKEUP_WORKDAY, name or ""))
        day += ONE_DAY
    return found


def years() -> list[int]:
    """The years the library knows, from 2024 on."""
    return sorted({day.year for day in chinese_calendar.holidays if day.year >= FIRST})


def seed_calendars(now: datetime) -> dict[str, int]:
    """Fill every year that is known to the library and of which nobody has said anything."""
    to_do = workdays.unsaid(ZONES, years())
    days = {number: listed(number) for number in {year for _, year in to_do}}
    return {"years": sum(seed_year(SYSTEM, site_id, year, days[year], now) for site_id, year in to_do)}


SEED_CALENDARS = Job(
    "seed_calendars",
    N_("Fills the calendars of Chinese sites with the days off and worked weekends of the years that are published"),
    timedelta(days=1),
    seed_calendars,
    preview=lambda _now: {"years": len(workdays.unsaid(ZONES, years()))},
    links={"years": ("instruments.openings", {})},
)
