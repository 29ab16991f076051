"""Whether the clock jumped: the wall clock beside one that nobody sets, and beside the database's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from labshare.clockwork.lease import NAME
from labshare.clockwork.models import Lease
from labshare.kernel import clock
from labshare.kernel.db import db_now, rows

JUMP = timedelta(minutes=5)
DRIFT = timedelta(seconds=1)  # clocks are corrected a little all the time; more than this is worth a note
QUICK = timedelta(seconds=1)
LOOKS = 3


@dataclass(frozen=True)
class Sight:
    """What one look at the clocks says: whose life, when by the wall clock it began, and how far that is ahead."""

    boot: str
    epoch: datetime | None
    ahead: timedelta
    now: datetime | None = None


def known() -> Sight:
    """What the leader before this tick saw."""
    row = rows(sa.select(Lease.boot, Lease.epoch, Lease.ahead).where(Lease.name == NAME))[0]
    return Sight(row.boot, row.epoch, timedelta(seconds=row.ahead))


def look() -> Sight | None:
    """All three clocks at once; None where this process was stopped while it looked, which moves none of them."""
    for _ in range(LOOKS):
        before = clock.uptime()
        now = clock.now()
        between = clock.uptime()
        theirs = rows(sa.select(db_now().label("present")))[0].present
        after = clock.uptime()
        if after - before < QUICK:
            return Sight(clock.BOOT, now - between, now - theirs, now)
    return None


def moved(known: Sight, seen: Sight) -> timedelta:
    """How far the wall clock moved by itself since: the wider of what the two other clocks say."""
    aside = seen.ahead - known.ahead
    if known.epoch is None or seen.epoch is None or known.boot != seen.boot:
        return aside  # another machine, or another life of this one: only the database was there both times
    return max(seen.epoch - known.epoch, aside, key=abs)
