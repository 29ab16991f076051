"""When the demo laboratory is open: its three sites by day and at weekends, long runs around the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from labshare.demo.shape import RUN
from labshare.instruments import hours
from labshare.instruments.hours import Place
from labshare.instruments.jobs import seed_calendars
from labshare.instruments.queries import Known
from labshare.instruments.rules.opening import Pattern
from labshare.instruments.rules.week import ALL_WEEK, DAY, Week
from labshare.instruments.services import set_hours
from labshare.kernel.actor import Actor

WEEKDAY, WEEKEND = ((8 * 60, 22 * 60),), ((9 * 60, 18 * 60),)
WEEK: Week = (WEEKDAY,) * 5 + (WEEKEND,) * 2


def enter(admin: Actor, instruments: Sequence[Known], now: datetime) -> None:
    """Hours that held before anybody asked for time, and the calendars of the years that are published."""
    seed_calendars(now)
    since = date(now.year - 1, 1, 1)
    for code in sorted({known.site_code for known in instruments}):
        set_hours(admin, hours.at_site(code), Pattern(since, WEEK), now=now)
    for known in instruments:
        if known.max_minutes >= DAY:  # it goes on by itself: cells are cycled for weeks, queues run overnight
            around = known.max_minutes > RUN
            pattern = Pattern(since, ALL_WEEK if around else None, holidays=around, unattended=True)
            set_hours(admin, Place(known.site_id, known.id, known.zone), pattern, now=now)
