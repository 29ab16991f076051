"""What must always hold of claims, and of the states bookings are in."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.booking import lifecycle
from labshare.booking.models import Booking
from labshare.instruments.models import Claim
from labshare.kernel.journal import Entry

_LIVE = sorted(lifecycle.LIVE)
_AHEAD = sorted(lifecycle.LIVE - {lifecycle.COMPLETED})  # a completed one keeps what was used, and no more


def no_overlaps(session: Session) -> list[str]:
    """No two claims of one channel share a moment."""
    channel = (Claim.instrument_id, Claim.channel)
    so_far = sa.func.max(Claim.ends_at).over(partition_by=channel, order_by=Claim.starts_at, rows=(None, -1))
    inner = sa.select(Claim.id, Claim.instrument_id, Claim.starts_at, so_far.label("so_far")).subquery()
    found = session.execute(sa.select(inner.c.id, inner.c.instrument_id).where(inner.c.so_far > inner.c.starts_at))
    return [f"claim {number} overlaps another of instrument {instrument}" for number, instrument in found]


def no_ownerless_claims(session: Session) -> list[str]:
    """Every booking claim belongs to a live booking."""
    statement = (
        sa.select(Claim.id, Claim.owner_id)
        .outerjoin(Booking, Booking.id == Claim.owner_id)
        .where(Claim.kind == "booking", sa.or_(Booking.id.is_(None), Booking.state.not_in(_LIVE)))
    )
    return [f"claim {number} belongs to no live booking ({owner})" for number, owner in session.execute(statement)]


def live_bookings_claim(session: Session) -> list[str]:
    """Every booking whose time is to come or running holds exactly one claim, on its channel, over all of its time."""
    fits = sa.and_(
        Claim.kind == "booking",
        Claim.owner_id == Booking.id,
        Claim.instrument_id == Booking.instrument_id,
        Claim.channel == Booking.channel,
        Claim.starts_at <= Booking.starts_at,
        Claim.ends_at >= Booking.ends_at,
    )
    statement = (
        sa.select(Booking.id, sa.func.count(Claim.id))
        .outerjoin(Claim, fits)
        .where(Booking.state.in_(_AHEAD))
        .group_by(Booking.id)
        .having(sa.func.count(Claim.id) != 1)
    )
    return [f"booking {number} holds {count} claims instead of one" for number, count in session.execute(statement)]


def states_in_graph(session: Session) -> list[str]:
    """Every booking is in a state, and came to it by moves, that the lifecycle knows."""
    statement = sa.select(Booking.id, Booking.state).where(Booking.state.not_in(lifecycle.STATES))
    found = [f"booking {number} is in the unknown state {state}" for number, state in session.execute(statement)]
    last = (
        sa.select(sa.func.max(Entry.id).label("id"))
        .where(Entry.object == "booking")
        .group_by(Entry.object_id)
        .subquery()
    )
    said = (
        sa.select(Booking.id, Booking.state, Entry.kind, Entry.data)
        .join(Entry, sa.and_(Entry.object == "booking", Entry.object_id == Booking.id))
        .join(last, last.c.id == Entry.id)
    )
    for number, state, kind, data in session.execute(said):
        if state != lifecycle.told(kind, data):
            found.append(f"booking {number} is {state}, but the journal last said {kind}")
    return found


def changes_are_told(session: Session) -> list[str]:
    """Every version of a booking stands in the journal, once."""
    entries = sa.func.count(Entry.id)
    told = sa.and_(Entry.object == "booking", Entry.object_id == Booking.id)
    statement = (
        sa.select(Booking.id, Booking.version, entries)
        .outerjoin(Entry, told)
        .group_by(Booking.id, Booking.version)
        .having(sa.or_(entries != Booking.version, sa.func.coalesce(sa.func.max(Entry.version), 0) != Booking.version))
    )
    return [
        f"booking {number} has version {version}, but {count} entries in the journal"
        for number, version, count in session.execute(statement)
    ]
