"""Every guard by itself: what the database refuses whoever asks, and that each proof fails without its guard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from labshare.kernel.db import db, rows
from labshare.kernel.journal import Entry
from tests.cast import Cast
from tests.proof import acts, spoiling
from tests.proof.crew import Crew, Said, count
from tests.proof.stage import Stage, raw

pytestmark = pytest.mark.proof
ROUNDS = count(50, 8)
FEW = 8  # processes: what is shown here needs no herd
Ran = Callable[..., None]


def asked_at_once(stage: Stage, crew: Crew) -> list[list[Said]]:
    """Rounds in which everybody asks for one slot."""
    stage.instrument("SEM-99")
    return [
        crew.together([(acts.ask, stage.askers[one % 3], "SEM-99", *stage.slot(number)) for one in range(FEW)])
        for number in range(ROUNDS)
    ]


def winners(said: list[Said]) -> int:
    return sum(one.ok for one in said)


# ---------------------------------------------------------------- one guard taken away: the others hold


def test_without_the_lock_the_database_still_refuses_the_second(lone_stage: Stage, ran: Ran) -> None:
    with Crew(lone_stage.url, lone_stage.folder, FEW, spoil=[spoiling.unlocked, spoiling.slow]) as crew:
        all_said = asked_at_once(lone_stage, crew)
    ran(rounds=ROUNDS, processes=FEW)
    for said in all_said:
        assert winners(said) <= 1, said
        assert {(one.status, one.code) for one in said if not one.ok} <= {(409, "slot_taken"), (503, "busy")}, said
    assert sum(map(winners, all_said)) == ROUNDS
    assert not [found for found in lone_stage.breaches() if "overlaps" in found]


def test_without_the_guard_of_the_database_the_lock_still_holds(lone_stage: Stage, ran: Ran) -> None:
    lone_stage.without_guard()
    with Crew(lone_stage.url, lone_stage.folder, FEW, spoil=[spoiling.slow]) as crew:
        all_said = asked_at_once(lone_stage, crew)
    ran(rounds=ROUNDS, processes=FEW)
    assert [winners(said) for said in all_said] == [1] * ROUNDS
    assert lone_stage.breaches() == []


def test_who_waits_too_long_is_told_so_and_leaves_nothing_behind(lone_stage: Stage, ran: Ran) -> None:
    held = lone_stage.instrument("SEM-99")
    ask = [(acts.ask, lone_stage.mei, "SEM-99", *lone_stage.slot(0))]
    with Crew(lone_stage.url, lone_stage.folder, size=1) as crew:
        with lone_stage.everything_locked(held):
            (waited,) = crew.together(ask)
        (asked_again,) = crew.together(ask)
        (moved,) = crew.together([(acts.move, lone_stage.mei, asked_again.value, *lone_stage.slot(1))])
    ran(waited=f"{waited.seconds:.1f} s")
    assert (waited.status, waited.code) == (503, "busy")
    assert waited.seconds < 12
    assert asked_again.ok
    assert moved.ok
    assert lone_stage.breaches() == []


# ---------------------------------------------------------------- negative controls: without it, the proof fails


def test_without_lock_and_guard_the_race_is_lost(lone_stage: Stage, ran: Ran) -> None:
    lone_stage.without_guard()
    with Crew(lone_stage.url, lone_stage.folder, FEW, spoil=[spoiling.unlocked, spoiling.slow]) as crew:
        all_said = asked_at_once(lone_stage, crew)
    doubled = sum(winners(said) > 1 for said in all_said)
    ran(rounds=ROUNDS, processes=FEW, double_booked=doubled)
    assert doubled > 0
    assert [found for found in lone_stage.breaches() if "overlaps" in found]


def test_without_compare_and_swap_two_managers_both_approve(lone_stage: Stage, ran: Ran) -> None:
    lone_stage.instrument("SEM-99", approval=True)
    spoil = [spoiling.unlocked, spoiling.slow]
    both = {}
    for name, guards_gone in {"with": spoil, "without": [*spoil, spoiling.careless]}.items():
        with lone_stage.app.app_context():
            first = len(both) * ROUNDS
            asked = [
                acts.ask(lone_stage.app, lone_stage.mei, "SEM-99", *lone_stage.slot(first + n)) for n in range(ROUNDS)
            ]
        with Crew(lone_stage.url, lone_stage.folder, FEW, spoil=guards_gone) as crew:
            all_said = [crew.together([(acts.approve, lone_stage.li, booking)] * FEW) for booking in asked]
        both[name] = sum(winners(said) > 1 for said in all_said)
    ran(rounds=ROUNDS, processes=FEW, approved_twice=both)
    assert both["with"] == 0
    assert both["without"] > 0
    assert [found for found in lone_stage.breaches() if "entries in the journal" in found]


def test_locks_taken_one_by_one_as_they_are_named_do_deadlock(lone_stage: Stage, ran: Ran) -> None:
    if not lone_stage.postgres:
        pytest.skip("SQLite has one lock, so there is no order to get wrong")
    here, there = lone_stage.instrument("LOCK-A"), lone_stage.instrument("LOCK-B")
    before = lone_stage.deadlocks()
    with Crew(lone_stage.url, lone_stage.folder, size=4) as crew:
        said = [
            one
            for _ in range(3)
            for one in crew.together([(acts.grab, ((here, there), (there, here))[one % 2], 20) for one in range(4)])
        ]
    found = lone_stage.deadlocks() - before
    ran(rounds=3, processes=4, deadlocks=found)
    assert found > 0
    assert {one.code for one in said if not one.ok} == {"busy"}


# ---------------------------------------------------------------- raw SQL, past the application

CLAIM = "INSERT INTO claim (instrument_id, channel, starts_at, ends_at, kind, owner_id) VALUES (?, ?, ?, ?, ?, ?)"
NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OTHERS = {  # minutes after nine, against a claim from nine to ten
    "the same": (0, 60),
    "inside": (20, 40),
    "around": (-30, 90),
    "its first minute": (-30, 1),
    "its last minute": (59, 90),
}


def written(app: Flask, moment: datetime) -> str:
    """A moment in UTC as the application stores it."""
    sign = "+00" if db.engine.dialect.name == "postgresql" else ".000000"
    return f"{moment:%Y-%m-%d %H:%M:%S}{sign}"


def claim(app: Flask, instrument: int, start: int, end: int, owner: int, channel: int = 1) -> None:
    times = [written(app, NINE + minutes * MINUTE) for minutes in (start, end)]
    raw(CLAIM, instrument, channel, *times, "maintenance", owner)


def is_refused(name: str, do: Callable[..., None], *values: Any) -> None:
    """The database itself says no, and says which of its guards does."""
    with pytest.raises(Exception, match=name) as refused:
        do(*values)
    assert isinstance(refused.value, db.engine.dialect.loaded_dbapi.Error)


@pytest.fixture(params=["migrated once", "down to nothing and up again"])
def migrated(app: Flask, request: pytest.FixtureRequest) -> None:
    if request.param != "migrated once":
        downgrade(revision="base")
        upgrade()


@pytest.mark.unsound  # a migration that brings rows has nobody to tell
@pytest.mark.usefixtures("migrated")
def test_raw_sql_cannot_make_two_claims_overlap(app: Flask) -> None:
    cast = Cast(app)
    claim(app, cast.sem, 0, 60, owner=1)
    claim(app, cast.sem, 600, 660, owner=2)
    move = "UPDATE claim SET starts_at = ?, ends_at = ? WHERE owner_id = 2"
    for start, end in OTHERS.values():
        is_refused("ex_claim_overlap", claim, app, cast.sem, start, end, 3)
        is_refused("ex_claim_overlap", raw, move, *(written(app, NINE + minutes * MINUTE) for minutes in (start, end)))
    claim(app, cast.sem, -60, 0, owner=4)  # what touches does not overlap
    claim(app, cast.sem, 60, 120, owner=5)
    claim(app, cast.sem, 0, 60, owner=6, channel=2)
    claim(app, cast.bat, 0, 60, owner=7)
    is_refused("ex_claim_overlap", raw, "UPDATE claim SET channel = 1 WHERE owner_id = 6")
    is_refused("ex_claim_overlap", raw, "UPDATE claim SET channel = 1, instrument_id = ? WHERE owner_id = 7", cast.sem)
    is_refused("ex_claim_overlap", raw, "UPDATE claim SET ends_at = ? WHERE owner_id = 4", written(app, NINE + MINUTE))
    is_refused("ck_claim_order", claim, app, cast.sem, 300, 300, 8)
    raw(
        "UPDATE claim SET starts_at = ?, ends_at = ? WHERE owner_id = 1",
        written(app, NINE),
        written(app, NINE + MINUTE),
    )
    claim(app, cast.sem, 1, 60, owner=9)  # freed time is free


@pytest.mark.unsound  # a migration that brings rows has nobody to tell
@pytest.mark.usefixtures("migrated")
def test_raw_sql_can_neither_change_nor_remove_what_the_journal_says(app: Flask) -> None:
    Cast(app)
    before = rows(db.select(Entry.__table__))
    assert before
    forbidden = ["UPDATE journal SET kind = 'nothing'", "DELETE FROM journal", "DELETE FROM journal WHERE id = 1"]
    if db.engine.dialect.name == "postgresql":
        forbidden.append("TRUNCATE journal CASCADE")
    else:
        forbidden.append("INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE id = 1")
    for statement in forbidden:
        is_refused("journal_append_only|append-only", raw, statement)
    assert rows(db.select(Entry.__table__)) == before
