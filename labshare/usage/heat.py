"""When in the week instruments are used: effective minutes by weekday and hour, where each instrument stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.booking.models import Tally, UsageRecord
from labshare.booking.rules.judgement import minutes
from labshare.booking.tally import WHOLE
from labshare.instruments.models import Instrument
from labshare.kernel.db import LONGEST_CLAIM, Transaction, rows, table_of
from labshare.kernel.slots import MINUTE, local_month
from labshare.people.models import Site
from labshare.usage.book import heat as counted
from labshare.usage.facts import year_slot
from labshare.usage.lifecycle import CLOSED
from labshare.usage.models import Heat, UsageYear
from labshare.web.i18n import LOCAL

_heat = table_of(Heat)
_DAY = timedelta(days=1)  # no two zones are further apart
Grid = list[list[int]]  # seven days, Monday first, of 24 hours


def of(year: int) -> Grid:
    """The year's effective minutes as its usage records say, to the minute those of its sums; one statement."""
    slot = year_slot(year)
    statement = (
        sa.select(UsageRecord.starts_at, UsageRecord.ends_at, Site.zone)
        .join(Instrument, Instrument.id == UsageRecord.instrument_id)
        .join(Site, Site.id == Instrument.site_id)
        .where(
            *(UsageRecord.starts_at < slot.end + _DAY, UsageRecord.starts_at > slot.start - LONGEST_CLAIM - _DAY),
            *(UsageRecord.ends_at.is_not(None), UsageRecord.ends_at > slot.start - _DAY),
        )
    )
    grid, zones = [[0] * 24 for _ in range(7)], dict[str, ZoneInfo]()
    for start, end, key in rows(statement):
        zone = zones.setdefault(key, ZoneInfo(key))
        for begins, length in _by_hour(start, end, zone):
            if begins.year == year:
                grid[begins.weekday()][begins.hour] += length
    return grid


def _by_hour(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, int]]:
    """Whole minutes in each hour of the wall clock; one that is cut by its end belongs to the later hour."""
    at, past = start, 0
    while at < end:
        here = at.astimezone(zone)
        cut = min(end, at + (60 - here.minute) * MINUTE - timedelta(seconds=here.second, microseconds=here.microsecond))
        until = minutes(start, cut)
        yield here, until - past
        at, past = cut, until


def write(tx: Transaction, year: int, grid: Grid) -> bool:
    """Keep what was counted; whether it was another. Of two who count the same at once, one changes it."""
    old = counted(year)
    cells = [
        {"year": year, "weekday": day, "hour": hour, "minutes": grid[day][hour]}
        for day in range(7)
        for hour in range(24)
        if grid[day][hour] != old[day][hour]
    ]
    if not cells:
        return False
    new = tx.insert_missing(_heat, cells)
    changed = sa.update(_heat).where(
        *(_heat.c[name] == sa.bindparam(f"its_{name}") for name in ("year", "weekday", "hour")),
        _heat.c.minutes != sa.bindparam("its_minutes"),
    )
    values: list[dict[str, Any]] = [{f"its_{name}": value for name, value in cell.items()} for cell in cells]
    more = tx.execute(changed.values(minutes=sa.bindparam("its_minutes")), values).rowcount
    return new + more > 0


def has_changed(year: int) -> bool:
    """Would counting find something else than what was counted last?"""
    return of(year) != counted(year)


def to_count(now: datetime) -> list[int]:
    """This year and the one before, and older ones of which nothing was counted yet; never a closed one."""
    this = local_month(now, LOCAL)[0]
    closed = sa.exists().where(UsageYear.year == Tally.year, UsageYear.state == CLOSED)
    there = sa.exists().where(Heat.year == Tally.year)
    wanted = sa.select(Tally.year).where(
        *(~closed, Tally.month == WHOLE), sa.or_(Tally.year >= this - 1, sa.and_(~there, Tally.effective_minutes > 0))
    )
    return [year for (year,) in rows(wanted.distinct().order_by(Tally.year))]
