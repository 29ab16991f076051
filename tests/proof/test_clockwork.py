"""Promise 4: what the clock should do happens exactly once, late rather than never, whatever goes wrong meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask_migrate import upgrade

from labshare import supervisor
from labshare.clockwork import services
from labshare.clockwork.job import TRIES
from labshare.clockwork.lease import take
from labshare.clockwork.services import run_due
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db
from tests.conftest import Databases
from tests.postgres import Server, find
from tests.proof.crew import count
from tests.proof.drill import Stand, until
from tests.proof.ticking import DAY, HOUR, LEASE, SECOND, built

pytestmark = [
    pytest.mark.proof,
    pytest.mark.beside,
    pytest.mark.unsound,
]  # the drill keeps a table of its own, and tells nobody
ROUNDS = count(20, 3)
Ran = Callable[..., None]
ALARMS = "SELECT count(*) FROM journal WHERE kind = :kind"


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


def leading(stand: Stand) -> int:
    """The process that leads, once one does."""
    found = until(stand.leader)
    assert isinstance(found, int)
    return found


def takeover(stand: Stand, fence: int, began: float) -> float:
    """How long it took until another led, in seconds; it must not take longer than two leases."""
    until(lambda: stand.fence() > fence)
    took = time.monotonic() - began
    assert took <= 2 * LEASE, f"nobody led for {took:.1f} s"
    return took


@drill
def test_two_schedulers_do_every_period_once(stand: Stand) -> Figures:
    for _ in range(ROUNDS):
        stand.goes_on()
        time.sleep(0.5)
    return {}


@drill
def test_a_killed_leader_is_followed_and_what_it_had_begun_is_done(stand: Stand) -> Figures:
    worst = 0.0
    for _ in range(ROUNDS):
        stand.goes_on()
        stand.flags.put("slow", 0.4)
        leader, fence = leading(stand), stand.fence()
        time.sleep(0.7)  # somewhere in the middle of a period, or between two
        os.kill(leader, signal.SIGKILL)
        worst = max(worst, takeover(stand, fence, time.monotonic()))
        stand.flags.drop("slow")
    return {"worst_takeover": f"{worst:.2f} s"}


@drill
def test_a_leader_stopped_for_longer_than_its_lease_does_nothing_twice(stand: Stand) -> Figures:
    worst = 0.0
    for _ in range(ROUNDS):
        stand.goes_on()
        worst = max(worst, stopped_and_resumed(stand))
    return {"worst_takeover": f"{worst:.2f} s"}


def stopped_and_resumed(stand: Stand) -> float:
    """Stop the leader between beginning a period and doing it, and let it go on once another has done that period."""
    stand.flags.drop("lingers")
    stand.flags.put("linger", 0.5)
    leader = int(until(lambda: stand.flags.get("lingers")))
    fence = stand.fence()
    os.kill(leader, signal.SIGSTOP)
    began = time.monotonic()
    try:
        stand.flags.drop("linger")
        took = takeover(stand, fence, began)
        until(stand.has_caught_up)
    finally:
        os.kill(leader, signal.SIGCONT)
    time.sleep(1)  # it wakes up in the middle of what it had begun
    return took


@drill
def test_a_broken_connection_is_made_good_before_a_job_and_during_one(stand: Stand) -> Figures:
    for _ in range(ROUNDS):
        for slow in (0.0, 0.4):
            stand.flags.put("slow", slow)
            time.sleep(0.4)
            if stand.postgres:
                stand.cut()
            else:
                with stand.file_locked():
                    time.sleep(0.6)
            stand.flags.drop("slow")
            stand.goes_on()
    return {"faults": 2 * ROUNDS}


@drill
def test_a_job_that_fails_is_tried_again_and_then_left_to_people(stand: Stand) -> Figures:
    told, failures = stand.ask(ALARMS, kind="job_failed")[0][0], 0
    for number in range(ROUNDS):
        times = 1 + number % (TRIES - 1)
        failing(stand, times)
        failed = stand.frontier()
        until(lambda failed=failed: stand.frontier() > failed)
        stand.goes_on()
        assert stand.ask(ALARMS, kind="job_failed")[0][0] == told + number, "a retry in time is no alarm"
        failing(stand, TRIES)
        until(lambda many=told + number + 1: stand.ask(ALARMS, kind="job_failed")[0][0] == many)
        owed, behind = stand.owe(), stand.frontier()
        until(lambda owed=owed: stand.ask("SELECT done FROM drill_due WHERE id = :id", id=owed)[0][0])
        time.sleep(1)
        assert stand.frontier() == behind, "those behind the failed period wait for it"
        with stand.app.app_context():
            services.run_job(SYSTEM, "tally")
            db.session.remove()
        stand.goes_on()
        failures += times + TRIES
    return {"failures": failures}


def failing(stand: Stand, times: int) -> None:
    """Let the tally fail so many times."""
    stand.flags.put("fail", times)
    until(lambda: not stand.flags.get("fail"))


@drill
def test_a_job_that_hangs_ends_its_process_and_another_takes_over(stand: Stand) -> Figures:
    worst = 0.0
    for _ in range(ROUNDS):
        stand.goes_on()
        leader, fence = leading(stand), stand.fence()
        stand.flags.put("hang")
        until(lambda gone=leader: gone not in {child.process.pid for child in stand.children})
        stand.flags.drop("hang")
        worst = max(worst, takeover(stand, fence, time.monotonic()))
        assert stand.ask("SELECT count(*) FROM job_run WHERE job = 'sweep' AND error LIKE 'took longer than%'")
    return {"worst_takeover": f"{worst:.2f} s"}


MISSED = {"tally": (30 * SECOND, SECOND), "hourly": (3 * DAY, HOUR), "daily": (40 * DAY, DAY)}


@drill
def test_after_downtime_every_missed_period_is_done_in_order(stand: Stand) -> Figures:
    for number in range(ROUNDS):
        stand.goes_on()
        stand.end(kill=number % 2 == 0)
        last = {}
        for job, (away, _) in MISSED.items():
            stand.age(job, away)
            last[job] = stand.frontier(job)
        owed = stand.owe()
        stand.start(2)
        stand.goes_on()
        for job, (away, step) in MISSED.items():
            until(lambda job=job, step=step: time.time() - stand.frontier(job) < step.total_seconds() + 2)
            asked = {"job": job, "last": last[job], "now": time.time()}
            made_up = stand.ask(f"SELECT count(*) FROM drill WHERE {_BETWEEN}", **asked)[0][0]
            assert made_up >= away / step, f"{job}: {made_up}"
        assert stand.ask("SELECT done FROM drill_due WHERE id = :id", id=owed) == [(1,)]
    return {"downtimes": "30 s, 3 days, 40 days"}


_BETWEEN = "job = :job AND period > :last AND period <= :now"


@drill
def test_a_clock_that_jumps_is_told_and_stops_what_takes_something_away(stand: Stand) -> Figures:
    jumps = stand.ask(ALARMS, kind="clock_jumped")[0][0]
    for _ in range(ROUNDS):
        stand.goes_on()
        for hours in (1, 0, -1, 0, 400 * 24, 0):
            stand.flags.put("clock", hours * 3600)
            jumps += 1
            until(lambda told=jumps: stand.ask(ALARMS, kind="clock_jumped")[0][0] == told)
            time.sleep(0.4)
        assert stand.ask("SELECT job FROM job_pause") == [("reaper",)]
        before = stand.ask(REAPED)[0][0]
        with stand.app.app_context():
            services.resume(SYSTEM, "reaper")
            db.session.remove()
        until(lambda had=before: stand.ask(REAPED)[0][0] > had)
        assert stand.ask(f"{REAPED} AND period <> 0") == [(0,)], "it went by no clock but the right one"
        # Periods before the first were done in the name of a clock that was set back; here the count begins afresh.
        stand.do("DELETE FROM drill WHERE job <> 'reaper' AND period < :first", first=time.time() - 600)
    return {"jumps": jumps}


REAPED = "SELECT count(*) FROM drill WHERE job = 'reaper'"


@pytest.mark.parametrize("night", ["2026-10-25", "2026-03-29"])
def test_on_the_days_clocks_change_every_period_is_done_once(
    databases: Databases, tmp_path: Path, night: str, monkeypatch: pytest.MonkeyPatch, ran: Ran
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    url = databases.fresh()
    stand = Stand(url, tmp_path)
    try:
        with stand.app.app_context():
            held = take("anna", 600)
            assert held is not None
            berlin = ZoneInfo("Europe/Berlin")
            now = datetime.fromisoformat(night).replace(tzinfo=berlin).astimezone(UTC)
            ends = (datetime.fromisoformat(night) + DAY).replace(tzinfo=berlin).astimezone(UTC)
            hours = int((ends - now) / HOUR)
            stand.app.extensions["jobs"] = tuple(job for job in stand.app.extensions["jobs"] if job.name == "hourly")
            while now < ends:
                run_due(now, held)
                now += timedelta(minutes=10)
            db.session.remove()
        assert hours in (23, 25)
        assert stand.ask("SELECT count(*), count(DISTINCT period) FROM drill") == [(hours, hours)]
        assert stand.faults() == [] or stand.flags.now() < now
        ran(hours=hours)
    finally:
        stand.close()
        databases.drop(url)
        monkeypatch.undo()
        time.tzset()


def test_a_restarted_database_server_loses_nothing(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory, ran: Ran
) -> None:
    binaries = find()
    if binaries is None:
        pytest.skip("no PostgreSQL of our own to restart")
    server = Server(binaries)
    try:
        url, folder = server.start(), tmp_path_factory.mktemp("restart")
        migrate(url, folder)
        stand = Stand(url, folder)
        try:
            stand.start(2)
            until(stand.frontier)
            for number in range(ROUNDS):
                stand.flags.put("slow", 0.4)
                time.sleep(0.6)
                assert server.process is not None
                server.process.send_signal(signal.SIGQUIT if number % 2 == 0 else signal.SIGINT)
                server.process.wait(20)
                server.launch()
                stand.flags.drop("slow")
                stand.goes_on()
            assert stand.faults() == []
            ran(rounds=ROUNDS, periods=stand.ask("SELECT count(*) FROM drill")[0][0])
        finally:
            stand.close()
    finally:
        server.stop()


def migrate(url: str, folder: Path) -> None:
    """Bring a database of the proof's own to the present form."""
    with built(folder, url).app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


# ---------------------------------------------------------------- negative controls


def test_without_the_fence_a_stopped_leader_does_its_period_twice(databases: Databases, tmp_path: Path) -> None:
    with standing(databases, tmp_path, 2, "unfenced") as stand:
        stopped_and_resumed(stand)
        assert any("was done 2 times" in fault for fault in until(stand.faults))


def test_without_the_unique_period_a_retry_notes_it_twice(databases: Databases, tmp_path: Path) -> None:
    with standing(databases, tmp_path, 0) as stand:
        with stand.engine.connect() as connection:
            alter = Operations(MigrationContext.configure(connection))
            with alter.batch_alter_table("job_run") as job_run:
                job_run.drop_constraint("uq_job_run_job_period", type_="unique")
        stand.start(1)
        failing(stand, 1)
        assert any("is noted 2 times" in fault for fault in until(stand.faults))
