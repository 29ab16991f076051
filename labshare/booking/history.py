"""What the journal says of one booking."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from labshare.booking.models import Displacement, UsageRecord
from labshare.kernel.db import rows
from labshare.kernel.journal import Entry
from labshare.people.models import Person


def of_booking(booking_id: int) -> list[sa.Row[Any]]:
    """What the journal says of a booking and of its use, oldest first, with the name of who did it."""
    use = sa.select(UsageRecord.id).where(UsageRecord.booking_id == booking_id).scalar_subquery()
    of_use = sa.and_(Entry.object == "usage_record", Entry.object_id == use)
    displaced = sa.select(Displacement.id).where(Displacement.booking_id == booking_id).scalar_subquery()
    of_offer = sa.and_(Entry.object == "displacement", Entry.object_id == displaced)
    statement = (
        sa.select(Entry.id, Entry.at, Entry.kind, Entry.data, Person.name.label("who"))
        .outerjoin(Person, Person.id == Entry.actor_id)
        .where(sa.or_(sa.and_(Entry.object == "booking", Entry.object_id == booking_id), of_use, of_offer))
        .order_by(Entry.id)
    )
    return list(rows(statement))
