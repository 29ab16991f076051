"""A user who comes as the clock gives the time away: one of the two, never both, never neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.proof import acts, spoiling
from tests.proof.begun import begun
from tests.proof.crew import Crew, Said, count
from tests.proof.stage import Stage

pytestmark = pytest.mark.proof
ROUNDS = count(100, 20)
FEW = 8
Ran = Callable[..., None]

# What it came to -> the booking's state, its claims and usage records, its last fact.
OUTCOMES = {
    "check_in": ("in_use", 1, 1, "booking_started"),
    "miss": ("missed", 0, 0, "booking_missed"),
}


def overdue(stage: Stage, code: str, many: int) -> list[int]:
    """Approved bookings of Mei's whose grace has just passed and that nobody has judged, each on its own channel."""
    return begun(stage, code, many, timedelta(minutes=40))


def outcome(stage: Stage, booking: int) -> tuple[str, int, int, str]:
    """What stands in the database of it."""
    ((state,),) = stage.rows("SELECT state FROM booking WHERE id = :one", one=booking)
    ((claims,),) = stage.rows("SELECT count(*) FROM claim WHERE kind = 'booking' AND owner_id = :one", one=booking)
    ((uses,),) = stage.rows("SELECT count(*) FROM usage_record WHERE booking_id = :one", one=booking)
    facts = stage.rows(
        "SELECT kind FROM journal WHERE object = 'booking' AND object_id = :one ORDER BY id", one=booking
    )
    return state, claims, uses, facts[-1][0] if len(facts) == 3 else f"{len(facts)} facts"


def at_the_barrier(stage: Stage, crew: Crew, booking: int) -> list[Said]:
    """Some check in, the others judge, all at once: every second time half of each, else one judges."""
    ways = ((acts.check_in, stage.mei, booking), (acts.judge, booking))
    return crew.together([ways[one % 2 if booking % 2 else one == 0] for one in range(FEW)])


def won(said: list[Said]) -> list[str]:
    return [one.value for one in said if one.ok and one.value is not None]


def test_whoever_comes_as_the_time_is_given_away_has_it_or_has_it_not(stage: Stage, ran: Ran) -> None:
    outcomes: Counter[str] = Counter()
    before = stage.deadlocks()
    with Crew(stage.url, stage.folder, FEW) as crew:
        for booking in overdue(stage, "RACE-COME", ROUNDS):
            said = at_the_barrier(stage, crew, booking)
            (winner,) = won(said)
            losers = {(one.status, one.code) for one in said if not one.ok}
            assert losers <= {(409, "wrong_state"), (409, "changed_meanwhile")}, said
            assert outcome(stage, booking) == OUTCOMES[winner]
            outcomes[winner] += 1
    ran(rounds=ROUNDS, processes=FEW, **outcomes, worst_wait=f"{crew.worst:.3f} s")
    assert sum(outcomes.values()) == ROUNDS
    assert stage.breaches() == []
    assert stage.deadlocks() == before


def test_without_compare_and_swap_it_comes_to_both(lone_stage: Stage, ran: Ran) -> None:
    both = {}
    spoil = [spoiling.unlocked, spoiling.slow]
    for name, guards_gone in {"with": spoil, "without": [*spoil, spoiling.careless]}.items():
        with Crew(lone_stage.url, lone_stage.folder, FEW, spoil=guards_gone) as crew:
            numbers = overdue(lone_stage, f"RACE-{name.upper()}", FEW)
            both[name] = sum(len(won(at_the_barrier(lone_stage, crew, number))) > 1 for number in numbers)
    ran(rounds=FEW, processes=FEW, both=both)
    assert both["with"] == 0
    assert both["without"] > 0
    assert lone_stage.breaches()
