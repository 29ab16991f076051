"""What becomes of bookings when a calendar of workdays has changed; done by the clockwork, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from labshare.booking import displacement, lifecycle, outside, queries
from labshare.booking.change import by_the_clock, change
from labshare.booking.displacement import Cause, Hit
from labshare.booking.events import BookingMadeFirm, BookingMadeProvisional
from labshare.booking.models import CLOSED_DAY, OFFERED, Booking
from labshare.instruments import hours, workdays
from labshare.instruments import queries as catalogue
from labshare.instruments.workdays import Year
from labshare.kernel.actor import Actor
from labshare.kernel.db import table_of, transaction
from labshare.kernel.journal import publish

_booking = table_of(Booking)


def recheck(actor: Actor, booking_id: int, year: Year, now: datetime) -> str | None:
    """Displace a booking on a day that is closed now, or say that its day is certain, or is not any more.

    What became of it; None where nothing did. Raises Conflict or Outdated where somebody was faster.
    """
    by_the_clock(actor)
    before = queries.seen(actor, booking_id)
    with transaction(lock=[before.instrument_id]) as tx:
        tx.execute(sa.select(_booking.c.id).where(_booking.c.id == booking_id).with_for_update())
        old = queries.seen(actor, booking_id)
        if old.state not in lifecycle.AHEAD or old.starts_at <= now:
            return None
        known = catalogue.known_by_id(old.instrument_id)
        what = outside.due(hours.of([known])[known.id], old.slot, provisional=old.provisional)
        if what == outside.DISPLACED:
            cause = Cause(CLOSED_DAY, year.id or 0)
            entries = displacement.displace(tx, actor, Hit(bookings=[old]), cause, now)
            displacement.give_back(tx, actor, entries, now)
        elif what is not None:
            firm = what == outside.CONFIRMED
            fact = BookingMadeFirm if firm else BookingMadeProvisional
            change(tx, actor, old, None, {"provisional": not firm}, fact, now, state=old.state)
        return what


def withdraw_offer(actor: Actor, booking_id: int, year: Year, now: datetime) -> bool:
    """Hold no more time for a displaced booking on a day that is closed now; whether any was. A job finds another."""
    by_the_clock(actor)
    before = displacement.of_booking(booking_id)
    if before is None or before.instrument_id is None:
        return False
    with transaction(lock=[before.instrument_id]) as tx:
        held = displacement.of_booking(booking_id)
        if held is None or held.slot is None or (held.state, held.instrument_id) != (OFFERED, before.instrument_id):
            return False
        known = catalogue.known_by_id(before.instrument_id)
        if not outside.by_calendar(hours.of([known])[known.id], held.slot):
            return False
        displacement.displace(tx, actor, Hit(offers=[held.id]), Cause(CLOSED_DAY, year.id or 0), now)
        return True


def finish(actor: Actor, year: Year, counts: Mapping[str, int], now: datetime) -> bool:
    """Note that the bookings on the year's days were looked at; not where it has changed again since."""
    by_the_clock(actor)
    with transaction() as tx:
        fact = workdays.mark_rechecked(tx, year, counts, now)
        if fact is None:
            return False
        publish(tx, actor, fact, now)
        return True
