"""Jobs of periods: every one in order, its effect and its note in one transaction; and who is told when they fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.clockwork.job import AGAIN, PAUSE, TRIES, Job, Run, due, tried
from labshare.clockwork.lease import Held, LeaseLost, take
from labshare.clockwork.models import JobRun
from labshare.clockwork.pauses import paused
from labshare.clockwork.queries import last_runs, line
from labshare.clockwork.services import give_up, pause, resume, run_due, run_job, tell_late
from labshare.clockwork.services.running import AT_ONCE
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import Transaction, rows, table_of, transaction
from labshare.kernel.errors import N_, Conflict
from labshare.kernel.journal import Entry
from labshare.people.models import SignInFailure

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEXT = N_("A job of the tests")


class Counter:
    """Writes one row a period; fails where it is told to, after having written."""

    def __init__(self) -> None:
        self.fails = 0

    def each(self, tx: Transaction, period: datetime, _now: datetime) -> Mapping[str, int]:
        tx.execute(sa.insert(table_of(SignInFailure)), {"key": "period", "at": period})
        if self.fails:
            self.fails -= 1
            raise OSError("the pump is dry")
        return {"written": 1}


def done() -> list[datetime]:
    return [row.at for row in rows(sa.select(SignInFailure.at).order_by(SignInFailure.id))]


def told(kind: str) -> list[dict[str, Any]]:
    return [row.data for row in rows(sa.select(Entry.data).where(Entry.kind == kind).order_by(Entry.id))]


@pytest.fixture
def counter(app: Flask) -> Counter:
    made = Counter()
    app.extensions["jobs"] = (Job("hourly", TEXT, HOUR, each=made.each),)
    return made


@pytest.fixture
def held(app: Flask) -> Held:
    lead = take("anna", 60)
    assert lead is not None
    return lead


def test_a_job_is_a_sweep_or_one_of_periods() -> None:
    with pytest.raises(ValueError, match="either"):
        Job("neither", TEXT, HOUR)


def test_a_new_house_begins_with_the_present_period(counter: Counter, held: Held) -> None:
    run_due(NOON + 5 * MINUTE, held)
    assert done() == [NOON]


def test_every_missed_period_is_done_in_order_and_once(counter: Counter, held: Held) -> None:
    run_due(NOON, held)
    for _ in range(2):
        run_due(NOON + 3 * DAY, held)
        run_due(NOON + 3 * DAY, held)
    assert done() == [NOON + n * HOUR for n in range(73)]
    assert rows(sa.select(sa.func.count(JobRun.id)).where(JobRun.finished_at.is_(None)))[0][0] == 0


def test_a_tick_does_so_many_periods_at_most(counter: Counter, held: Held) -> None:
    run_due(NOON, held)
    assert len(run_due(NOON + 40 * DAY, held)) == AT_ONCE


def test_what_a_failed_period_wrote_is_undone_and_those_behind_it_wait(counter: Counter, held: Held) -> None:
    run_due(NOON, held)
    counter.fails = 1
    run_due(NOON + 2 * HOUR, held)
    assert done() == [NOON]
    run_due(NOON + 2 * HOUR + PAUSE, held)
    assert done() == [NOON, NOON + HOUR, NOON + 2 * HOUR]


def test_a_period_that_used_up_its_tries_is_told_once_and_tried_again_each_hour(counter: Counter, held: Held) -> None:
    counter.fails = TRIES + 1
    tried = [n for n in range(0, 3 * 3600, 20) if run_due(NOON + timedelta(seconds=n), held)]
    first = PAUSE.seconds * 21
    assert tried == [0, 20, 100, first, first + AGAIN.seconds, first + 2 * AGAIN.seconds]
    [alarm] = told("job_failed")
    assert (alarm["job"], alarm["tries"], alarm["error"]) == ("hourly", TRIES, "OSError: the pump is dry")
    assert done() == [NOON, NOON + HOUR, NOON + 2 * HOUR]


def test_a_person_does_what_waits_without_waiting(counter: Counter, held: Held) -> None:
    counter.fails = TRIES
    run_due(NOON, held)
    counter.fails = 0
    shown = run_job(SYSTEM, "hourly")
    assert not shown.failed
    assert done()[0] == NOON


def test_a_stale_leader_undoes_what_it_did(counter: Counter, app: Flask) -> None:
    stale = take("anna", 60)
    assert stale is not None

    def overtaken(tx: Transaction, period: datetime, now: datetime) -> Mapping[str, int]:
        tx.execute(sa.text("UPDATE lease SET fence = fence + 1"))
        return counter.each(tx, period, now)

    app.extensions["jobs"] = (Job("hourly", TEXT, HOUR, each=overtaken),)
    with pytest.raises(LeaseLost):
        run_due(NOON, stale)
    assert done() == []


def test_whoever_finishes_second_undoes_it(counter: Counter, held: Held, app: Flask) -> None:
    def overtaken(tx: Transaction, period: datetime, now: datetime) -> Mapping[str, int]:
        tx.execute(sa.update(table_of(JobRun)).values(finished_at=now))
        return counter.each(tx, period, now)

    app.extensions["jobs"] = (Job("hourly", TEXT, HOUR, each=overtaken),)
    run_due(NOON, held)
    assert done() == []
    assert last_runs(NOON)["hourly"].error is None


def test_runs_of_a_future_that_was_none_hold_up_nothing_and_are_not_done_twice(counter: Counter, held: Held) -> None:
    run_due(NOON, held)
    run_due(NOON + 3 * HOUR, held)  # the clock went ahead, and then back
    assert run_due(NOON + 30 * MINUTE, held) == []
    for hours in range(1, 6):
        run_due(NOON + hours * HOUR, held)
    assert done() == [NOON + n * HOUR for n in range(6)]


def test_a_sweep_is_not_held_up_by_a_run_far_ahead(app: Flask, held: Held) -> None:
    ran: list[datetime] = []
    app.extensions["jobs"] = (Job("sweep", TEXT, HOUR, ran.append),)
    run_due(NOON + 400 * DAY, held)
    run_due(NOON, held)
    run_due(NOON + HOUR, held)
    assert ran == [NOON + 400 * DAY, NOON, NOON + HOUR]


# ---------------------------------------------------------------- pauses


def test_a_paused_job_stands_still_until_it_is_resumed_and_then_makes_up_for_it(counter: Counter, held: Held) -> None:
    run_due(NOON, held)
    pause(SYSTEM, "hourly", "the books are being closed")
    assert run_due(NOON + 2 * HOUR, held) == []
    for again in (lambda: run_job(SYSTEM, "hourly"), lambda: pause(SYSTEM, "hourly", "twice")):
        with pytest.raises(Conflict, match="job_paused"):
            again()
    resume(SYSTEM, "hourly")
    run_due(NOON + 2 * HOUR, held)
    assert done() == [NOON + n * HOUR for n in range(3)]
    with pytest.raises(Conflict, match="job_not_paused"):
        resume(SYSTEM, "hourly")
    assert [one["reason"] for one in told("job_paused")] == ["the books are being closed"]
    assert len(told("job_resumed")) == 1


def test_a_job_that_hangs_each_time_is_stopped_and_resuming_gives_its_tries_back(app: Flask, held: Held) -> None:
    ran: list[datetime] = []
    hanging = Job("hanging", TEXT, MINUTE, ran.append)
    app.extensions["jobs"] = (hanging,)

    def hang(now: datetime) -> None:
        before = last_runs(now).get("hanging")
        period = due(hanging, before, now)
        assert period is not None
        tries = tried(before, period) + 1
        begun = {"job": "hanging", "period": period, "started_at": now, "tries": tries, "fence": held.fence}
        with transaction() as tx:
            number = tx.execute(sa.insert(JobRun).values(**begun, result={}).returning(JobRun.id)).scalar_one()
        give_up(SYSTEM, hanging, Run(number, period, now, None, tries, held.fence, {}, None), held)

    for number in range(TRIES):  # each in a period of its own: its tries are counted all the same
        hang(NOON + number * HOUR)
    assert paused()["hanging"].reason == "took longer than 300 s and was ended"
    assert len(told("job_failed")) == 1
    resume(SYSTEM, "hanging")
    later = NOON + DAY
    assert run_due(later, held) == ["hanging"]
    assert ran == [later]


def test_a_job_that_takes_its_process_down_each_time_is_stopped(app: Flask) -> None:
    def dies(_now: datetime) -> None:
        raise KeyboardInterrupt

    app.extensions["jobs"] = (Job("deadly", TEXT, DAY, dies), Job("other", TEXT, DAY, lambda _now: None))
    for number in range(TRIES):
        lead = take(f"number {number}", 0)
        assert lead is not None
        with pytest.raises(KeyboardInterrupt):
            run_due(NOON, lead)
        with transaction() as tx:
            tx.execute(sa.text("UPDATE lease SET expires_at = '2001-01-01 00:00:00.000000'"))
    last = take("the last", 60)
    assert last is not None
    run_due(NOON, last)
    assert "ended 4 times" in paused()["deadly"].reason
    assert len(told("job_failed")) == 1


def test_those_behind_a_job_that_hangs_have_their_turn_first(app: Flask, held: Held) -> None:
    order: list[str] = []
    app.extensions["jobs"] = tuple(
        Job(name, TEXT, MINUTE, lambda _now, name=name: order.append(name)) for name in ("first", "second")
    )
    with transaction() as tx:
        begun = {"job": "first", "period": NOON, "started_at": NOON, "tries": 1, "fence": 1, "result": {}}
        tx.execute(sa.insert(JobRun).values(begun))
    run_due(NOON + HOUR, held)
    assert order == ["second", "first"]


# ---------------------------------------------------------------- lateness


def test_a_late_job_is_told_once_until_it_has_caught_up(counter: Counter, held: Held) -> None:
    run_due(NOON, held)
    assert tell_late(SYSTEM, NOON + 2 * HOUR, held) == []
    late = NOON + 3 * HOUR + MINUTE
    assert tell_late(SYSTEM, late, held) == ["hourly"]
    assert tell_late(SYSTEM, late + MINUTE, held) == []
    run_due(late, held)
    assert tell_late(SYSTEM, late, held) == []
    assert tell_late(SYSTEM, late + 4 * HOUR, held) == ["hourly"]
    assert [one["job"] for one in told("job_late")] == ["hourly", "hourly"]


def test_a_paused_job_is_late_by_somebodys_will(counter: Counter, held: Held) -> None:
    run_due(NOON, held)
    pause(SYSTEM, "hourly", "on purpose")
    assert tell_late(SYSTEM, NOON + DAY, held) == []


def test_a_job_that_never_did_well_lags_since_it_was_first_tried(counter: Counter, held: Held) -> None:
    counter.fails = 99
    run_due(NOON + 40 * MINUTE, held)
    assert line("hourly", NOON + 50 * MINUTE).lag == 10 * MINUTE
