"""What people do with their inbox."""

from __future__ import annotations

import sqlalchemy as sa

from labshare.kernel.actor import Actor
from labshare.kernel.db import table_of, transaction
from labshare.notifications.models import InboxMark

_mark = table_of(InboxMark)


def mark_read(actor: Actor, entry_id: int) -> None:
    """Everything up to this fact is read; reading never goes backwards."""
    with transaction() as tx:
        mine = _mark.c.person_id == actor.person_id
        forward = sa.update(_mark).where(mine, _mark.c.seen_id < entry_id).values(seen_id=entry_id)
        if tx.execute(forward).rowcount or tx.execute(sa.select(_mark.c.seen_id).where(mine)).first():
            return
        tx.execute(sa.insert(_mark).values(person_id=actor.person_id, seen_id=entry_id))
