"""The database: one way to change it, one way to lock, and every difference between the two engines.

Outside `transaction()` connections are in autocommit and writing is refused: a page can neither
write by accident nor hold an old snapshot open. Inside it, PostgreSQL runs READ COMMITTED behind
advisory locks and SQLite runs BEGIN IMMEDIATE; the overlap guard of the timeline stands behind both.
"""

from labshare.kernel.db.base import Base, Id, Json, Model, UtcDateTime, WrittenDateTime, db, dialect, table_of
from labshare.kernel.db.engine import engine_options, prepare
from labshare.kernel.db.phrases import (
    LONGEST_CLAIM,
    db_now,
    has_guard,
    like,
    look_around,
    next_id,
    overlapping,
    touches,
    window,
)
from labshare.kernel.db.purging import purge
from labshare.kernel.db.refusals import constraint_of, guard, guards, problem_of
from labshare.kernel.db.writing import Transaction, changed_meanwhile, only_row, rows, snapshot, swap, transaction

__all__ = [
    "LONGEST_CLAIM",
    "Base",
    "Id",
    "Json",
    "Model",
    "Transaction",
    "UtcDateTime",
    "WrittenDateTime",
    "changed_meanwhile",
    "constraint_of",
    "db",
    "db_now",
    "dialect",
    "engine_options",
    "guard",
    "guards",
    "has_guard",
    "like",
    "look_around",
    "next_id",
    "only_row",
    "overlapping",
    "prepare",
    "problem_of",
    "purge",
    "rows",
    "snapshot",
    "swap",
    "table_of",
    "touches",
    "transaction",
    "window",
]
