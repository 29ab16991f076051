"""What must always hold of displaced bookings, of the time held for companies, and of the waiting list."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labshare.booking import lifecycle
from labshare.booking.models import ACCEPTED, ASKED, IN_LINE, OFFERED, Booking, Displacement, WaitlistEntry
from labshare.instruments.models import Claim


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
    unfit, strays = _successors()
    found = [f"displaced booking {one} and its successor {other} do not fit" for one, other in session.execute(unfit)]
    return found + [f"booking {number} replaces one that was not displaced" for (number,) in session.execute(strays)]


@cache
def _successors() -> tuple[sa.Select[int, int], sa.Select[int]]:
    """What asks for successors that do not fit what they replace, and for those of bookings never displaced."""
    old, new = aliased(Booking), aliased(Booking)
    unfit = (
        sa.select(old.id, new.id)
        .select_from(Displacement)
        .join(old, old.id == Displacement.booking_id)
        .outerjoin(new, new.replaces_id == old.id)
        .where(sa.or_((Displacement.state == ACCEPTED) != new.id.is_not(None), new.company_id != old.company_id))
    )
    strays = (
        sa.select(new.id)
        .outerjoin(Displacement, Displacement.booking_id == new.replaces_id)
        .where(new.replaces_id.is_not(None), Displacement.id.is_(None))
    )
    return unfit, strays


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
