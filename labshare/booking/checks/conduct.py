"""What must always hold of the conduct record."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labshare.booking import lifecycle
from labshare.booking.models import LATE_CANCEL, NO_SHOW, OVERTIME, Booking, ConductEntry, Restriction, UsageRecord


def conduct_rests_on_bookings(session: Session) -> list[str]:
    """What counts against somebody is their company's, and the booking came to what is held against it."""
    grounds = sa.case(
        (ConductEntry.what == NO_SHOW, (Booking.state == lifecycle.MISSED) & (Booking.excuse == "")),
        (ConductEntry.what == LATE_CANCEL, (Booking.state == lifecycle.CANCELLED) & (Booking.charge > 0)),
        (
            ConductEntry.what == OVERTIME,
            sa.func.coalesce(UsageRecord.overtime & (UsageRecord.excuse == ""), sa.false()),
        ),
        else_=sa.false(),
    )
    statement = (
        sa.select(ConductEntry.id, ConductEntry.what, Booking.id, Booking.state)
        .join(Booking, Booking.id == ConductEntry.booking_id)
        .outerjoin(UsageRecord, UsageRecord.booking_id == Booking.id)
        .where(ConductEntry.lifted_at.is_(None), sa.not_(grounds & (ConductEntry.company_id == Booking.company_id)))
    )
    return [
        f"entry {number} holds {what} against booking {booking}, which is {state}"
        for number, what, booking, state in session.execute(statement)
    ]


def restrictions_follow_each_other(session: Session) -> list[str]:
    """Of one person, and of one company, at most one restriction that was not lifted runs at a time."""
    return [f"restrictions {number} and {second} run at once" for number, second in session.execute(_at_once())]


@cache
def _at_once() -> sa.Select[int, int]:
    """What asks for pairs of restrictions that run at the same time."""
    one, other = aliased(Restriction), aliased(Restriction)
    statement = sa.select(one.id, other.id).join(
        other,
        sa.and_(
            *(one.id < other.id, one.company_id == other.company_id),
            sa.func.coalesce(one.person_id, 0) == sa.func.coalesce(other.person_id, 0),
            *(one.starts_at < other.ends_at, other.starts_at < one.ends_at),
        ),
    )
    return statement.where(one.lifted_at.is_(None), other.lifted_at.is_(None))
