"""What must always hold of the journal: whatever has a version, its last one is told there."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.booking.models import ConductEntry, Displacement, Restriction, WaitlistEntry
from labshare.instruments.models import CalendarYear, Instrument, OpeningPattern
from labshare.kernel.journal import Entry
from labshare.maintenance.models import Outage, Upkeep, Utility, Window
from labshare.people.models import Company, Invitation, Person, Site, Token
from labshare.quotas.models import Account

# Bookings are told by booking/checks.py, version by version. A usage record's first versions are its booking's, and
# mails are not facts of the business.
TOLD: dict[str, Any] = {
    "site": Site,
    "company": Company,
    "person": Person,
    "token": Token,
    "invitation": Invitation,
    "instrument": Instrument,
    "opening_pattern": OpeningPattern,
    "calendar_year": CalendarYear,
    "account": Account,
    "displacement": Displacement,
    "waitlist_entry": WaitlistEntry,
    "conduct_entry": ConductEntry,
    "restriction": Restriction,
    "maintenance_window": Window,
    "outage": Outage,
    "utility": Utility,
    "upkeep": Upkeep,
}


@cache  # they are the same every time, and to put them together costs more than to ask a small laboratory
def _untold() -> dict[str, sa.Select[Any]]:
    """What asks for the rows of each kind whose last version the journal does not tell of."""
    return {name: _untold_of(name, table) for name, table in TOLD.items()}


def _untold_of(name: str, table: Any) -> sa.Select[Any]:
    last = (
        sa.select(Entry.object_id, sa.func.max(Entry.version).label("version"))
        .where(Entry.object == name)
        .group_by(Entry.object_id)
        .subquery()
    )
    told = sa.func.coalesce(last.c.version, 1)
    return (
        sa.select(table.id, table.version, told)
        .outerjoin(last, last.c.object_id == table.id)
        .where(told < table.version)
        .order_by(table.id)
    )


def last_versions_are_told(session: Session) -> list[str]:
    """No row has a later version than the journal tells of; of a first version it may be silent."""
    found = []
    for name, statement in _untold().items():
        found += [
            f"{name} {number} has version {version}, but the journal tells of {known}"
            for number, version, known in session.execute(statement)
        ]
    return found


CHECKS = (("every last version stands in the journal", last_versions_are_told),)
