"""The ticker: it leads or stands by, outlives its database, and ends only when the job at hand is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.clockwork.job import Job
from labshare.clockwork.models import JobRun, Lease
from labshare.kernel.db import db, rows
from labshare.kernel.errors import N_
from labshare.scheduler import Scheduler, Ticks

DAY = timedelta(days=3650)


def wait_for(what: Callable[[], Any]) -> Any:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def daily(run: Callable[[datetime], None]) -> Job:
    return Job("daily", N_("A job of the tests"), DAY, run)


def change(statement: str) -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(statement))


@pytest.fixture
def start(app: Flask) -> Iterator[Callable[[], Scheduler]]:
    app.extensions["settings"] = replace(app.extensions["settings"], lease_seconds=1)
    started: list[Scheduler] = []
    before = set(threading.enumerate())

    def begin() -> Scheduler:
        scheduler = Scheduler(app)
        scheduler.start()
        started.append(scheduler)
        return scheduler

    yield begin
    for scheduler in started:
        if scheduler.is_ticking():
            scheduler.stop()
    # A scheduler that handed its job back left the job's thread behind: it still has a connection of this database.
    for thread in set(threading.enumerate()) - before:
        thread.join(30)


def test_of_two_schedulers_one_leads_and_a_period_is_done_once(app: Flask, start: Callable[[], Scheduler]) -> None:
    ran: list[datetime] = []
    app.extensions["jobs"] = (daily(ran.append),)
    one, other = start(), start()
    wait_for(lambda: ran)
    time.sleep(1.5)
    assert len(ran) == 1
    assert [one.held, other.held].count(None) == 1


def test_the_lead_passes_on_when_the_leader_is_told_to_stop(app: Flask, start: Callable[[], Scheduler]) -> None:
    app.extensions["jobs"] = ()
    one = start()
    first = wait_for(lambda: one.held)
    one.stop()
    other = start()
    assert wait_for(lambda: other.held).fence == first.fence + 1


def test_a_database_error_ends_neither_the_ticker_nor_the_lead_for_good(
    app: Flask, start: Callable[[], Scheduler]
) -> None:
    ran: list[datetime] = []
    app.extensions["jobs"] = ()
    scheduler = start()
    wait_for(lambda: scheduler.held)
    change("ALTER TABLE lease RENAME TO lease_away")
    wait_for(lambda: scheduler.held is None)
    app.extensions["jobs"] = (daily(ran.append),)
    assert scheduler.is_ticking()
    change("ALTER TABLE lease_away RENAME TO lease")
    wait_for(lambda: ran)
    wait_for(lambda: scheduler.held)


def test_told_to_stop_it_finishes_the_job_at_hand_and_gives_the_lead_back(
    app: Flask, start: Callable[[], Scheduler]
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slowly(_now: datetime) -> None:
        begun.set()
        may_end.wait(20)

    app.extensions["jobs"] = (daily(slowly),)
    scheduler = start()
    assert begun.wait(20)
    stopping = threading.Thread(target=scheduler.stop)
    stopping.start()
    time.sleep(1.5)  # longer than its lease: it beats on while it waits
    assert stopping.is_alive()
    may_end.set()
    stopping.join(20)
    assert not scheduler.is_ticking()
    assert rows(sa.select(Lease.holder))[0].holder == ""
    [(finished,)] = rows(sa.select(JobRun.finished_at))
    assert finished is not None


def test_a_ticker_that_went_to_sleep_because_the_clock_was_set_back_is_woken(
    app: Flask, start: Callable[[], Scheduler]
) -> None:
    app.extensions["jobs"] = ()
    scheduler = start()
    wait_for(lambda: scheduler.held)
    for name in scheduler._ticks:  # set back by an hour, the ticker's next moments lie an hour ahead
        asleep = scheduler._ticker.get_job(name).next_run_time + timedelta(hours=1)
        scheduler._ticker.modify_job(name, next_run_time=asleep)
    time.sleep(1.2)
    change("UPDATE lease SET beat_at = '2001-01-01 00:00:00.000000'")
    wait_for(lambda: scheduler.mind() and rows(sa.select(Lease.beat_at))[0].beat_at.year > 2001)


def test_a_clock_set_far_ahead_brings_one_tick_and_no_backlog() -> None:
    ticks, now = Ticks(0.3), datetime(2026, 11, 22, tzinfo=UTC)
    assert ticks.get_next_fire_time(now - timedelta(days=400), now) == now + timedelta(seconds=0.3)


def test_a_job_that_hangs_is_noted_and_ends_the_process(app: Flask, start: Callable[[], Scheduler]) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def hangs(_now: datetime) -> None:
        begun.set()
        may_end.wait(20)

    app.extensions["jobs"] = (replace(daily(hangs), timeout=timedelta(seconds=2)),)
    scheduler = start()
    assert begun.wait(20)
    assert scheduler.mind(), "its time is not over yet"
    wait_for(lambda: not scheduler.mind())
    [(error, finished)] = rows(sa.select(JobRun.error, JobRun.finished_at))
    assert (error, finished) == ("took longer than 2 s and was ended", None)
    may_end.set()


def test_a_process_that_was_stopped_has_not_hung(
    app: Flask, start: Callable[[], Scheduler], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slowly(_now: datetime) -> None:
        begun.set()
        may_end.wait(20)

    app.extensions["jobs"] = (replace(daily(slowly), timeout=timedelta(seconds=30)),)
    scheduler = start()
    assert begun.wait(20)
    scheduler._looked -= 3600  # as if it had been stopped for an hour
    assert scheduler.mind()
    may_end.set()


def test_a_job_that_does_not_end_in_time_is_handed_back_as_it_is(
    app: Flask, start: Callable[[], Scheduler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labshare.scheduler.LAST_WORDS", 0.5)
    begun, may_end = threading.Event(), threading.Event()

    def slowly(_now: datetime) -> None:
        begun.set()
        may_end.wait(20)

    app.extensions["jobs"] = (daily(slowly),)
    scheduler = start()
    assert begun.wait(20)
    assert not scheduler.stop()
    ran: list[datetime] = []
    app.extensions["jobs"] = (daily(ran.append),)
    change("UPDATE lease SET holder = '', expires_at = '2001-01-01 00:00:00.000000'")
    start()
    wait_for(lambda: ran)
    may_end.set()  # in a process of its own it would not have come so far
