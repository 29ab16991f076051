"""The stage of the clockwork's fault drill: schedulers that can be killed, stopped and restarted, and what they did."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labshare import supervisor
from labshare.clockwork.models import JobRun
from labshare.kernel.db import db, table_of
from labshare.supervisor import Child
from tests.conftest import Databases
from tests.proof.crew import count
from tests.proof.ticking import Flags, built

PATIENCE = 25.0
ROUNDS = count(20, 3)
Ran = Callable[..., None]
TABLES = (
    "CREATE TABLE drill (job VARCHAR(20) NOT NULL, period BIGINT NOT NULL, pid INTEGER NOT NULL)",
    "CREATE TABLE drill_due (id INTEGER PRIMARY KEY, done INTEGER NOT NULL)",
)


def until(what: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait for it, and hand on what came."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with suppress(sa.exc.DBAPIError):  # the database may be away, that is what a drill is for
            if found := what():
                return found
        time.sleep(0.03)
    raise AssertionError(f"waited {patience:.0f} s in vain for {getattr(what, '__name__', what)}")


class Stand:
    """A database, its schedulers, and their keeper: one that dies is replaced, as `labshare scheduler` does it."""

    def __init__(self, url: str, folder: Path, spoil: tuple[str, ...] = ()) -> None:
        self.url, self.folder, self.spoil = url, folder, spoil
        self.flags = Flags(folder)
        self.app = built(folder, url)
        self.engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self.postgres = self.engine.dialect.name == "postgresql"
        self.children: list[Child] = []
        self._ended = threading.Event()
        self._keeper: threading.Thread | None = None
        self.number = 0
        for table in TABLES:
            self.do(table)

    # ------------------------------------------------------------ processes

    def start(self, many: int) -> None:
        """So many schedulers, kept alive from now on."""
        command = (sys.executable, "-m", "tests.proof.ticking", str(self.folder), self.url, *self.spoil)
        ours = {name: value for name, value in os.environ.items() if not name.startswith("LABSHARE_")}
        self.children = [Child(command, ours) for _ in range(many)]
        self._ended.clear()
        self._keeper = threading.Thread(target=self._keep, args=(list(self.children),), daemon=True)
        self._keeper.start()

    def _keep(self, children: list[Child]) -> None:
        while not self._ended.wait(0.05):
            for child in children:
                child.keep("scheduler")

    def end(self, *, kill: bool = False) -> None:
        """End them all; by SIGKILL where there is no time for good manners."""
        self._ended.set()
        if self._keeper is not None:
            self._keeper.join()
        for child in self.children:
            with suppress(ProcessLookupError):
                os.kill(child.process.pid, signal.SIGCONT)
            if kill:
                child.process.kill()
        supervisor.end(*self.children)
        self.children = []

    def close(self) -> None:
        self.end()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        self.engine.dispose()

    def leader(self) -> int | None:
        """The process that leads; None while nobody does, or one that is no more."""
        holder = self.ask("SELECT holder FROM lease")[0][0]
        pid = int(holder.split("/")[1]) if holder else None
        return pid if pid in {child.process.pid for child in self.children} else None

    def fence(self) -> int:
        return int(self.ask("SELECT fence FROM lease")[0][0])

    # ------------------------------------------------------------ the database, past the application

    def do(self, statement: str, **values: Any) -> None:
        with self.engine.connect() as connection:
            connection.execute(sa.text(statement), values)

    def ask(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement), values)]

    def owe(self) -> int:
        """One more row for the sweep to take up."""
        self.number += 1
        self.do("INSERT INTO drill_due (id, done) VALUES (:id, 0)", id=self.number)
        return self.number

    def age(self, job: str, time_passed: timedelta) -> None:
        """Move what a job did into the past, as if nothing had run since."""
        table = table_of(JobRun)
        moments = (table.c.period, table.c.started_at, table.c.finished_at)
        with self.engine.connect() as connection:
            # The oldest first, so that no two ever stand in one period.
            for row in connection.execute(sa.select(table).where(table.c.job == job).order_by(table.c.period)).all():
                moved = {one: getattr(row, one.name) - time_passed for one in moments if getattr(row, one.name)}
                connection.execute(sa.update(table).where(table.c.id == row.id).values(moved))
        self.do("UPDATE drill SET period = period - :s WHERE job = :job", s=int(time_passed.total_seconds()), job=job)

    @contextmanager
    def file_locked(self) -> Iterator[None]:
        """Somebody else writes to the file and does not finish."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield
            connection.exec_driver_sql("ROLLBACK")

    def cut(self) -> int:
        """Break every connection to this database; how many there were."""
        cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
        return int(self.ask(f"{cut} AND pid <> pg_backend_pid()")[0][0])

    # ------------------------------------------------------------ what came of it

    def frontier(self, job: str = "tally") -> int:
        """The latest period of a job that lies in the present or past, in seconds since 1970."""
        present = self.flags.now().timestamp()
        found = self.ask("SELECT max(period) FROM drill WHERE job = :job AND period <= :now", job=job, now=present)
        return int(found[0][0] or 0)

    def has_caught_up(self) -> bool:
        """Is the tally at the present period, or one before it?"""
        return self.flags.now().timestamp() - self.frontier() < 2

    def goes_on(self) -> None:
        """From here on new periods are done, and what is owed is taken up."""
        number = self.owe()
        until(self.has_caught_up)
        until(lambda: self.ask("SELECT done FROM drill_due WHERE id = :id", id=number)[0][0])

    def faults(self, since: int = 0) -> list[str]:
        """Periods lost, done twice, or noted twice."""
        found = [f"{job} {period} was done {n} times" for job, period, n in self.ask(_TWICE)]
        found += [f"{job} {period} is noted {n} times" for job, period, n in self.ask(_NOTED_TWICE)]
        for job, step in (("tally", 1), ("hourly", 3600), ("daily", 86400)):
            named = {"job": job, "since": since, "now": self.flags.now().timestamp()}
            done = [row[0] for row in self.ask(_DONE, **named)]
            found += [f"{job} lost {n} s before {after}" for one, after in pairwise(done) if (n := after - one - step)]
        found += [f"row {row[0]} was taken up without being owed" for row in self.ask(_TAKEN)]
        return found


_TWICE = "SELECT job, period, count(*) FROM drill WHERE job <> 'reaper' GROUP BY job, period HAVING count(*) > 1"
_NOTED_TWICE = "SELECT job, period, count(*) FROM job_run GROUP BY job, period HAVING count(*) > 1"
_DONE = "SELECT period FROM drill WHERE job = :job AND period >= :since AND period <= :now ORDER BY period"
_TAKEN = "SELECT period FROM drill WHERE job = 'sweep' AND period NOT IN (SELECT id FROM drill_due WHERE done = 1)"


# ---------------------------------------------------------------- what its proofs share


@pytest.fixture(scope="module", autouse=True)
def hasty_keeper() -> Iterator[None]:
    """Whoever keeps a scheduler alive starts another at once."""
    before = supervisor.FIRST_PAUSE, supervisor.LONGEST_PAUSE
    supervisor.FIRST_PAUSE = supervisor.LONGEST_PAUSE = 0.1
    yield
    supervisor.FIRST_PAUSE, supervisor.LONGEST_PAUSE = before


@contextmanager
def standing(databases: Databases, folder: Path, many: int, *spoil: str) -> Iterator[Stand]:
    """A stand with a database of its own and so many schedulers at work."""
    url = databases.fresh()
    stand = Stand(url, folder, spoil)
    try:
        if many:
            stand.start(many)
            until(stand.frontier)
        yield stand
    finally:
        stand.close()
        databases.drop(url)


@pytest.fixture(scope="module")
def stands(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Stand]]:
    """On each engine two schedulers on one database, for all faults that leave no trace."""
    with ExitStack() as all_of_them:
        made = []
        for url in (None, request.getfixturevalue("postgres_url")):
            databases = Databases(url)
            all_of_them.callback(databases.close)
            folder = tmp_path_factory.mktemp("schedulers")
            made.append(all_of_them.enter_context(standing(databases, folder, 2)))
        yield made


Figures = dict[str, object]


def drill(scenario: Callable[[Stand], Figures]) -> Callable[..., None]:
    """A fault on each engine, both at once, as most of it is waiting: nothing lost, nothing twice, and it goes on."""

    def test(stands: list[Stand], ran: Ran) -> None:
        with ThreadPoolExecutor(len(stands)) as engines:
            found = list(engines.map(scenario, stands))
        for stand, figures in zip(stands, found, strict=True):
            stand.goes_on()
            assert stand.faults() == []
            periods = stand.ask("SELECT count(*) FROM drill")[0][0]
            ran(engine=stand.engine.dialect.name, rounds=ROUNDS, **figures, periods=periods)

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return test
