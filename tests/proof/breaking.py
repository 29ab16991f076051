"""How a proof breaks a change in its middle: a fault before a statement of it, and what the database says then."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from labshare.kernel.db import db, snapshot
from labshare.kernel.errors import Problem

MOST_STATEMENTS, NEVER, COMMIT = 60, 0, "COMMIT"
Fault = Callable[[sa.Connection], None]


class Answered(Protocol):
    """What came of a change, as a door says it."""

    @property
    def status_code(self) -> int: ...
    @property
    def data(self) -> Any: ...


class Answer(NamedTuple):
    """The same of a use case that was called without a door."""

    status_code: int
    data: str


def answered(do: Callable[[], Any]) -> Answer:
    """Call a use case as a door would, with a session of its own."""
    try:
        do()
    except Problem as problem:
        return Answer(problem.status, problem.code)
    except sa.exc.DBAPIError as error:
        return Answer(503, str(error))
    except ZeroDivisionError as error:
        return Answer(500, str(error))
    finally:
        db.session.remove()
    return Answer(200, "done")


def defect(_connection: sa.Connection) -> None:
    """Our own code breaks."""
    raise ZeroDivisionError("a defect, planted by the proof")


def refusal(_connection: sa.Connection) -> None:
    """The database does not answer."""
    raise OperationalError("planted by the proof", {}, Exception("gone"))


def severed(connection: sa.Connection) -> None:
    """The administrator ends this very session of PostgreSQL, seen from nowhere but the server."""
    backend = connection.connection.dbapi_connection.info.backend_pid
    other = sa.create_engine(connection.engine.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with other.connect() as administrator:
        administrator.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})


class Planted:
    """A fault before the k-th statement of a change, or before its commit, which counts as one."""

    def __init__(self, at: int | str, fault: Fault) -> None:
        self.at, self.fault = at, fault
        self.seen: list[str] = []
        self.struck = False

    def statement(self, connection: sa.Connection, _cursor: Any, text: str, *_rest: Any) -> None:
        self._step(connection, text)

    def commit(self, connection: sa.Connection) -> None:
        self._step(connection, COMMIT)

    def _step(self, connection: sa.Connection, text: str) -> None:
        self.seen.append(text)
        if self.at in (len(self.seen), text):
            self.struck = True
            self.fault(connection)


@contextmanager
def planted(at: int | str, fault: Fault) -> Iterator[Planted]:
    mine = Planted(at, fault)
    event.listen(db.engine, "before_cursor_execute", mine.statement)
    event.listen(db.engine, "commit", mine.commit)
    try:
        yield mine
    finally:
        event.remove(db.engine, "before_cursor_execute", mine.statement)
        event.remove(db.engine, "commit", mine.commit)


def fingerprint() -> str:
    """One hash over every row of every table."""
    digest = hashlib.sha256()
    with snapshot() as session:
        for table in db.metadata.sorted_tables:
            found = session.execute(sa.select(table).order_by(*table.primary_key.columns)).all()
            digest.update(f"{table.name}:{[tuple(row) for row in found]}\n".encode())
    return digest.hexdigest()


def broken_everywhere(
    change: Callable[[], Answered], fault: Fault, allowed: set[int], most: int = MOST_STATEMENTS
) -> int:
    """Break the change before every statement in turn until nothing is left to break; how many there were."""
    before = fingerprint()
    for at in range(1, most):
        with planted(at, fault) as fate:
            answer = change()
        if not fate.struck:
            assert answer.status_code in (200, 201), answer.data
            assert fingerprint() != before
            return at - 1
        where = fate.seen[at - 1]
        assert answer.status_code in allowed, (at, where, answer.data)
        assert fingerprint() == before, (at, where)
    raise AssertionError(f"more than {most} statements")
