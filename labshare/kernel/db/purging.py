"""Throwing rows away, however many there are."""

from __future__ import annotations

import sqlalchemy as sa

from labshare.kernel.db.base import Base, table_of
from labshare.kernel.db.writing import transaction

AT_ONCE = 500  # rows a transaction deletes, so that nobody waits long for it


def purge(model: type[Base], old: sa.ColumnElement[bool]) -> int:
    """Delete the rows of which `old` is true, a few at a time, each time in a transaction of its own; how many."""
    table, total = table_of(model), 0
    some = sa.select(table.c.id).where(old).limit(AT_ONCE)
    while True:
        with transaction() as tx:
            gone = tx.execute(sa.delete(table).where(table.c.id.in_(some))).rowcount
        total += gone
        if gone < AT_ONCE:
            return total
