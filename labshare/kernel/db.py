"""The database: one way to change it, one way to lock, and every difference between the two engines.

Outside `transaction()` connections are in autocommit and writing is refused: a page can neither
write by accident nor hold an old snapshot open. Inside it, PostgreSQL runs READ COMMITTED behind
advisory locks and SQLite runs BEGIN IMMEDIATE; the overlap guard of the timeline stands behind both.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import psycopg
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session
from sqlalchemy.sql.functions import FunctionElement

from labshare.kernel.errors import N_, Busy, Conflict, Problem, Reason

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # only INTEGER is SQLite's own row id
Json = sa.JSON().with_variant(postgresql.JSONB, "postgresql")


def table_of(model: type[Base]) -> sa.Table:
    """The table behind a model, for statements that go round the object layer."""
    return model.__table__  # type: ignore[return-value]  # declared as FromClause, always a Table here


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment, stored in UTC; a naive one is refused with ValueError."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: every moment in LabShare is aware")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Any, coltype: Any) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        # PostgreSQL's driver hands out aware moments, in UTC as the session asks; SQLite stores text without a zone.
        return _from_text if dialect.name == "sqlite" else None


def _from_text(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored + "+00:00")


# ---------------------------------------------------------------- engines


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


@contextmanager
def snapshot() -> Iterator[Session]:
    """Reads that must agree with each other: one snapshot on either engine, and nothing is written."""
    session = db.session()
    session.rollback()
    session.connection(
        execution_options={"snapshot": True}
        if dialect() == "sqlite"
        else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    )
    session.info["snapshot"] = True
    try:
        yield session
    finally:
        session.info["snapshot"] = False
        session.rollback()


def dialect() -> str:
    return db.engine.dialect.name


# ---------------------------------------------------------------- refusals of the database itself

guards: dict[str, Callable[[], Problem]] = {}
_T = TypeVar("_T")


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


# ---------------------------------------------------------------- the one way to write


class Retried(Protocol):
    """What `transaction()` needs of a retried request; see kernel/retry.py."""

    @property
    def lock_key(self) -> int: ...
    def replay(self) -> None: ...
    def keep(self, tx: Transaction, result: Any) -> None: ...


class Note(NamedTuple):
    """A row to be inserted."""

    table: sa.Table
    values: dict[str, Any]
    guarded_by: str | None


class Transaction:
    """An open transaction: statements go through it, and facts are counted in it."""

    def __init__(self, session: Session, retry: Retried | None) -> None:
        self.session = session
        self.connection = session.connection()
        self.published = 0
        self.ending = False  # the commit was sent: from here on a broken connection leaves the outcome open
        self.queue: deque[Any] = deque()
        self._retry = retry
        self._noted: list[Note] = []

    def execute(self, statement: sa.Executable, values: Any = None) -> sa.CursorResult[Any]:
        """Say it to the database, after whatever was noted before."""
        if self._noted:
            self.write_down()
        return self.connection.execute(statement, values)

    def note(self, table: sa.Table, values: dict[str, Any], guarded_by: str | None = None) -> None:
        """Insert a row of which nothing is asked back: in one go with its like, before the next statement or the end.

        Where the guard it is `guarded_by` refuses it, that guard's Problem is raised then.
        """
        self._noted.append(Note(table, values, guarded_by))

    def write_down(self) -> None:
        """Write what was noted, in its order."""
        noted, self._noted = self._noted, []
        if self.connection.dialect.name != "postgresql":
            for note in noted:
                self.connection.execute(_insert_of(note.table), note.values)
            return
        for some in _together(noted):
            shape = tuple((note.table, tuple(note.values), note.guarded_by is not None) for note in some)
            values = {f"{note.table.name}_{name}": value for note in some for name, value in note.values.items()}
            written = self.connection.execute(_inserts(shape), values).rowcount
            if written == 0:
                raise guards[next(filter(None, (note.guarded_by for note in some)))]()

    def done(self, result: _T) -> _T:
        """Hand the result on, having stored the answer to a retried request first."""
        if self._retry is not None:
            self._retry.keep(self, result)
        return result

    def insert_or_nothing(self, table: sa.Table, values: dict[str, Any], name: str) -> int | None:
        """Insert one row; the new id, or None where the guard called `name` refuses it."""
        statement = _insert(table, self.connection.dialect.name)
        try:
            return self.execute(statement, values).scalar()
        except IntegrityError as error:  # SQLite undoes the statement alone; the transaction stands
            if constraint_of(error) == name:
                return None
            raise


def _together(noted: list[Note]) -> Iterator[list[Note]]:
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
def _insert_of(table: sa.Table) -> sa.Insert:
    return sa.insert(table).inline()


@cache
def _inserts(shape: tuple[tuple[sa.Table, tuple[str, ...], bool], ...]) -> sa.Insert:
    """One statement for a row in each table: the one that may be refused comes last and is counted."""
    *others, last = (
        (postgresql.insert(table).on_conflict_do_nothing() if guarded else sa.insert(table))
        .inline()
        .values({name: sa.bindparam(f"{table.name}_{name}", type_=table.c[name].type) for name in names})
        for table, names, guarded in sorted(shape, key=lambda one: one[2])
    )
    return last.add_cte(*(other.cte(f"also_{n}") for n, other in enumerate(others)))


@cache
def _insert(table: sa.Table, engine: str) -> Any:
    if engine == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing().returning(table.c.id)
    return sqlite.insert(table).returning(table.c.id)


@contextmanager
def transaction(*, lock: Iterable[int] = (), retry: Retried | None = None) -> Iterator[Transaction]:
    """The only way to write and the only commit; never nested, and nothing slow inside.

    `lock` names every instrument the transaction will look at before it takes time: they are locked
    together, sorted, before the first read. A retried request is locked with them; done once, it cannot
    be done again, and is then answered from its stored answer by raising Replayed. Raises the Problem a
    refusal of the database stands for.
    """
    session = db.session()
    if session.info.get("writing") or session.info.get("snapshot"):
        raise RuntimeError("transaction() never nests")
    if session.new or session.identity_map or (session.in_transaction() and session.connection().invalidated):
        session.rollback()  # objects are read afresh, and a lost connection is replaced
    session.info["writing"] = True
    tx: Transaction | None = None
    try:
        try:
            tx = session.info["transaction"] = Transaction(session, retry)
            _begin(tx.connection, lock, retry)
            yield tx
            tx.write_down()
            tx.ending = True
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info["writing"] = False
            session.info.pop("transaction", None)
    except Exception as error:
        # Whether it was answered before is asked only here: a second answer to one key is refused by the database
        # like a second claim of one minute, so a request that came to its end is the first of its key.
        if retry is not None:
            retry.replay()
        problem = problem_of(error) if isinstance(error, DBAPIError) else None
        if problem is None:
            raise
        if tx is not None and tx.ending and isinstance(problem, Busy):
            text = N_(
                "The connection broke at the last step: look whether it was done, or ask again with the same key."
            )
            problem = Busy(text, code="outcome_unknown")
        raise problem from error


_INSTRUMENT_KEYS = 1 << 48  # advisory keys of instruments lie above this, those of retries above 1 << 61


def _begin(connection: sa.Connection, instruments: Iterable[int], retry: Retried | None) -> None:
    # Whoever signed in has read on this connection; in autocommit that left nothing open.
    connection.execution_options(reads=False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    # Begun and locked in one round trip; every statement looks afresh, so later ones see what the locks waited for.
    keys = [] if retry is None else [retry.lock_key]  # first: a holder of instruments never waits for a retry
    keys += sorted({_INSTRUMENT_KEYS | number for number in instruments})
    locks = (f"SELECT pg_advisory_xact_lock({key:d})" for key in keys)
    connection.exec_driver_sql("; ".join(["BEGIN ISOLATION LEVEL READ COMMITTED", *locks]))


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


def swap(tx: Transaction, table: sa.Table, row_id: int, version: int, values: dict[str, Any]) -> int:
    """Compare and swap: change the row only if it still has this version; the new version.

    Raises Conflict `changed_meanwhile` where somebody else was faster.
    """
    statement = sa.update(table).where(table.c.id == row_id, table.c.version == version)
    changed = tx.execute(statement.values(version=version + 1, **values)).rowcount
    if changed != 1:
        text = N_("Somebody else changed this in the meantime.")
        raise Conflict(text, code="changed_meanwhile", reasons=[Reason("changed_meanwhile", text)])
    return version + 1


# ---------------------------------------------------------------- guards written in the database


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

    On SQLite that holds inside `transaction()`, where there is one writer.
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
def _after_last(element: next_id, compiler: Any, **how: Any) -> str:
    [table] = element.clauses
    return f"(SELECT coalesce(max(id), 0) + 1 FROM {compiler.process(table, **how)})"  # noqa: S608 - a table of ours


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


def rows(statement: sa.Select[*tuple[Any, ...]], **values: Any) -> Sequence[Any]:
    """Read rows of plain columns, without the object layer's cost."""
    session = db.session()
    writing: Transaction | None = session.info.get("transaction")  # spares finding the connection again
    execute = session.connection().execute if writing is None else writing.execute
    return execute(statement, values).all()
