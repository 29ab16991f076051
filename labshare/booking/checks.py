"""What must always hold of claims and bookings; `labshare check` reads these in one snapshot."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labshare.booking import bookkeeping, lifecycle
from labshare.booking.models import (
    ACCEPTED,
    ASKED,
    IN_LINE,
    LATE_CANCEL,
    NO_SHOW,
    OFFERED,
    OVERTIME,
    Booking,
    ConductEntry,
    Displacement,
    Restriction,
    UsageRecord,
    WaitlistEntry,
)
from labshare.booking.rules import judgement
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


def displaced_are_explained(session: Session) -> list[str]:
    """Every displaced booking says why, and no other does."""
    statement = sa.select(Booking.id, Booking.state).outerjoin(Displacement, Displacement.booking_id == Booking.id)
    fits = sa.case(
        (Booking.state == lifecycle.DISPLACED, Displacement.id.is_not(None)), else_=Displacement.id.is_(None)
    )
    return [f"booking {number} is {state}" for number, state in session.execute(statement.where(sa.not_(fits)))]


def offers_hold_their_time(session: Session) -> list[str]:
    """Every open offer holds its time, and every held offer is open."""
    mine = sa.and_(Claim.kind == "offer", Claim.owner_id == Displacement.id)
    fits = sa.and_(
        mine,
        Claim.instrument_id == Displacement.instrument_id,
        Claim.channel == Displacement.channel,
        Claim.starts_at <= Displacement.starts_at,
        Claim.ends_at >= Displacement.ends_at,
    )
    offered = (
        sa.select(Displacement.id, sa.func.count(Claim.id))
        .outerjoin(Claim, fits)
        .where(Displacement.state == OFFERED)
        .group_by(Displacement.id)
        .having(sa.func.count(Claim.id) != 1)
    )
    found = [f"open offer {number} holds {count} claims" for number, count in session.execute(offered)]
    strays = (
        sa.select(Claim.id, Claim.owner_id)
        .outerjoin(Displacement, mine)
        .where(Claim.kind == "offer", sa.or_(Displacement.id.is_(None), Displacement.state != OFFERED))
    )
    return found + [f"claim {number} belongs to no open offer ({owner})" for number, owner in session.execute(strays)]


def successors_are_named(session: Session) -> list[str]:
    """A booking replaces a displaced one of its company whose offer was accepted; every accepted one is replaced."""
    old, new = aliased(Booking), aliased(Booking)
    statement = (
        sa.select(old.id, new.id)
        .select_from(Displacement)
        .join(old, old.id == Displacement.booking_id)
        .outerjoin(new, new.replaces_id == old.id)
        .where(sa.or_((Displacement.state == ACCEPTED) != new.id.is_not(None), new.company_id != old.company_id))
    )
    found = [
        f"displaced booking {one} and its successor {other} do not fit" for one, other in session.execute(statement)
    ]
    strays = (
        sa.select(new.id)
        .outerjoin(Displacement, Displacement.booking_id == new.replaces_id)
        .where(new.replaces_id.is_not(None), Displacement.id.is_(None))
    )
    return found + [f"booking {number} replaces one that was not displaced" for (number,) in session.execute(strays)]


def waits_are_held(session: Session) -> list[str]:
    """Who was asked has the time they waited for, held by one booking; and no booking ends the wait of others."""
    asked = sa.and_(
        Booking.waitlist_id == WaitlistEntry.id,
        Booking.state == lifecycle.OFFERED,
        Booking.instrument_id == WaitlistEntry.instrument_id,
        Booking.starts_at == WaitlistEntry.starts_at,
        Booking.ends_at == WaitlistEntry.ends_at,
    )
    held = (
        sa.select(WaitlistEntry.id, sa.func.count(Booking.id))
        .outerjoin(Booking, asked)
        .where(WaitlistEntry.state == ASKED)
        .group_by(WaitlistEntry.id)
        .having(sa.func.count(Booking.id) != 1)
    )
    found = [f"{count} bookings hold time for wait {number}" for number, count in session.execute(held)]
    strays = (
        sa.select(Booking.id, WaitlistEntry.id)
        .join(WaitlistEntry, WaitlistEntry.id == Booking.waitlist_id)
        .where(sa.or_(Booking.company_id != WaitlistEntry.company_id, WaitlistEntry.state == IN_LINE))
    )
    return found + [f"booking {number} does not end wait {wait}" for number, wait in session.execute(strays)]


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
    one, other = aliased(Restriction), aliased(Restriction)
    statement = sa.select(one.id, other.id).join(
        other,
        sa.and_(
            *(one.id < other.id, one.company_id == other.company_id),
            sa.func.coalesce(one.person_id, 0) == sa.func.coalesce(other.person_id, 0),
            *(one.starts_at < other.ends_at, other.starts_at < one.ends_at),
        ),
    )
    found = session.execute(statement.where(one.lifted_at.is_(None), other.lifted_at.is_(None)))
    return [f"restrictions {number} and {second} run at once" for number, second in found]


CHECKS = (
    ("no two claims overlap", no_overlaps),
    ("every claim has its owner", no_ownerless_claims),
    ("every live booking holds its time", live_bookings_claim),
    ("every use belongs to a booking in use or completed", uses_fit_bookings),
    ("every use counts its minutes", uses_add_up),
    ("every completed booking keeps what was used", uses_keep_their_time),
    ("every booking is where its history led", states_in_graph),
    ("every change stands in the journal", changes_are_told),
    ("every displaced booking says why", displaced_are_explained),
    ("every open offer holds its time", offers_hold_their_time),
    ("every accepted offer became a booking", successors_are_named),
    ("every wait that was asked has its time held", waits_are_held),
    ("every booking stands in its company's account", bookkeeping.differences),
    ("every entry of the conduct record rests on its booking", conduct_rests_on_bookings),
    ("no two restrictions run at once", restrictions_follow_each_other),
)
