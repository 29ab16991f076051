"""Time that was cancelled late, and whether others took the whole of it; then its cancelling costs nothing."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from labshare.booking import lifecycle, rules
from labshare.booking.models import Booking
from labshare.instruments.models import Instrument
from labshare.kernel.db import rows
from labshare.kernel.slots import Slot

# How long ago a late cancellation may lie and still be looked at: a clockwork that stood still for a quarter makes up.
LOOK_BACK = timedelta(days=92)
# Whoever holds time as it begins has booked it for good: nobody gives time back that has begun. Who did not come pays.
_HOLDERS = (lifecycle.APPROVED, lifecycle.IN_USE, lifecycle.COMPLETED, lifecycle.MISSED)


def taken_over(now: datetime, booking_id: int | None = None) -> list[int]:
    """Late cancellations that are charged, have begun, and whose whole time others hold; of one, or all. One statement.

    Judged once the time has begun, for then nobody can give it back any more.
    """
    other = aliased(Booking)
    over = sa.and_(
        other.instrument_id == Booking.instrument_id,
        other.channel == Booking.channel,
        other.state.in_(_HOLDERS),
        other.starts_at < Booking.ends_at,
        other.ends_at > Booking.starts_at,
    )
    statement = (
        sa.select(Booking.id, Booking.starts_at, Booking.ends_at, other.starts_at, other.ends_at)
        .add_columns(Instrument.warmup_minutes, Instrument.cooldown_minutes)
        .join(Instrument, Instrument.id == Booking.instrument_id)
        .join(other, over)
        .where(Booking.state == lifecycle.CANCELLED, Booking.charge > 0)
        .where(Booking.starts_at <= now, Booking.starts_at > now - LOOK_BACK)
        .order_by(Booking.id)
    )
    if booking_id is not None:
        statement = statement.where(Booking.id == booking_id)
    slots: dict[int, Slot] = {}
    others: dict[int, list[Slot]] = defaultdict(list)
    for number, start, end, first, last, before, after in rows(statement):
        slots[number] = Slot(start, end)
        others[number].append(Slot(first, last).padded(before, after))
    return [number for number, slot in slots.items() if rules.is_taken_over(slot, others[number])]
