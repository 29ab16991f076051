"""What a suspended company has ahead is let go, in the caller's transaction; it costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from labshare.booking import charging, lifecycle, tally
from labshare.booking.change import about
from labshare.booking.events import BookingCancelled
from labshare.booking.models import Booking
from labshare.booking.queries import SEEN, Seen
from labshare.instruments import timeline
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows, table_of
from labshare.kernel.journal import publish
from labshare.quotas.account import Entry
from labshare.quotas.models import RELEASE

SUSPENSION = "company_suspended"  # why such a booking was cancelled
_booking = table_of(Booking)


def ahead(company_id: int, now: datetime, tx: Transaction | None = None) -> list[Seen]:
    """What the company has ahead and can be let go, by start; within a transaction held still first."""
    mine = sa.and_(Booking.company_id == company_id, Booking.state.in_(lifecycle.AHEAD), Booking.starts_at > now)
    if tx is not None:
        tx.execute(sa.select(_booking.c.id).where(mine).order_by(_booking.c.id).with_for_update())
    return [Seen(*row) for row in rows(SEEN.where(mine).order_by(Booking.starts_at, Booking.id))]


def let_go(tx: Transaction, actor: Actor, bookings: Sequence[Seen], now: datetime) -> list[Entry]:
    """Cancel them all and tell; what the company gets back, to be written at the end."""
    if not bookings:
        return []
    some = sorted(bookings, key=lambda one: one.id)
    numbers = [one.id for one in some]
    values = {"state": lifecycle.CANCELLED, "decide_by": None, "awaiting": "", "version": _booking.c.version + 1}
    tx.execute(sa.update(_booking).where(_booking.c.id.in_(numbers)).values(values))
    timeline.release_all(tx, kind=timeline.BOOKING, owner_ids=numbers)
    for one in some:
        fact = BookingCancelled(object_id=one.id, version=one.version + 1, **about(one), was=one.state, why=SUSPENSION)
        publish(tx, actor, fact, now)
        tally.changed(tx, one, replace(one, state=lifecycle.CANCELLED))
    return charging.lines_of_release(some, RELEASE)
