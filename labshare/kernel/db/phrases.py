"""Phrases of SQL that each engine says in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from labshare.kernel.db.base import Id, UtcDateTime, db, dialect


def like(column: Any, words: str) -> Any:
    """Does the text contain the words, whatever their case? Wildcards in them are taken literally."""
    return sa.func.lower(column).contains(words.lower(), autoescape=True)


LONGEST_CLAIM = timedelta(days=100)  # no claim is longer, so a window looks back no further


class touches(FunctionElement[bool]):  # noqa: N801 - reads as a function of SQL
    """Does [starts, ends) share a moment with the window? Written so that each engine uses its index.

    Statements that stand ready leave the window open and are given it by `window()` when they are asked.
    """

    inherit_cache = True
    # As a Boolean, SQLite would be asked whether it `= 1`, and would leave its index alone.
    type: Any = sa.types.NULLTYPE

    def __init__(self, starts: Any, ends: Any, given: Mapping[str, datetime] | None = None) -> None:
        moments = (
            sa.literal(given[name], UtcDateTime) if given else sa.bindparam(name, type_=UtcDateTime)
            for name in ("window_start", "window_end", "window_reach")
        )
        super().__init__(starts, ends, *moments)


class next_id(FunctionElement[int]):  # noqa: N801 - reads as a function of SQL
    """The id of a table's next row, for the one who is about to write it: nobody else is given it.

    None on an engine that numbers a row only as it writes it; `Transaction.insert` takes either.
    """

    inherit_cache = True
    type = Id

    def __init__(self, table: sa.Table) -> None:
        super().__init__(sa.literal_column(table.name))


@compiles(next_id, "postgresql")
def _from_sequence(element: next_id, compiler: Any, **how: Any) -> str:
    [table] = element.clauses
    return f"nextval('{compiler.process(table, **how)}_id_seq')"


@compiles(next_id, "sqlite")
def _not_yet(_element: next_id, _compiler: Any, **_how: Any) -> str:
    return "NULL"


def window(start: datetime, end: datetime) -> dict[str, datetime]:
    """The values of the window [start, end) for a statement with `touches`."""
    return {"window_start": start, "window_end": end, "window_reach": end + LONGEST_CLAIM}


@compiles(touches, "postgresql")
def _by_range(element: touches, compiler: Any, **how: Any) -> str:
    starts, ends, start, end, _ = (compiler.process(clause, **how) for clause in element.clauses)
    return f"tstzrange({starts}, {ends}, '[)') && tstzrange({start}, {end}, '[)')"


@compiles(touches, "sqlite")
def _by_end(element: touches, compiler: Any, **how: Any) -> str:
    starts, ends, start, end, reach = (compiler.process(clause, **how) for clause in element.clauses)
    return f"({ends} > {start} AND {ends} < {reach} AND {starts} < {end})"


def overlapping(starts: Any, ends: Any, start: datetime, end: datetime) -> Any:
    """Does [starts, ends) share a moment with [start, end)?"""
    return touches(starts, ends, window(start, end))


def has_guard(table: str, name: str) -> bool:
    """Is the named exclusion constraint (PostgreSQL) or the pair of triggers (SQLite) in place?"""
    session = db.session()
    if dialect() == "postgresql":
        found = "SELECT count(*) FROM pg_constraint WHERE conname = :name AND conrelid = to_regclass(:table)"
        return bool(session.scalar(sa.text(found), {"name": name, "table": table}) == 1)
    found = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table AND name LIKE :name || '%'"
    return bool(session.scalar(sa.text(found), {"name": name, "table": table}) == 2)


def db_now(seconds: int = 0) -> sa.ColumnElement[datetime]:
    """The database's own present moment, so many seconds on: one clock for all who share the database."""
    if dialect() == "postgresql":
        moved = sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        return sa.type_coerce(moved, UtcDateTime)
    written = sa.func.strftime("%Y-%m-%d %H:%M:%f000", "now", f"{seconds} seconds")  # as SQLAlchemy stores a moment
    return sa.type_coerce(written, UtcDateTime)


def look_around() -> None:
    """Let the engine look at what it holds, after much was written at once: else it plans by how little there was."""
    if dialect() == "postgresql":
        db.session().execute(sa.text("ANALYZE"))
