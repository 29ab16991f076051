"""What the journal says of a window and of its documents."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from labshare.kernel.db import rows
from labshare.kernel.journal import Entry
from labshare.people.models import Person


def of_window(window_id: int) -> list[sa.Row[Any]]:
    """What happened to a window, oldest first, with the name of who did it. Who asks may see the window."""
    statement = (
        sa.select(Entry.id, Entry.at, Entry.kind, Entry.data, Person.name.label("who"))
        .outerjoin(Person, Person.id == Entry.actor_id)
        .where(Entry.object == "maintenance_window", Entry.object_id == window_id)
        .order_by(Entry.id)
    )
    return list(rows(statement))
