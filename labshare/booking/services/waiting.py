"""What becomes of requests that wait, and of bookings that draw near; done by the clockwork."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labshare.booking import charging, lifecycle, queries, rules
from labshare.booking.change import about, by_the_clock, change, refuse
from labshare.booking.events import AnswerDue, BookingComingUp, BookingExpired, BookingLapsed
from labshare.booking.models import COMING_UP, OVERDUE, REMINDED, Reminder
from labshare.booking.queries import Seen
from labshare.instruments import timeline
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, table_of, transaction
from labshare.kernel.journal import publish

_reminder = table_of(Reminder)


def remind_of_request(actor: Actor, booking_id: int, kind: str, now: datetime) -> bool:
    """Tell that a request still waits, once for each decide-by; whether there was still something to tell."""
    by_the_clock(actor)
    with transaction() as tx:
        old = queries.seen(actor, booking_id)
        if old.state != lifecycle.REQUESTED or old.decide_by is None:
            return False
        said = {"decide_by": old.decide_by, "escalated": kind == OVERDUE, "awaiting": old.awaiting}
        return _remind(tx, actor, old, kind, old.decide_by, AnswerDue, now, **said)


def remind_of_booking(actor: Actor, booking_id: int, now: datetime) -> bool:
    """Tell that an approved booking draws near, once for each start; whether there was still something to tell."""
    by_the_clock(actor)
    with transaction() as tx:
        old = queries.seen(actor, booking_id)
        if old.state != lifecycle.APPROVED:
            return False
        return _remind(tx, actor, old, COMING_UP, old.starts_at, BookingComingUp, now)


def expire(actor: Actor, booking_id: int, now: datetime) -> Seen:
    """Let go of a request nobody answered by its decide-by; its time is free at once. Raises Conflict."""
    by_the_clock(actor)
    with transaction() as tx:
        old = queries.seen(actor, booking_id)
        reasons = rules.wrong_move(old.state, "expire") or rules.too_early_to_expire(old.decide_by, now)
        refuse(reasons)
        values = {"state": lifecycle.EXPIRED, "decide_by": None, "awaiting": ""}
        seen = change(tx, actor, old, None, values, BookingExpired, now, decide_by=old.decide_by, awaiting=old.awaiting)
        timeline.release(tx, kind=timeline.BOOKING, owner_id=booking_id)
        charging.let_go(tx, actor, old, now)
        return seen


def lapse_booking(actor: Actor, booking_id: int, now: datetime) -> bool:
    """Give back the time a company was offered and did not take by its answer date; whether that was still to be done.

    Raises Conflict where somebody was faster.
    """
    by_the_clock(actor)
    with transaction() as tx:
        old = queries.seen(actor, booking_id)
        if old.state != lifecycle.OFFERED or old.decide_by is None or old.decide_by > now:
            return False
        values = {"state": lifecycle.LAPSED, "decide_by": None}
        change(tx, actor, old, None, values, BookingLapsed, now, answer_by=old.decide_by)
        timeline.release(tx, kind=timeline.BOOKING, owner_id=booking_id)
        charging.let_go(tx, actor, old, now)
        return True


def _remind(
    tx: Transaction,
    actor: Actor,
    booking: Seen,
    kind: str,
    moment: datetime,
    fact: type[AnswerDue] | type[BookingComingUp],
    now: datetime,
    **said: Any,
) -> bool:
    row = {"booking_id": booking.id, "kind": kind, "about": moment, "at": now}
    number = tx.insert_or_nothing(_reminder, row, REMINDED)
    if number is not None:
        publish(tx, actor, fact(object_id=number, booking_id=booking.id, **about(booking), **said), now)
    return number is not None
