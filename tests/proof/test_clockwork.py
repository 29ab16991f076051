"""Promise 4: what the clock should do happens exactly once, late rather than never, whatever goes wrong meanwhile."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask_migrate import upgrade

from labshare.clockwork import services
from labshare.clockwork.job import TRIES
from labshare.clockwork.lease import take
from labshare.clockwork.services import run_due
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db
from tests.conftest import Databases
from tests.postgres import Server, find
from tests.proof.drill import ROUNDS, Figures, Ran, Stand, drill, hasty_keeper, standing, stands, until
from tests.proof.ticking import DAY, HOUR, SECOND, built

__all__ = ["hasty_keeper", "stands"]  # the fixtures of the drill
# The drill keeps a table of its own, and tells nobody; and mostly it waits.
pytestmark = [pytest.mark.proof, pytest.mark.beside, pytest.mark.unsound]
ALARMS = "SELECT count(*) FROM journal WHERE kind = :kind"


@drill
def test_two_schedulers_do_every_period_once(stand: Stand) -> Figures:
    for _ in range(ROUNDS):
        stand.goes_on()
        time.sleep(0.5)
    return {}


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


def test_without_the_unique_period_a_retry_notes_it_twice(databases: Databases, tmp_path: Path) -> None:
    with standing(databases, tmp_path, 0) as stand:
        with stand.engine.connect() as connection:
            alter = Operations(MigrationContext.configure(connection))
            with alter.batch_alter_table("job_run") as job_run:
                job_run.drop_constraint("uq_job_run_job_period", type_="unique")
        stand.start(1)
        failing(stand, 1)
        assert any("is noted 2 times" in fault for fault in until(stand.faults))
