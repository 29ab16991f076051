"""Rows to be inserted of which nothing is asked back, written in as few statements as the engine allows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


class Note(NamedTuple):
    """A row to be inserted."""

    table: sa.Table
    values: dict[str, Any]
    guarded_by: str | None


def together(noted: list[Note]) -> Iterator[list[Note]]:
    """What one statement can write: a row a table, for the order of two would be open, and one that may be refused."""
    some: list[Note] = []
    for note in noted:
        if any(note.table is other.table or (note.guarded_by and other.guarded_by) for other in some):
            yield some
            some = []
        some.append(note)
    if some:
        yield some


@cache
def plain_insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table).inline()


@cache
def returning_insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table).returning(table.c.id)


@cache
def inserts(shape: tuple[tuple[sa.Table, tuple[str, ...], bool], ...]) -> sa.Insert:
    """One statement for a row in each table: the one that may be refused comes last and is counted."""
    *others, last = (
        (postgresql.insert(table).on_conflict_do_nothing() if guarded else sa.insert(table))
        .inline()
        .values({name: sa.bindparam(f"{table.name}_{name}", type_=table.c[name].type) for name in names})
        for table, names, guarded in sorted(shape, key=lambda one: one[2])
    )
    all_of_them = last.add_cte(*(other.cte(f"also_{n}") for n, other in enumerate(others)))
    return all_of_them.execution_options(preserve_rowcount=True)  # or nobody knows whether it was refused


@cache
def insert_or_nothing(table: sa.Table, engine: str) -> Any:
    if engine == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing().returning(table.c.id)
    return sqlite.insert(table).returning(table.c.id)


@cache
def insert_missing(table: sa.Table, engine: str) -> Any:
    make: Any = postgresql.insert if engine == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing().returning(table.c.id)
