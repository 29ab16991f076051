"""A calendar of workdays has changed: bookings on its days are displaced, confirmed, or become provisional."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from labshare.booking import lifecycle, outside
from labshare.booking.services import rechecking
from labshare.clockwork.job import Job
from labshare.instruments import workdays
from labshare.instruments.workdays import Year
from labshare.kernel.actor import SYSTEM
from labshare.kernel.errors import N_, Conflict
from labshare.quotas.account import Outdated


def recheck_calendars(now: datetime) -> dict[str, int]:
    """Look at every booking on the days of each year that has changed, each in a transaction of its own."""
    total: Counter[str] = Counter(dict.fromkeys(outside.COUNTED, 0))
    for year in workdays.unchecked():
        counts, whole = _recheck(year, now)
        total.update(counts)
        if whole:  # else the next run looks again
            rechecking.finish(SYSTEM, year, {name: counts[name] for name in outside.COUNTED}, now)
    return dict(total)


def _recheck(year: Year, now: datetime) -> tuple[Counter[str], bool]:
    """What was done, and whether nobody was faster with any of it."""
    counts: Counter[str] = Counter()
    whole = True
    for number, _ in outside.to_recheck(year, now):
        try:
            counts[rechecking.recheck(SYSTEM, number, year, now) or ""] += 1
        except (Conflict, Outdated):
            whole = False
    for number in outside.offers_to_withdraw(year, now):
        try:
            counts[outside.WITHDRAWN] += rechecking.withdraw_offer(SYSTEM, number, year, now)
        except (Conflict, Outdated):
            whole = False
    del counts[""]
    return counts, whole


def _preview(now: datetime) -> dict[str, int]:
    total: Counter[str] = Counter(dict.fromkeys(outside.COUNTED, 0))
    for year in workdays.unchecked():
        total.update(what for _, what in outside.to_recheck(year, now))
        total[outside.WITHDRAWN] += len(outside.offers_to_withdraw(year, now))
    return dict(total)


_DISPLACED = ("bookings.listed", {"tab": "all", "state": lifecycle.DISPLACED})
_COMING = ("bookings.listed", {"tab": "upcoming"})
RECHECK_CALENDARS = Job(
    "recheck_calendars",
    N_("Looks at bookings again whose year's calendar has changed: closed days are given back, others are confirmed"),
    timedelta(minutes=1),
    recheck_calendars,
    preview=_preview,
    links={
        outside.DISPLACED: _DISPLACED,
        outside.WITHDRAWN: _DISPLACED,
        outside.CONFIRMED: _COMING,
        outside.PROVISIONAL: _COMING,
    },
)
