"""Time is held for companies until they should have answered: instead of what was displaced, or was asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from labshare.booking import displacement, lifecycle
from labshare.booking.models import Booking
from labshare.booking.services import offering, waiting
from labshare.clockwork.job import Job
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import rows
from labshare.kernel.errors import N_, Conflict
from labshare.quotas.account import Outdated


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
    instead = sum(_lapsed(offering.lapse, number, now) for number in displacement.unanswered(now))
    return {"lapsed": instead + sum(_lapsed(waiting.lapse_booking, number, now) for number in _offered_until(now))}


def _lapsed(lapse: Callable[[Actor, int, datetime], bool], booking_id: int, now: datetime) -> bool:
    try:
        return lapse(SYSTEM, booking_id, now)
    except (Conflict, Outdated):  # taken in this very moment
        return False


def _offered_until(now: datetime) -> list[int]:
    late = sa.select(Booking.id).where(Booking.state == lifecycle.OFFERED, Booking.decide_by <= now)
    return [number for (number,) in rows(late.order_by(Booking.decide_by, Booking.id))]


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
    N_("Gives the time back that companies were offered and did not take in time"),
    timedelta(minutes=1),
    lapse_offers,
    preview=lambda now: {"lapsed": len(displacement.unanswered(now)) + len(_offered_until(now))},
    links={"lapsed": ("bookings.listed", {"tab": "all"})},
    destructive=True,
)
