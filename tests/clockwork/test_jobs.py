"""Jobs: each period once, late rather than never, and one that fails holds up no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.clockwork.job import PAUSE, TRIES, Job, due
from labshare.clockwork.lease import Held, LeaseLost, take
from labshare.clockwork.models import JobRun
from labshare.clockwork.queries import last_runs, line, lines, vitals
from labshare.clockwork.services import run_due, run_job
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.errors import N_, Forbidden, NotFound
from tests.cast import Cast

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Ledger:
    """Remembers at which moments a job was run."""

    def __init__(self) -> None:
        self.moments: list[datetime] = []

    def run(self, now: datetime) -> Mapping[str, int]:
        self.moments.append(now)
        return {"written": 1}


class Broken:
    """A job that fails as often as it is told to, then succeeds."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def run(self, now: datetime) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the pump is dry\nand this line is for the log alone")


def job(run: Callable[[datetime], Mapping[str, int] | None], name: str = "ledger", every: timedelta = MINUTE) -> Job:
    return Job(name, N_("A job of the tests"), every, run)


@pytest.fixture
def held(app: Flask) -> Held:
    lead = take("anna", 60)
    assert lead is not None
    return lead


def test_a_period_is_done_once_however_often_the_clock_ticks(app: Flask, held: Held) -> None:
    ledger = Ledger()
    app.extensions["jobs"] = (job(ledger.run),)
    for second in range(0, 120, 20):
        run_due(NOON + timedelta(seconds=second), held)
    assert ledger.moments == [NOON, NOON + MINUTE]


def test_after_forty_days_of_downtime_what_is_due_runs_at_once_and_once(app: Flask, held: Held) -> None:
    ledger = Ledger()
    app.extensions["jobs"] = (job(ledger.run, every=DAY),)
    run_due(NOON, held)
    later = NOON + 40 * DAY
    assert lines(later)[0].lag_seconds == pytest.approx(
        (later - datetime(2026, 11, 22, 18, tzinfo=UTC)).total_seconds()
    )
    run_due(later, held)
    run_due(later, held)
    assert ledger.moments == [NOON, later]
    assert lines(later)[0].lag_seconds == 0


@pytest.mark.parametrize("day", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)])
def test_on_the_days_clocks_change_every_hour_is_one_period(day: datetime) -> None:
    hourly = job(Ledger().run, every=timedelta(hours=1))
    periods = {hourly.period(day + n * 10 * MINUTE) for n in range(6 * 24)}
    assert len(periods) == 24


def test_a_failing_job_is_noted_and_the_others_go_on(app: Flask, held: Held) -> None:
    ledger = Ledger()
    app.extensions["jobs"] = (job(Broken(1).run, "broken"), job(ledger.run))
    assert run_due(NOON, held) == ["broken", "ledger"]
    broken = last_runs(NOON)["broken"]
    assert broken.error == "OSError: the pump is dry"
    assert broken.finished_at is None
    assert ledger.moments == [NOON]


def test_a_failed_run_is_tried_again_later_each_time_and_then_left(app: Flask, held: Held) -> None:
    app.extensions["jobs"] = (job(Broken(9).run, "broken", DAY),)
    tried = [n for n in range(0, 1800, 5) if run_due(NOON + timedelta(seconds=n), held)]
    assert tried == [0, PAUSE.seconds, PAUSE.seconds * 5, PAUSE.seconds * 21]
    assert last_runs(NOON)["broken"].tries == TRIES
    assert run_due(NOON + DAY, held) == ["broken"], "the next period begins afresh"


def test_a_job_that_recovers_is_done(app: Flask, held: Held) -> None:
    app.extensions["jobs"] = (job(Broken(1).run, "broken", DAY),)
    run_due(NOON, held)
    run_due(NOON + PAUSE, held)
    done = last_runs(NOON)["broken"]
    assert (done.error, done.tries) == (None, 2)
    assert done.finished_at is not None


def test_what_a_lost_scheduler_began_is_redone_by_its_follower(app: Flask) -> None:
    def dies(now: datetime) -> None:
        raise KeyboardInterrupt

    lost = take("anna", 0)
    assert lost is not None
    app.extensions["jobs"] = (job(dies, every=DAY),)
    with pytest.raises(KeyboardInterrupt):
        run_due(NOON, lost)
    ledger = Ledger()
    app.extensions["jobs"] = (job(ledger.run, every=DAY),)
    time.sleep(0.01)
    follower = take("boris", 60)
    assert follower is not None
    run_due(NOON + MINUTE, follower)
    assert ledger.moments == [NOON + MINUTE]
    run = last_runs(NOON)["ledger"]
    assert (run.tries, run.fence) == (2, follower.fence)


def test_a_leader_that_slept_through_its_lease_writes_nothing(app: Flask) -> None:
    stale = take("anna", 0)
    assert stale is not None
    time.sleep(0.01)
    take("boris", 60)
    ledger = Ledger()
    app.extensions["jobs"] = (job(ledger.run),)
    with pytest.raises(LeaseLost):
        run_due(NOON, stale)
    assert ledger.moments == []
    assert rows(sa.select(JobRun.id)) == []


def test_a_leader_told_to_stop_begins_nothing_new(app: Flask, held: Held) -> None:
    ledger = Ledger()
    app.extensions["jobs"] = (job(ledger.run),)
    assert run_due(NOON, held, lambda: True) == []
    assert ledger.moments == []


def test_run_now_runs_also_when_the_period_is_done_and_adds_up_what_it_did(app: Flask, held: Held) -> None:
    ledger = Ledger()
    app.extensions["jobs"] = (job(ledger.run, every=DAY),)
    run_job(SYSTEM, "ledger")
    shown = run_job(SYSTEM, "ledger")
    assert len(ledger.moments) == 2
    assert shown.last is not None
    assert shown.last.result == {"written": 2}
    assert rows(sa.select(sa.func.count(JobRun.id)))[0][0] == 1


def test_only_admins_run_jobs_and_only_those_there_are(app: Flask, cast: Cast) -> None:
    for name in ("mei", "chen", "li"):
        with pytest.raises(Forbidden):
            run_job(cast.actor(name), "tidy_up")
    with pytest.raises(NotFound):
        run_job(cast.ada, "no_such_job")


def test_two_at_once_leave_one_note_that_counts_both(app: Flask) -> None:
    together = threading.Barrier(2)

    def meet(_now: datetime) -> Mapping[str, int]:
        together.wait(20)
        return {"written": 1}

    def run(_number: int) -> None:
        with app.app_context():
            run_job(SYSTEM, "ledger")

    app.extensions["jobs"] = (job(meet, every=3650 * DAY),)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    [(tries, result)] = rows(sa.select(JobRun.tries, JobRun.result))
    assert (tries, result) == (2, {"written": 2})


def test_a_house_without_a_scheduler_says_so(app: Flask) -> None:
    assert vitals()["heartbeat_age_seconds"] is None
    take("anna", 60)
    age = vitals()["heartbeat_age_seconds"]
    assert age is not None
    assert 0 <= age < 5


def test_a_job_that_never_ran_is_due_and_lags_behind_nothing_yet(app: Flask) -> None:
    daily = job(Ledger().run, every=DAY)
    assert due(daily, None, NOON) == datetime(2026, 11, 21, 18, tzinfo=UTC), "at night where the laboratory is"
    app.extensions["jobs"] = (daily,)
    assert line("ledger", NOON).lag_seconds == 0
    assert line("ledger", NOON).next_run == datetime(2026, 11, 21, 18, tzinfo=UTC)
