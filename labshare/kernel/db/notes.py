"""Rows to be inserted or changed of which nothing is asked back, in as few statements as the engine allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from labshare.kernel.errors import Problem


class Note(NamedTuple):
    """A row to be inserted, or by `change` to be changed; where that may be `refused`, the Problem to raise.

    A change names its values `table_column`, changes one row or none, and is written once, when its module is read;
    so does an insert that adds to the row which is there.
    """

    table: sa.Table
    values: dict[str, Any]
    refused: Callable[[], Problem] | None = None
    change: sa.Update | sa.Insert | None = None


def together(noted: list[Note]) -> Iterator[list[Note]]:
    """What one statement can write: a row a table, for the order of two would be open."""
    some: list[Note] = []
    for note in noted:
        if any(note.table is other.table for other in some):
            yield some
            some = []
        some.append(note)
    if some:
        yield some


def of_a_kind(noted: list[Note]) -> Iterator[list[Note]]:
    """What one prepared statement can write row by row: rows of a table that follow each other.

    From the first change on whatever is alike, for then all that is new is there.
    """
    first = next((number for number, note in enumerate(noted) if note.change is not None), len(noted))
    for _, some in groupby(noted[:first], key=_kind):
        yield list(some)
    kinds: dict[Any, list[Note]] = {}
    for note in noted[first:]:
        kinds.setdefault(_kind(note), []).append(note)
    yield from kinds.values()


def _kind(note: Note) -> Any:
    return note.table, note.change, note.refused, tuple(note.values)


@cache
def blanks(table: sa.Table) -> Mapping[str, Any]:
    """What a row says where it says nothing: the plain defaults of its columns."""
    said: dict[str, Any] = {column.name: column.default for column in table.c}
    return {name: default.arg for name, default in said.items() if default is not None and default.is_scalar}


@cache
def plain_insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table).inline()


@cache
def returning_insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table).returning(table.c.id)


Shape = tuple[tuple[sa.Table, tuple[str, ...], bool, sa.Update | sa.Insert | None], ...]


@cache
def joint(shape: Shape) -> Any:
    """One statement for a row in each table; its answer counts the rows of each that may be refused."""
    plain, counted = [], []
    for number, (table, names, refusable, change) in enumerate(shape):
        if isinstance(change, sa.Insert):
            plain.append(change)
            continue
        if change is not None:
            counted.append(change.returning(table.c.id).cte(f"also_{number}"))
            continue
        given = {name: sa.bindparam(f"{table.name}_{name}", type_=table.c[name].type) for name in names}
        if refusable:
            insert = postgresql.insert(table).on_conflict_do_nothing().inline().values(given)
            counted.append(insert.returning(table.c.id).cte(f"also_{number}"))
        else:
            plain.append(sa.insert(table).inline().values(given))
    if not counted:
        last = plain.pop()
        return last.add_cte(*(other.cte(f"also_{number}") for number, other in enumerate(plain)))
    counts = (sa.select(sa.func.count()).select_from(one).scalar_subquery() for one in counted)
    return sa.select(*counts).add_cte(*(one.cte(f"with_{number}") for number, one in enumerate(plain)))


@cache
def insert_or_nothing(table: sa.Table, engine: str) -> Any:
    if engine == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing().returning(table.c.id)
    return sqlite.insert(table).returning(table.c.id)


@cache
def adding(table: sa.Table, engine: str) -> sa.Insert:
    """Add so much to the row of a key, or begin it with that; whatever is no part of the key is a sum.

    Its parameters are called as those of a change. Where rows are not written one by one each is a list, a value a row:
    so it is one statement, compiled and prepared once, however many rows there are.
    """
    given = {column.name: sa.bindparam(f"{table.name}_{column.name}", type_=column.type) for column in table.c}
    if engine == "postgresql":
        lists = [sa.bindparam(one.key, type_=postgresql.ARRAY(one.type)) for one in given.values()]
        rows = sa.func.unnest(*lists).table_valued(*given).render_derived(name="added")
        insert: Any = postgresql.insert(table).inline().from_select(list(given), sa.select(*rows.c))
    else:
        insert = sqlite.insert(table).inline().values(given)
    sums = {one.name: one + insert.excluded[one.name] for one in table.c if not one.primary_key}
    adds: sa.Insert = insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=sums)
    return adds


@cache
def insert_missing(table: sa.Table, engine: str) -> Any:
    make: Any = postgresql.insert if engine == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
