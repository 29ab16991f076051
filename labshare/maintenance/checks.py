"""What must always hold of windows and outages and the time they take."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.instruments.models import Claim, Instrument
from labshare.maintenance import lifecycle
from labshare.maintenance.models import Outage, Window, WindowPlace


def maintained_time_is_planned(session: Session) -> list[str]:
    """Every claim of maintenance belongs to a window, of that instrument, and lies within its time."""
    fits = sa.and_(
        Window.id == Claim.owner_id,
        Window.state != lifecycle.CANCELLED,
        Window.starts_at <= Claim.starts_at,
        Window.ends_at >= Claim.ends_at,
    )
    place = sa.and_(WindowPlace.window_id == Window.id, WindowPlace.instrument_id == Claim.instrument_id)
    statement = (
        sa.select(Claim.id, Claim.owner_id)
        .outerjoin(Window, fits)
        .outerjoin(WindowPlace, place)
        .where(Claim.kind == "maintenance", WindowPlace.id.is_(None))
    )
    return [f"claim {number} is not of window {owner}" for number, owner in session.execute(statement)]


def windows_hold_their_time(session: Session) -> list[str]:
    """A window to come, or under way, holds all of its time on every channel; but for one that fits around bookings."""
    whole = sa.and_(
        Claim.kind == "maintenance",
        Claim.owner_id == Window.id,
        Claim.instrument_id == Instrument.id,
        Claim.channel <= Instrument.channels,
        sa.or_(Claim.starts_at == Window.starts_at, Window.state == lifecycle.OPEN),  # a channel may be new
        Claim.ends_at == Window.ends_at,
    )
    statement = (
        sa.select(Window.id, Instrument.code, sa.func.count(Claim.id), Instrument.channels)
        .join(WindowPlace, WindowPlace.window_id == Window.id)
        .join(Instrument, Instrument.id == WindowPlace.instrument_id)
        .outerjoin(Claim, whole)
        .where(Window.state.in_(sorted(lifecycle.LIVE)), Window.fits.is_(False))
        .group_by(Window.id, Instrument.code, Instrument.channels)
        .having(sa.func.count(Claim.id) < Instrument.channels)
    )
    return [
        f"window {number} holds {count} of {channels} channels of {code}"
        for number, code, count, channels in session.execute(statement)
    ]


def broken_is_out_of_service(session: Session) -> list[str]:
    """An instrument with an open outage is not in service, and has but one; a claim of an outage is of one."""
    statement = (
        sa.select(Instrument.code, Instrument.state, sa.func.count(Outage.id))
        .join(Outage, Outage.instrument_id == Instrument.id)
        .where(Outage.state == lifecycle.OPEN)
        .group_by(Instrument.code, Instrument.state)
        .having(sa.or_(sa.func.count(Outage.id) > 1, Instrument.state.in_(("in_service", "in_maintenance"))))
    )
    found = [f"{code} is {state} and has {count} open outages" for code, state, count in session.execute(statement)]
    mine = sa.and_(Outage.id == Claim.owner_id, Outage.instrument_id == Claim.instrument_id)
    strays = sa.select(Claim.id).outerjoin(Outage, mine).where(Claim.kind == "outage", Outage.id.is_(None))
    return found + [f"claim {number} is of no outage of its instrument" for (number,) in session.execute(strays)]


CHECKS = (
    ("maintained time belongs to a window", maintained_time_is_planned),
    ("every window holds its time", windows_hold_their_time),
    ("what is broken is out of service, once", broken_is_out_of_service),
)
