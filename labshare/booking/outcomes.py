"""What became of displaced bookings: by what took their time, and for those whose bookings they were."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from labshare.booking.displacement import DISPLACED, Cause, Displaced
from labshare.booking.models import OFFERED, WAITING, Booking, Displacement
from labshare.booking.queries import SEEN, Seen
from labshare.kernel.db import rows


@dataclass(frozen=True)
class Outcome:
    """A booking that was displaced, what became of it, and the booking that was taken instead, if one was."""

    booking: Seen
    displaced: Displaced
    new_id: int | None


def by_cause(cause: Cause) -> list[Outcome]:
    """The bookings it displaced and what became of each, by start; one statement."""
    new = aliased(Booking)
    mine = sa.and_(Displacement.cause == cause.kind, Displacement.cause_id == cause.id)
    statement = (
        SEEN.add_columns(*DISPLACED.selected_columns, new.id)
        .join(Displacement, Displacement.booking_id == Booking.id)
        .outerjoin(new, new.replaces_id == Booking.id)
        .where(mine)
        .order_by(Booking.starts_at, Booking.id)
    )
    most, count = len(fields(Seen)), len(fields(Displaced))
    return [
        Outcome(Seen(*row[:most]), Displaced(*row[most : most + count]), row[most + count]) for row in rows(statement)
    ]


def successor(booking_id: int) -> int | None:
    """The booking that was taken instead of this one, if one was."""
    found = rows(sa.select(Booking.id).where(Booking.replaces_id == booking_id))
    return found[0].id if found else None


def open_for(booking_ids: Collection[int]) -> dict[int, str]:
    """Of these bookings those for which another time can still be taken, with how that stands; one statement."""
    mine = sa.and_(Displacement.booking_id.in_(sorted(booking_ids)), Displacement.state.in_((WAITING, OFFERED)))
    statement = sa.select(Displacement.booking_id, Displacement.state).where(mine)
    return {row.booking_id: row.state for row in rows(statement)} if booking_ids else {}
