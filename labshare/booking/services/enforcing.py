"""What becomes of bookings when their company may use less, or may not book any more; done by the clockwork."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from labshare.booking import charging, lifecycle, queries, suspension
from labshare.booking.change import by_the_clock, change
from labshare.booking.events import BookingOverQuota
from labshare.booking.models import Booking
from labshare.kernel.actor import Actor
from labshare.kernel.db import table_of, transaction
from labshare.people.lifecycle import SUSPENDED
from labshare.quotas import account
from labshare.quotas import queries as accounts

_booking = table_of(Booking)


def pass_to_manager(actor: Actor, booking_id: int, balance_id: int, now: datetime) -> bool:
    """Give a request's minutes back that a lowered limit has no room for; it keeps its time, and waits for a manager.

    Whether it still had to be done: the limit may have room again, or others gave back first.
    """
    by_the_clock(actor)
    with transaction() as tx:
        # The booking first and then its balances, as everybody does; locked, for two at once would give back too much.
        tx.execute(sa.select(_booking.c.id).where(_booking.c.id == booking_id).with_for_update())
        old = queries.seen(actor, booking_id)
        holds = {one.balance_id for one in account.standing(booking_id) if one.held}
        if old.state != lifecycle.REQUESTED or old.over_quota or balance_id not in holds:
            return False
        account.locked(tx, holds)
        if not accounts.balance(old.company_id, balance_id).is_beyond:
            return False
        change(tx, actor, old, None, {"over_quota": True}, BookingOverQuota, now)
        charging.let_go(tx, actor, old, now)
        return True


def release_suspended(actor: Actor, booking_id: int, now: datetime) -> bool:
    """Take back what a suspended company has ahead; its time and hours are free at once, and it costs nothing.

    Whether it still had to be done.
    """
    by_the_clock(actor)
    with transaction() as tx:
        tx.execute(sa.select(_booking.c.id).where(_booking.c.id == booking_id).with_for_update())
        old = queries.seen(actor, booking_id)
        possible = lifecycle.after(old.state, "cancel") is not None and old.starts_at > now
        if not possible or queries.company(old.company_id).state != SUSPENDED:
            return False
        account.post(tx, actor, suspension.let_go(tx, actor, [old], now), now)
        return True
