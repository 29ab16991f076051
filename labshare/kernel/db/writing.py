"""The one way to change the database: begun, locked, guarded and committed here and nowhere else."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from labshare.kernel.db.base import db, dialect
from labshare.kernel.db.notes import (
    Note,
    adding,
    blanks,
    insert_missing,
    insert_or_nothing,
    joint,
    of_a_kind,
    plain_insert,
    returning_insert,
    together,
)
from labshare.kernel.db.refusals import constraint_of, guards, problem_of
from labshare.kernel.errors import N_, Busy, Conflict, NotFound, Problem, Reason

_T = TypeVar("_T")


class Retried(Protocol):
    """What `transaction()` needs of a retried request; see kernel/retry.py."""

    @property
    def lock_key(self) -> int: ...
    def replay(self) -> None: ...
    def keep(self, tx: Transaction, result: Any) -> None: ...


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
        self._sums: dict[tuple[sa.Table, tuple[Any, ...]], Counter[str]] = {}

    def execute(self, statement: sa.Executable, values: Any = None) -> sa.CursorResult[Any]:
        """Say it to the database, after whatever was noted before."""
        if self._noted:
            self.write_down()
        return self.connection.execute(statement, values)

    def note(self, table: sa.Table, values: dict[str, Any], guarded_by: str | None = None) -> None:
        """Insert a row of which nothing is asked back: in one go with its like, before the next statement or the end.

        What it does not say has its column's default. Where the guard it is `guarded_by` refuses it, that guard's
        Problem is raised then.
        """
        refused = None if guarded_by is None else guards[guarded_by]
        self._noted.append(Note(table, {**blanks(table), **values}, refused))

    def note_change(self, change: sa.Update, values: dict[str, Any], refused: Callable[[], Problem]) -> None:
        """Change one row in the same way; raises what `refused` makes where there is no such row.

        The statement is one that its module keeps; its parameters are called `table_name`, the values `name`.
        """
        table: Any = change.table
        self._noted.append(Note(table, values, refused, change))

    def add_up(self, table: sa.Table, key: tuple[Any, ...], amounts: Mapping[str, int]) -> None:
        """Add to the sums of the row of this key, which is begun where there is none: at the end, after balances.

        By then nothing else is waited for, and rows are added to in the order of their keys: two who add to the same
        ones wait for each other in turn.
        """
        self._sums.setdefault((table, key), Counter()).update(amounts)

    def finish(self) -> None:
        """Write what is still noted, and the sums."""
        by_table: dict[sa.Table, list[dict[str, Any]]] = {}
        for (table, key), sums in sorted(self._sums.items(), key=lambda one: (one[0][0].name, one[0][1])):
            if any(sums.values()):
                names = zip((column.name for column in table.primary_key.columns), key, strict=True)
                amounts = {column.name: sums[column.name] for column in table.c if not column.primary_key}
                by_table.setdefault(table, []).append({**dict(names), **amounts})
        self._sums = {}
        for table, added in by_table.items():
            adds = adding(table, self.connection.dialect.name)
            if self.connection.dialect.name == "postgresql":
                added = [{name: [one[name] for one in added] for name in added[0]}]
            self._noted += [Note(table, one, None, adds) for one in added]
        self.write_down()

    def write_down(self) -> None:
        """Write what was noted, in its order."""
        noted, self._noted = self._noted, []
        if self.connection.dialect.name != "postgresql":
            for alike in of_a_kind(noted):
                self._write(alike)
            return
        for some in together(noted):
            shape = tuple((note.table, tuple(note.values), note.refused is not None, note.change) for note in some)
            values = {f"{note.table.name}_{name}": value for note in some for name, value in note.values.items()}
            written = self.connection.execute(joint(shape), values)
            # Changes and guarded rows are counted in their order.
            refusals = [note.refused for note in some if note.refused is not None]
            for refused, count in zip(refusals, written.one() if refusals else (), strict=True):
                if count != 1:
                    raise refused()

    def _write(self, alike: list[Note]) -> None:
        note = alike[0]
        if note.change is None:  # an engine that writes row by row refuses by itself
            self.connection.execute(plain_insert(note.table), _one_or_many([one.values for one in alike]))
            return
        values = _one_or_many(
            [{f"{note.table.name}_{name}": value for name, value in one.values.items()} for one in alike]
        )
        written = self.connection.execute(note.change, values)
        if note.refused is not None and written.rowcount != len(alike):
            raise note.refused()

    def insert(self, table: sa.Table, values: dict[str, Any], number: int | None) -> int:
        """Insert a row under the number `next_id` drew for it, or where it drew none under a new one; its id."""
        if number is None:
            return int(self.execute(returning_insert(table), {**blanks(table), **values}).scalar_one())
        self.note(table, {"id": number, **values})
        return number

    def alone_with(self, company_id: int) -> None:
        """Nobody else is alone with the company until this transaction ends.

        Asked after a booking is changed, before its time or any balance is, and for one company only. Where one writes
        at a time, one is alone.
        """
        if self.connection.dialect.name == "postgresql":
            self.execute(sa.select(sa.func.pg_advisory_xact_lock(_COMPANY_KEYS | company_id)))

    def done(self, result: _T) -> _T:
        """Hand the result on, having stored the answer to a retried request first."""
        if self._retry is not None:
            self._retry.keep(self, result)
        return result

    def insert_or_nothing(self, table: sa.Table, values: dict[str, Any], name: str) -> int | None:
        """Insert one row; the new id, or None where the guard called `name` refuses it."""
        statement = insert_or_nothing(table, self.connection.dialect.name)
        try:
            return self.execute(statement, values).scalar()
        except IntegrityError as error:  # SQLite undoes the statement alone; the transaction stands
            if constraint_of(error) == name:
                return None
            raise

    def insert_missing(self, table: sa.Table, values: Sequence[dict[str, Any]]) -> int:
        """Insert the rows that a unique key does not know yet; how many those were."""
        if not values:
            return 0
        return len(self.execute(insert_missing(table, self.connection.dialect.name), list(values)).all())


def _one_or_many(values: list[dict[str, Any]]) -> Any:
    return values if len(values) > 1 else values[0]


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
            tx.finish()
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


# Advisory keys of instruments lie above the first, those of companies above the second, those of retries above 1 << 61.
_INSTRUMENT_KEYS, _COMPANY_KEYS = 1 << 48, 1 << 49


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


def swap(tx: Transaction, table: sa.Table, row_id: int, version: int, values: dict[str, Any]) -> int:
    """Compare and swap: change the row only if it still has this version; the new version.

    Raises Conflict `changed_meanwhile` where somebody else was faster.
    """
    statement = sa.update(table).where(table.c.id == row_id, table.c.version == version)
    changed = tx.execute(statement.values(version=version + 1, **values)).rowcount
    if changed != 1:
        raise changed_meanwhile()
    return version + 1


def changed_meanwhile() -> Conflict:
    """The refusal of whoever goes by a version that is not the last."""
    text = N_("Somebody else changed this in the meantime.")
    return Conflict(text, code="changed_meanwhile", reasons=[Reason("changed_meanwhile", text)])


@contextmanager
def snapshot() -> Iterator[Session]:
    """Reads that must agree with each other: one snapshot on either engine, and nothing is written.

    These are long looks at everything, so no statement's usual time limit holds for them.
    """
    session = db.session()
    session.rollback()
    if dialect() == "sqlite":
        session.connection(execution_options={"snapshot": True})
    else:
        connection = session.connection(
            execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    session.info["snapshot"] = True
    try:
        yield session
    finally:
        session.info["snapshot"] = False
        session.rollback()


def rows(statement: sa.Select[*tuple[Any, ...]], **values: Any) -> Sequence[Any]:
    """Read rows of plain columns, without the object layer's cost."""
    session = db.session()
    writing: Transaction | None = session.info.get("transaction")  # spares finding the connection again
    execute = session.connection().execute if writing is None else writing.execute
    return execute(statement, values).all()


def only_row(statement: sa.Select[*tuple[Any, ...]], **values: Any) -> Any:
    """The one row there is; raises NotFound."""
    found = rows(statement, **values)
    if not found:
        raise NotFound
    return found[0]
