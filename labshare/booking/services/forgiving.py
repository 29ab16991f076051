"""A late cancellation costs nothing where others took the time; done by the clockwork."""

from __future__ import annotations

from datetime import datetime

from labshare.booking import charging, queries, takeover
from labshare.booking.change import by_the_clock, change
from labshare.booking.events import BookingTakenOver
from labshare.kernel.actor import Actor
from labshare.kernel.db import transaction


def forgive(actor: Actor, booking_id: int, now: datetime) -> bool:
    """Give back what cancelling late cost, for others took the time; whether that was still to be done.

    Raises Conflict where somebody was faster.
    """
    by_the_clock(actor)
    with transaction() as tx:
        old = queries.seen(actor, booking_id)
        if booking_id not in takeover.taken_over(now, booking_id):
            return False
        change(tx, actor, old, None, {"charge": 0}, BookingTakenOver, now, charge=old.charge)
        charging.forgiven(tx, actor, old, now)
        return True
