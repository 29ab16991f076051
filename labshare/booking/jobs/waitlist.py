"""Time that became free is held for those who wait for it, in their order; and what that spares late cancellers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from labshare.booking import lifecycle, takeover, waitlist
from labshare.booking.models import OVER
from labshare.booking.services import forgiving, lining_up
from labshare.booking.waitlist import Look
from labshare.clockwork.job import Job
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.errors import N_, Conflict
from labshare.quotas.account import NotOpen, Outdated


def offer_freed_time(now: datetime) -> dict[str, int]:
    """Ask whoever stands first for time that is free now, each in a transaction of its own; let go of what has come."""
    over = sum(_done(lining_up.close_past, number, now) for number in waitlist.past(now))
    return {"offered": _in_turn(now, lambda one: _done(lining_up.offer_next, one, now)), "over": over}


def _foreseen(now: datetime) -> dict[str, int]:
    """As if everybody who stands first could have what is free."""
    return {"offered": _in_turn(now, lambda _one: True), "over": len(waitlist.past(now))}


def _in_turn(now: datetime, offer: Callable[[int], bool]) -> int:
    """How many could be offered time that is free, each what those before them leave."""
    waiting, offered = waitlist.in_line(now), 0
    look = Look(waiting)
    for one in waiting:
        if look.channel(one) is not None and offer(one.id):
            look.take(one)
            offered += 1
    return offered


def forgive_late_cancels(now: datetime) -> dict[str, int]:
    """Give back what cancelling late cost wherever others took the whole time."""
    return {"forgiven": sum(_done(forgiving.forgive, number, now) for number in takeover.taken_over(now))}


def _done(act: Callable[[Actor, int, datetime], bool], number: int, now: datetime) -> bool:
    try:
        return act(SYSTEM, number, now)
    except (Conflict, Outdated, NotOpen):  # somebody was faster, or an account is not open: the next run looks again
        return False


OFFER_FREED_TIME = Job(
    "offer_freed_time",
    N_("Holds time that became free for the first on the waiting list who may have it"),
    timedelta(minutes=1),
    offer_freed_time,
    preview=_foreseen,
    links={
        "offered": ("bookings.listed", {"tab": "all", "state": lifecycle.OFFERED}),
        "over": ("bookings.waitlist", {"state": OVER}),
    },
    destructive=True,
)
FORGIVE_LATE_CANCELS = Job(
    "forgive_late_cancels",
    N_("Gives back what cancelling late cost where others took the time"),
    timedelta(minutes=5),
    forgive_late_cancels,
    preview=lambda now: {"forgiven": len(takeover.taken_over(now))},
    links={"forgiven": ("bookings.listed", {"tab": "all", "state": lifecycle.CANCELLED})},
)
