"""The two engines: how they are opened, and that nothing is written outside a transaction of ours."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import _queries
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

# psycopg looks for the parameters of a long statement anew each time it is said, lest its memory fill with generated
# ones. Ours are written once and are few: to find the sixty of a booking each time would be a tenth of its time.
_queries.MAX_CACHED_STATEMENT_LENGTH = 16_384
_queries.MAX_CACHED_STATEMENT_PARAMS = 200


def engine_options(url: str) -> dict[str, Any]:
    """Options for create_engine; PostgreSQL sessions get UTC and bounds on waiting."""
    if sa.engine.make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 10, "check_same_thread": False}}
    limits = "-c timezone=UTC -c lock_timeout=3s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
    return {
        "isolation_level": "AUTOCOMMIT",
        "connect_args": {"options": limits, "cursor_factory": _Cursor},
        "pool_size": 8,
        "max_overflow": 8,
        "pool_timeout": 5,
    }


def prepare(engine: sa.Engine) -> None:
    """Teach an engine to refuse stray writes, and a SQLite one durable, serialised writes."""
    for way in ("do_execute", "do_executemany"):  # hooks of the dialect; those of the engine slow every statement
        event.listen(engine, way, _no_statement_outside)
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # pysqlite's own BEGIN is deferred and loses updates
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writes"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif connection.get_execution_options().get("snapshot"):
            connection.exec_driver_sql("BEGIN")


class _Cursor(psycopg.Cursor[Any]):
    """A cursor that is cheap to make and to describe, as one is made for every statement."""

    @property
    def adapters(self) -> Any:
        return self.connection.adapters  # where psycopg would copy them, should somebody adapt this cursor alone

    @property
    def description(self) -> Any:
        found = self.pgresult
        if found is None or not found.nfields:
            return None
        return [((found.fname(n) or b"").decode(), found.ftype(n)) for n in range(found.nfields)]  # all that is asked


_OUTSIDE = "rows are changed inside transaction() only"


@event.listens_for(Session, "after_begin")
def _mark(session: Session, _transaction: Any, connection: sa.Connection) -> None:
    if not session.info.get("writing"):
        connection.execution_options(reads=True)


def _no_statement_outside(_cursor: Any, said: str, _values: Any, context: Any) -> None:
    # Statements may bypass the session by its connection, which is in autocommit: nothing would undo them.
    if context.execution_options.get("reads") and (
        context.isinsert or context.isupdate or context.isdelete or _WRITES.match(said)
    ):
        raise RuntimeError(_OUTSIDE)


_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|CREATE|ALTER|DROP)\b", re.I)


@event.listens_for(Session, "before_flush")
def _no_flush_outside(session: Session, _context: Any, _instances: Any) -> None:
    if not session.info.get("writing"):
        raise RuntimeError(_OUTSIDE)


@event.listens_for(Session, "do_orm_execute")
def _no_write_outside(state: ORMExecuteState) -> None:
    if (state.is_insert or state.is_update or state.is_delete) and not state.session.info.get("writing"):
        raise RuntimeError(_OUTSIDE)
