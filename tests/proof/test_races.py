"""Promise 1: one minute of an instrument belongs to one claim, however many ask for it in the same instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.proof import acts
from tests.proof.crew import SIZE, Crew, Said, count
from tests.proof.stage import Stage

pytestmark = pytest.mark.proof
ROUNDS = count(200, 20)
Ran = Callable[..., None]


@pytest.fixture(scope="module")
def crew(stage: Stage) -> Iterator[Crew]:
    stage.instrument("WARM-UP")
    with Crew(stage.url, stage.folder) as sixteen:
        # Everybody connects and comes by every statement once; what is measured is waiting, not waking up.
        for slots in (range(SIZE), [0] * SIZE):
            sixteen.together([(acts.ask, stage.mei, "WARM-UP", *stage.slot(number)) for number in slots])
        yield sixteen


@pytest.fixture(autouse=True)
def all_is_well(stage: Stage, crew: Crew, ran: Ran) -> Iterator[None]:
    """After every race: no breach of any invariant, no deadlock, and nobody waited long."""
    before, crew.worst = stage.deadlocks(), 0.0
    yield
    ran(rounds=ROUNDS, processes=crew.size, worst_wait=f"{crew.worst:.3f} s")
    assert stage.breaches() == []
    assert stage.deadlocks() == before
    assert crew.worst < (2 if stage.postgres else 10)


def parked(stage: Stage, code: str, many: int, first: int) -> list[int]:
    """Bookings of Mei's on slots of their own, from the `first` one on."""
    with stage.app.app_context():
        return [acts.ask(stage.app, stage.mei, code, *stage.slot(first + number)) for number in range(many)]


def one_won(said: list[Said], winners: int = 1) -> None:
    """So many have it; everybody else was told that the slot is taken, and nothing else."""
    won = [one for one in said if one.ok]
    assert len(won) == winners, said
    for one in said:
        assert one.ok or (one.status, one.code, one.reasons) == (409, "slot_taken", ("slot_taken",)), one


def test_of_sixteen_who_ask_for_one_slot_one_gets_it(stage: Stage, crew: Crew) -> None:
    stage.instrument("RACE-CREATE")
    for number in range(ROUNDS):
        said = crew.together(
            [(acts.ask, stage.askers[one % 3], "RACE-CREATE", *stage.slot(number)) for one in range(SIZE)]
        )
        one_won(said)


def test_of_bookings_moved_and_made_onto_one_slot_one_gets_it(stage: Stage, crew: Crew, ran: Ran) -> None:
    stage.instrument("RACE-MIX", approval=True)
    movers = parked(stage, "RACE-MIX", SIZE // 2, ROUNDS)
    moved = 0
    for number in range(ROUNDS):
        slot = stage.slot(number)
        moves = [(acts.move, stage.mei, booking, *slot) for booking in movers]
        asks = [(acts.ask, stage.bo, "RACE-MIX", *slot) for _ in movers]
        said = crew.together(moves + asks)
        one_won(said)
        moved += any(one.ok for one in said[: len(moves)])
    ran(won_by_moving=moved, won_by_asking=ROUNDS - moved)


def test_of_sixteen_bookings_moved_to_one_slot_one_gets_there(stage: Stage, crew: Crew) -> None:
    stage.instrument("RACE-MOVE")
    movers = parked(stage, "RACE-MOVE", SIZE, ROUNDS)
    for number in range(ROUNDS):
        one_won(crew.together([(acts.move, stage.mei, booking, *stage.slot(number)) for booking in movers]))


def test_four_channels_go_to_exactly_four(stage: Stage, crew: Crew) -> None:
    number_of = stage.instrument("RACE-FOUR", channels=4)
    for number in range(ROUNDS):
        slot = stage.slot(number)
        said = crew.together([(acts.ask, stage.askers[one % 3], "RACE-FOUR", *slot) for one in range(SIZE)])
        one_won(said, winners=4)
    taken = stage.rows("SELECT channel, count(*) FROM claim WHERE instrument_id = :one GROUP BY channel", one=number_of)
    assert sorted(taken) == [(channel, ROUNDS) for channel in (1, 2, 3, 4)]


def test_of_sixteen_who_approve_one_request_one_does(stage: Stage, crew: Crew) -> None:
    stage.instrument("RACE-YES", approval=True)
    for number, booking in enumerate(parked(stage, "RACE-YES", ROUNDS, 0)):
        said = crew.together([(acts.approve, (stage.li, stage.ada)[one % 2], booking) for one in range(SIZE)])
        assert sum(one.ok for one in said) == 1, (number, said)
        assert {(one.status, one.code) for one in said if not one.ok} <= {
            (409, "wrong_state"),
            (409, "changed_meanwhile"),
        }
        assert told(stage, booking) == ["booking_requested", "booking_approved"]
        assert state(stage, booking) == ("approved", 2, 1)


def told(stage: Stage, booking: int) -> list[str]:
    """What the journal says of a booking, in order."""
    found = stage.rows("SELECT kind FROM journal WHERE object = 'booking' AND object_id = :id ORDER BY id", id=booking)
    return [kind for (kind,) in found]


def state(stage: Stage, booking: int) -> tuple[str, int, int]:
    """A booking's state, its version, and how many claims it holds."""
    claims = "SELECT count(*) FROM claim WHERE kind = 'booking' AND owner_id = b.id"
    found = stage.rows(f"SELECT state, version, ({claims}) FROM booking b WHERE id = :id", id=booking)[0]
    return str(found[0]), int(found[1]), int(found[2])


AFTER = {  # what became of a request: its state, its claims, and what the journal says
    "approve": ("approved", 1, "booking_approved"),
    "cancel": ("cancelled", 0, "booking_cancelled"),
    "move": ("requested", 1, "booking_moved"),
}


@pytest.mark.parametrize("pair", [("approve", "cancel"), ("approve", "move"), ("move", "cancel")], ids="-".join)
def test_of_two_ways_on_from_what_both_saw_one_is_gone(stage: Stage, crew: Crew, pair: tuple[str, str]) -> None:
    code = f"RACE-{pair[0]}-{pair[1]}".upper()
    stage.instrument(code, approval=True)
    won_by = dict.fromkeys(pair, 0)
    for number, booking in enumerate(parked(stage, code, ROUNDS, 0)):
        tasks: dict[str, tuple[Any, ...]] = {
            "approve": (acts.approve, stage.li, booking, 1),
            "cancel": (acts.cancel, stage.mei, booking, 1),
            "move": (acts.move, stage.mei, booking, *stage.slot(ROUNDS + number), 1),
        }
        said = crew.together([tasks[pair[one % 2]] for one in range(SIZE)])
        (won,) = (one.value for one in said if one.ok)
        losers = {(one.status, one.code) for one in said if not one.ok}
        assert losers <= {(409, "wrong_state"), (409, "changed_meanwhile")}, said
        became, claims, fact = AFTER[won]
        assert state(stage, booking) == (became, 2, claims)
        assert told(stage, booking) == ["booking_requested", fact]
        won_by[won] += 1
    assert sum(won_by.values()) == ROUNDS


def test_approved_and_then_cancelled_but_never_the_other_way(stage: Stage, crew: Crew) -> None:
    stage.instrument("RACE-YES-NO", approval=True)
    for booking in parked(stage, "RACE-YES-NO", ROUNDS, 0):
        ways = ((acts.approve, stage.li, booking), (acts.cancel, stage.mei, booking))  # whatever it is by then
        said = crew.together([ways[one % 2] for one in range(SIZE)])
        assert all(one.ok or one.status == 409 for one in said), said
        won = sorted(one.value for one in said if one.ok)
        assert won in (["approve"], ["cancel"], ["approve", "cancel"]), said
        became, claims, _ = AFTER[won[-1]]
        assert state(stage, booking) == (became, 1 + len(won), claims)
        assert told(stage, booking) == ["booking_requested", *(AFTER[one][2] for one in won)]


def test_two_instruments_named_in_either_order_never_deadlock(stage: Stage, crew: Crew) -> None:
    here, there = stage.instrument("RACE-LOCK-A"), stage.instrument("RACE-LOCK-B")
    for _ in range(ROUNDS):
        ways = [((here, there), (there, here))[one % 2] for one in range(SIZE)]
        said = crew.together([(acts.hold, way, 5) for way in ways])
        assert all(one.ok for one in said), said
