"""What must always hold of opening hours; `labshare check` reads these in one snapshot."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.instruments.models import Instrument, OpeningException, OpeningPattern, Ownership


def hours_are_said_once(session: Session) -> list[str]:
    """From one day on, and on one day, a site or an instrument has one set of hours."""
    found = []
    for what, day in ((OpeningPattern, OpeningPattern.valid_from), (OpeningException, OpeningException.day)):
        table: Any = what
        place = (sa.case((table.instrument_id.is_(None), table.site_id), else_=0), table.instrument_id, day)
        twice = sa.select(*place, sa.func.count()).group_by(*place).having(sa.func.count() > 1)
        found += [
            f"{table.__tablename__} of {f'instrument {instrument}' if instrument else f'site {site}'}"
            f" stands {count} times on {when}"
            for site, instrument, when, count in session.execute(twice)
        ]
    return found


def owners_are_remembered(session: Session) -> list[str]:
    """The owner an instrument has is the last one that is remembered of it."""
    latest = (
        sa.select(Ownership.instrument_id, sa.func.max(Ownership.valid_from).label("day"))
        .group_by(Ownership.instrument_id)
        .subquery()
    )
    last = (
        sa.select(Ownership.instrument_id, Ownership.owner_id)
        .join(latest, sa.and_(latest.c.instrument_id == Ownership.instrument_id, latest.c.day == Ownership.valid_from))
        .subquery()
    )
    statement = (
        sa.select(Instrument.code)
        .join(last, last.c.instrument_id == Instrument.id)
        .where(last.c.owner_id != Instrument.owner_id)
        .order_by(Instrument.code)
    )
    return [f"{code} belongs to somebody else than is remembered" for (code,) in session.execute(statement)]


CHECKS = (
    ("every day has one set of hours", hours_are_said_once),
    ("owners are remembered", owners_are_remembered),
)
