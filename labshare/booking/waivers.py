"""Rules that were let pass for a booking by name: written in the caller's transaction, and read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from labshare.booking.models import Waiver
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows, table_of
from labshare.people.models import Person

_waiver = table_of(Waiver)


@dataclass(frozen=True)
class Waived:
    """A rule that was let pass, by whom, and why."""

    code: str
    reason: str
    who: str | None
    at: datetime


@dataclass(frozen=True)
class Waiving:
    """Which rules somebody lets pass by name, and why."""

    codes: tuple[str, ...] = ()
    reason: str = ""


NOTHING = Waiving()


def note(tx: Transaction, actor: Actor, booking_id: int, waiving: Waiving, now: datetime) -> None:
    """Remember these with the booking."""
    said = {"booking_id": booking_id, "reason": waiving.reason, "person_id": actor.person_id, "at": now}
    for code in waiving.codes:
        tx.note(_waiver, {**said, "code": code})


def of_bookings(booking_ids: Collection[int]) -> dict[int, list[Waived]]:
    """What was let pass for each of these bookings, the oldest first; one statement."""
    found: dict[int, list[Waived]] = {number: [] for number in booking_ids}
    statement = (
        sa.select(Waiver.booking_id, Waiver.code, Waiver.reason, Person.name, Waiver.at)
        .outerjoin(Person, Person.id == Waiver.person_id)
        .where(Waiver.booking_id.in_(sorted(found)))
        .order_by(Waiver.id)
    )
    for number, *rest in rows(statement) if found else ():
        found[number].append(Waived(*rest))
    return found
