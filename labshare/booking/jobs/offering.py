"""Whoever is displaced finds another time held for them, until they should have answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from labshare.booking import displacement, lifecycle
from labshare.booking.services import offering
from labshare.clockwork.job import Job
from labshare.kernel.actor import SYSTEM
from labshare.kernel.errors import N_, Conflict


def make_offers(now: datetime) -> dict[str, int]:
    """Hold one time for each displaced booking that has none, each in a transaction of its own."""
    return {"offered": sum(_offered(number, now) for number in displacement.waiting(now))}


def _offered(booking_id: int, now: datetime) -> bool:
    try:
        return offering.make_offer(SYSTEM, booking_id, now)
    except Conflict:  # somebody took the time, or answered, in this very moment; the next run looks again
        return False


def lapse_offers(now: datetime) -> dict[str, int]:
    """Give every time back that nobody wanted by its answer date."""
    return {"lapsed": sum(_lapsed(number, now) for number in displacement.unanswered(now))}


def _lapsed(booking_id: int, now: datetime) -> bool:
    try:
        return offering.lapse(SYSTEM, booking_id, now)
    except Conflict:  # taken in this very moment
        return False


_DISPLACED = ("bookings.listed", {"tab": "all", "state": lifecycle.DISPLACED})
MAKE_OFFERS = Job(
    "make_offers",
    N_("Holds another time for every booking that the laboratory had to displace"),
    timedelta(minutes=1),
    make_offers,
    preview=lambda now: {"offered": len(displacement.waiting(now))},
    links={"offered": _DISPLACED},
)
LAPSE_OFFERS = Job(
    "lapse_offers",
    N_("Gives the time back that was held for displaced bookings and that nobody wanted"),
    timedelta(minutes=1),
    lapse_offers,
    preview=lambda now: {"lapsed": len(displacement.unanswered(now))},
    links={"lapsed": _DISPLACED},
    destructive=True,
)
