"""Requests do not wait for ever: whoever answers is reminded, deputies told, and at decide-by the time is free."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.booking import lifecycle, rules
from labshare.booking.models import COMING_UP, DUE, OVERDUE, Booking, Reminder
from labshare.booking.services import waiting
from labshare.clockwork.job import Job
from labshare.instruments.models import Instrument
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.errors import N_, Conflict
from labshare.quotas.account import Outdated

_WAITS = sa.and_(Booking.state == lifecycle.REQUESTED, Booking.decide_by.is_not(None))


def remind_managers(now: datetime) -> dict[str, int]:
    """Remind of each request whose time to answer is half up, and tell the deputies when a quarter is left.

    A request that awaits its own company is that company's admins' to answer.
    """
    counts = {"reminded": 0, "escalated": 0}
    for number, kind in _neglected(now):
        if waiting.remind_of_request(SYSTEM, number, kind, now):
            counts["escalated" if kind == OVERDUE else "reminded"] += 1
    return counts


def _to_remind(now: datetime) -> dict[str, int]:
    kinds = [kind for _number, kind in _neglected(now)]
    return {"reminded": kinds.count(DUE), "escalated": kinds.count(OVERDUE)}


def _neglected(now: datetime) -> list[tuple[int, str]]:
    """Requests that wait for a reminder, with its kind; soonest decide-by first."""
    told = sa.select(Reminder.kind).where(Reminder.booking_id == Booking.id, Reminder.about == Booking.decide_by)
    statement = (
        sa.select(Booking.id, Booking.decide_by, Instrument.decide_minutes)
        .add_columns(*(told.where(Reminder.kind == kind).exists() for kind in (DUE, OVERDUE)))
        .join(Instrument, Instrument.id == Booking.instrument_id)
        .where(_WAITS, Booking.decide_by > now)
        .order_by(Booking.decide_by, Booking.id)
    )
    found: list[tuple[int, str]] = []
    for number, decide_by, minutes, reminded, escalated in rows(statement):
        due, overdue = rules.answer_is_due(decide_by, minutes, now)
        if due and not reminded:
            found.append((number, DUE))
        if overdue and not escalated:
            found.append((number, OVERDUE))
    return found


def expire_requests(now: datetime) -> dict[str, int]:
    """Let go of every request nobody answered in time; its time is free at once."""
    return {"expired": sum(_let_go(number, now) for number in _unanswered(now))}


def _unanswered(now: datetime) -> list[int]:
    late = sa.select(Booking.id).where(_WAITS, Booking.decide_by <= now)
    return [number for (number,) in rows(late.order_by(Booking.decide_by, Booking.id))]


def _let_go(booking_id: int, now: datetime) -> bool:
    try:
        waiting.expire(SYSTEM, booking_id, now)
    except (Conflict, Outdated):  # answered, or let go by another, in this very moment
        return False
    return True


def remind_bookers(now: datetime) -> dict[str, int]:
    """Remind of every approved booking that starts within a day."""
    return {"reminded": sum(waiting.remind_of_booking(SYSTEM, number, now) for number in _coming_up(now))}


def _coming_up(now: datetime) -> list[int]:
    told: Any = sa.select(Reminder.id).where(
        Reminder.booking_id == Booking.id, Reminder.kind == COMING_UP, Reminder.about == Booking.starts_at
    )
    statement = sa.select(Booking.id, Booking.created_at, Booking.starts_at).where(
        Booking.state == lifecycle.APPROVED,
        Booking.starts_at > now,
        Booking.starts_at <= now + rules.REMIND_AHEAD,
        ~told.exists(),
    )
    found = rows(statement.order_by(Booking.starts_at, Booking.id))
    return [number for number, asked_at, starts_at in found if starts_at - asked_at > rules.REMIND_AHEAD]


_WAITING = ("bookings.listed", {"tab": "all", "state": lifecycle.REQUESTED})
REMIND_MANAGERS = Job(
    "remind_managers",
    N_("Reminds whoever has to answer of requests that wait, and tells deputies before the time to answer is up"),
    timedelta(minutes=1),
    remind_managers,
    preview=_to_remind,
    links={"reminded": _WAITING, "escalated": _WAITING},
)
EXPIRE_REQUESTS = Job(
    "expire_requests",
    N_("Gives the time of requests back that nobody answered in time"),
    timedelta(minutes=1),
    expire_requests,
    preview=lambda now: {"expired": len(_unanswered(now))},
    links={"expired": ("bookings.listed", {"state": lifecycle.EXPIRED})},
    destructive=True,
)
REMIND_BOOKERS = Job(
    "remind_bookers",
    N_("Reminds people of their bookings the day before"),
    timedelta(minutes=5),
    remind_bookers,
    preview=lambda now: {"reminded": len(_coming_up(now))},
    links={"reminded": ("bookings.listed", {"state": lifecycle.APPROVED})},
)
