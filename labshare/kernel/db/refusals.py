"""What the database itself refuses, and the problem each refusal stands for; the same on both engines."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from labshare.kernel.db.base import Base
from labshare.kernel.errors import Busy, Problem

guards: dict[str, Callable[[], Problem]] = {}


def guard(name: str, problem: Callable[[], Problem]) -> str:
    """Name a constraint or trigger once and say which problem its refusal is."""
    guards[name] = problem
    return name


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that refused, the same on both engines."""
    diag = getattr(error.orig, "diag", None)
    if diag is not None:
        return str(diag.constraint_name)
    said = str(error.orig)
    if found := re.match(r"UNIQUE constraint failed: (.+)", said):
        columns = [part.split(".")[1] for part in found[1].split(", ")]
        table = Base.metadata.tables[found[1].split(".")[0]]
        return _unique_name(table, columns)
    if found := re.match(r"CHECK constraint failed: (\w+)", said):
        return found[1]
    return said  # RAISE(ABORT, 'name') in our triggers


def _unique_name(table: sa.Table, columns: list[str]) -> str | None:
    unique: list[sa.UniqueConstraint | sa.Index] = [index for index in table.indexes if index.unique]
    unique += [rule for rule in table.constraints if isinstance(rule, sa.UniqueConstraint)]
    return next((str(rule.name) for rule in unique if [column.name for column in rule.columns] == columns), None)


_WRONG_SQL = 1  # SQLITE_ERROR: a missing table or a slip in a statement is a defect, no matter of waiting


def problem_of(error: DBAPIError) -> Problem | None:
    """The problem a database error stands for, or None where it is a defect."""
    if isinstance(error, IntegrityError):
        make = guards.get(constraint_of(error) or "")
        return make() if make else None
    state = getattr(error.orig, "sqlstate", None)
    if state in ("40P01", "40001", "55P03", "57014"):  # deadlock, serialisation, lock and statement timeouts
        return Busy()
    if isinstance(error, OperationalError) and getattr(error.orig, "sqlite_errorcode", None) != _WRONG_SQL:
        return Busy(retry_after=5)
    return None
