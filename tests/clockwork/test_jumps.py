"""The clock beside two others: small corrections pass, jumps are told once, and what takes something away stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.clockwork import jumps
from labshare.clockwork.job import Job
from labshare.clockwork.jumps import Sight, moved
from labshare.clockwork.lease import Held, LeaseLost, take
from labshare.clockwork.pauses import paused
from labshare.clockwork.services import resume, watch_clock
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import N_
from labshare.kernel.journal import Entry

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
BORN = datetime(2026, 11, 1, tzinfo=UTC)
SEEN = Sight("this life", BORN, timedelta(0))
Turn = Callable[[timedelta], None]


@pytest.fixture
def turn() -> Iterator[Turn]:
    """Sets the wall clock so far ahead of the machine's."""
    real = clock.source

    def by(far: timedelta) -> None:
        clock.source = lambda: real() + far

    yield by
    clock.source = real


@pytest.fixture
def held(app: Flask) -> Held:
    def nothing(_now: datetime) -> None:
        return None

    app.extensions["jobs"] = (
        Job("gentle", N_("A job of the tests"), HOUR, nothing),
        Job("strict", N_("A job of the tests"), HOUR, nothing, destructive=True),
    )
    lead = take("anna", 60)
    assert lead is not None
    watch_clock(SYSTEM, lead)  # the first look learns how things stand
    return lead


def told() -> list[int]:
    return [row.data["seconds"] for row in rows(sa.select(Entry.data).where(Entry.kind == "clock_jumped"))]


def test_the_wider_of_both_distances_counts() -> None:
    assert moved(SEEN, replace(SEEN, epoch=BORN + HOUR)) == HOUR
    assert moved(SEEN, replace(SEEN, ahead=-HOUR)) == -HOUR
    assert moved(SEEN, replace(SEEN, epoch=BORN + SECOND, ahead=-HOUR)) == -HOUR


def test_another_machine_has_another_birthday_and_that_is_no_jump() -> None:
    assert moved(SEEN, Sight("another life", BORN + 9 * HOUR, timedelta(0))) == timedelta(0)
    assert moved(Sight("", None, timedelta(0)), SEEN) == timedelta(0)


@pytest.mark.parametrize("far", [HOUR, -HOUR, 400 * 24 * HOUR, timedelta(minutes=6)])
def test_a_jump_is_told_once_and_stops_only_what_takes_something_away(held: Held, turn: Turn, far: timedelta) -> None:
    turn(far)
    for _ in range(3):
        watch_clock(SYSTEM, held)
    assert [abs(one - far.total_seconds()) < 5 for one in told()] == [True]
    assert set(paused()) == {"strict"}
    assert "the clock jumped by" in paused()["strict"].reason
    assert paused()["strict"].by is None


def test_after_a_person_resumed_it_the_clock_as_it_is_stops_nothing_again(held: Held, turn: Turn) -> None:
    turn(HOUR)
    watch_clock(SYSTEM, held)
    resume(SYSTEM, "strict")
    watch_clock(SYSTEM, held)
    assert paused() == {}
    assert len(told()) == 1


@pytest.mark.parametrize("far", [timedelta(seconds=2), timedelta(minutes=-4)])
def test_a_correction_is_learnt_and_not_told(held: Held, turn: Turn, far: timedelta) -> None:
    for steps in range(1, 4):
        turn(steps * far)
        watch_clock(SYSTEM, held)
    assert told() == []
    assert paused() == {}


def test_a_jump_while_nobody_looked_is_found_by_the_next_leader(held: Held, turn: Turn) -> None:
    turn(HOUR)
    with transaction() as tx:
        tx.execute(sa.text("UPDATE lease SET expires_at = '2001-01-01 00:00:00.000000'"))
    follower = take("boris", 60)
    assert follower is not None
    watch_clock(SYSTEM, follower)
    assert len(told()) == 1


def test_who_leads_no_longer_tells_nothing(held: Held, turn: Turn) -> None:
    turn(HOUR)
    with pytest.raises(LeaseLost):
        watch_clock(SYSTEM, Held("anna", held.fence + 1))
    assert told() == []
    assert paused() == {}


def test_a_process_that_was_stopped_in_the_middle_of_its_look_looks_again(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [timedelta(seconds=n) for n in (0, 0, 600, 600, 600, 600)]
    monkeypatch.setattr(clock, "uptime", lambda: times.pop(0))
    seen = jumps.look()
    assert seen is not None
    assert times == []


def test_without_a_clear_look_nothing_is_vouched_for(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = iter(range(0, 9000, 600))
    monkeypatch.setattr(clock, "uptime", lambda: timedelta(seconds=next(passed)))
    assert watch_clock(SYSTEM, held) is None
    assert told() == []
