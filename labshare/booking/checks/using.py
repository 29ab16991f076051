"""What must always hold of the use of instruments."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.booking import lifecycle, tally
from labshare.booking.models import Booking, UsageRecord
from labshare.booking.rules import judgement
from labshare.instruments.models import Claim

_EXPECTED = {lifecycle.IN_USE: "an open", lifecycle.COMPLETED: "an ended"}


def uses_fit_bookings(session: Session) -> list[str]:
    """A booking in use has an open usage record, a completed one an ended one, and no other has any."""
    is_open = UsageRecord.id.is_not(None) & UsageRecord.ends_at.is_(None)
    fits = sa.case(
        (Booking.state == lifecycle.IN_USE, is_open),
        (Booking.state == lifecycle.COMPLETED, UsageRecord.ends_at.is_not(None)),
        else_=UsageRecord.id.is_(None),
    )
    statement = (
        sa.select(Booking.id, Booking.state)
        .outerjoin(UsageRecord, UsageRecord.booking_id == Booking.id)
        .where(sa.not_(fits))
    )
    return [
        f"booking {number} is {state}, but has not {_EXPECTED.get(state, 'no')} usage record"
        for number, state in session.execute(statement)
    ]


def uses_add_up(session: Session) -> list[str]:
    """A usage record names its booking's company and place, and its minutes are those from start to end."""
    statement = sa.select(
        UsageRecord.id, UsageRecord.starts_at, UsageRecord.ends_at, UsageRecord.freed_at, UsageRecord.minutes
    )
    found = []
    for number, start, end, freed, minutes in session.execute(statement):
        if end is None:
            fits = minutes is None and freed is None
        else:
            fits = minutes == judgement.minutes(start, end) and freed is not None
        if not fits:
            found.append(f"usage record {number} counts {minutes} minutes from {start} to {end}")
    strays = (
        sa.select(UsageRecord.id)
        .join(Booking, Booking.id == UsageRecord.booking_id)
        .where(
            sa.or_(
                UsageRecord.company_id != Booking.company_id,
                UsageRecord.instrument_id != Booking.instrument_id,
                UsageRecord.channel != Booking.channel,
            )
        )
    )
    return found + [f"usage record {number} is not its booking's" for (number,) in session.execute(strays)]


def uses_keep_their_time(session: Session) -> list[str]:
    """A completed booking holds one claim, over what was used of its time; where that was nothing, at most one."""
    fits = sa.and_(
        Claim.kind == "booking",
        Claim.owner_id == Booking.id,
        Claim.instrument_id == Booking.instrument_id,
        Claim.channel == Booking.channel,
        Claim.starts_at <= UsageRecord.starts_at,
        sa.or_(Claim.ends_at >= UsageRecord.ends_at, Claim.ends_at >= Booking.ends_at),
    )
    statement = (
        sa.select(Booking.id, sa.func.count(Claim.id))
        .join(UsageRecord, UsageRecord.booking_id == Booking.id)
        .outerjoin(Claim, fits)
        .where(Booking.state == lifecycle.COMPLETED)
        .group_by(Booking.id, UsageRecord.starts_at, UsageRecord.ends_at)
        .having(
            sa.or_(
                sa.func.count(Claim.id) > 1,
                sa.and_(sa.func.count(Claim.id) == 0, UsageRecord.starts_at < UsageRecord.ends_at),
            )
        )
    )
    return [f"completed booking {number} holds {count} claims" for number, count in session.execute(statement)]


def sums_are_right(session: Session) -> list[str]:
    """The sums of every company, instrument and month are what its bookings and uses say."""
    return [
        f"company {company_id} on instrument {instrument_id} in {year}-{month:02d} is counted wrong:"
        f" {', '.join(f'{name} {-more:+d}' for name, more in counts.items() if more)}"
        for (year, month, company_id, instrument_id), counts in sorted(tally.differences(session).items())
    ]
