"""Managers who answer one request at once: it has one answer, in the database, in the journal and in the inbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from labshare.kernel import clock
from labshare.kernel.db import transaction
from labshare.notifications.jobs import fan_out
from labshare.notifications.recipes import RECIPES
from labshare.people.models import Person, RoleGrant
from tests.cast import LONG_AGO
from tests.proof import acts, spoiling
from tests.proof.crew import Crew, Said, count
from tests.proof.stage import Stage

pytestmark = [pytest.mark.proof, pytest.mark.beside]
ROUNDS = count(100, 20)
MANAGERS, FEW = 8, 6
Ran = Callable[..., None]

# What it came to -> the booking's state, its claims, and the fact that says so.
OUTCOMES = {
    "approve": ("approved", 1, "booking_approved"),
    "reject": ("rejected", 0, "booking_rejected"),
    "offer": ("offered", 1, "booking_offered"),
    "cancel": ("cancelled", 0, "booking_cancelled"),
}
TOO_LATE = {(409, "wrong_state"), (409, "changed_meanwhile")}


def managers(stage: Stage) -> list[int]:
    """Eight lab managers of the site."""
    found = []
    with stage.app.app_context(), transaction() as tx:
        for number in range(MANAGERS):
            who = {"email": f"manager-{number}@cast.labshare.test", "name": f"Manager {number}", "created_at": LONG_AGO}
            person = tx.execute(insert(Person).values(who).returning(Person.id)).scalar_one()
            tx.execute(insert(RoleGrant).values(person_id=person, role="lab_manager", site_id=stage.cast.east))
            found.append(int(person))
        stage.cast._tell(tx)
    return found


@pytest.fixture(scope="module")
def desk(stage: Stage) -> list[int]:
    return managers(stage)


def asked(stage: Stage, code: str, many: int) -> list[int]:
    """Requests of Mei's, each on a slot of its own."""
    stage.instrument(code, approval=True)
    with stage.app.app_context():
        return [acts.ask(stage.app, stage.mei, code, *stage.slot(number)) for number in range(many)]


# Who is quick always wins against who has more to look at; so in some rounds only the slower ones meet.
MIXES = (
    ("approve", "approve", "reject", "reject", "offer", "offer", "offer", "cancel"),
    (*["approve"] * 4, *["offer"] * 4),
    (*["offer"] * 8,),
)


def at_the_barrier(stage: Stage, crew: Crew, desk: list[int], booking: int, number: int, many: int) -> list[Said]:
    """Eight answers at once, each offer another time; every second round they say which version they saw."""
    version = 1 if number % 2 else None
    tasks: list[Any] = []
    for one, way in enumerate(MIXES[number // 2 % len(MIXES)]):
        if way == "offer":
            slot = stage.slot(many + MANAGERS * number + one)
            tasks.append((acts.offer, desk[one], booking, *slot, version))
        elif way == "cancel":  # what is approved by then could be cancelled too, by whoever does not say what they saw
            tasks.append((acts.cancel, desk[one], booking, 1))
        else:
            tasks.append(({"approve": acts.approve, "reject": acts.reject}[way], desk[one], booking, version))
    return crew.together(tasks)


def outcome(stage: Stage, booking: int) -> tuple[str, int, tuple[str, ...]]:
    """What stands in the database of it: its state, its claims, its facts after the request."""
    ((state,),) = stage.rows("SELECT state FROM booking WHERE id = :one", one=booking)
    ((claims,),) = stage.rows("SELECT count(*) FROM claim WHERE kind = 'booking' AND owner_id = :one", one=booking)
    facts = stage.rows(
        "SELECT kind FROM journal WHERE object = 'booking' AND object_id = :one ORDER BY id", one=booking
    )
    return state, claims, tuple(kind for (kind,) in facts[1:])


def told(stage: Stage, bookings: list[int]) -> dict[int, list[str]]:
    """What Mei was told of each once everything is fanned out."""
    with stage.app.app_context():
        fan_out(clock.now())
    found: dict[int, list[str]] = {number: [] for number in bookings}
    said = "SELECT j.object_id, j.kind FROM message m JOIN journal j ON j.id = m.journal_id WHERE m.person_id = :mei"
    for number, kind in stage.rows(f"{said} AND j.object = 'booking'", mei=stage.mei):
        if number in found:
            found[number].append(kind)
    return found


def test_of_eight_managers_who_answer_one_request_one_does(stage: Stage, desk: list[int], ran: Ran) -> None:
    outcomes: Counter[str] = Counter()
    before, winners = stage.deadlocks(), {}
    bookings = asked(stage, "RACE-DECIDE", ROUNDS)
    with Crew(stage.url, stage.folder, MANAGERS) as crew:
        for number, booking in enumerate(bookings):
            said = at_the_barrier(stage, crew, desk, booking, number, ROUNDS)
            (winner,) = [one.value for one in said if one.ok]
            losers = [(one.status, one.code) for one in said if not one.ok]
            assert len(losers) == MANAGERS - 1
            assert set(losers) <= TOO_LATE, said
            state, claims, fact = OUTCOMES[winner]
            assert outcome(stage, booking) == (state, claims, (fact,))
            outcomes[winner] += 1
            winners[booking] = fact
    messages = told(stage, bookings)
    assert messages == {number: [fact] if fact in RECIPES else [] for number, fact in winners.items()}
    ran(
        rounds=ROUNDS,
        processes=MANAGERS,
        **outcomes,
        messages=sum(map(len, messages.values())),
        worst_wait=f"{crew.worst:.3f} s",
    )
    assert stage.breaches() == []
    assert stage.deadlocks() == before


def test_of_eight_who_answer_many_at_once_each_request_is_answered_once(
    stage: Stage, desk: list[int], ran: Ran
) -> None:
    before, many, rounds = stage.deadlocks(), 12, count(20, 4)
    bookings = asked(stage, "RACE-MANY", many * rounds)
    whole = 0
    with Crew(stage.url, stage.folder, MANAGERS) as crew:
        for number in range(rounds):
            some = bookings[number * many : (number + 1) * many]
            ways = [("approve", "reject")[one % 2] for one in range(MANAGERS)]
            orders = [some if one % 3 else some[::-1] for one in range(MANAGERS)]
            said = crew.together(
                [(acts.answer_many, desk[one], orders[one], ways[one], one < MANAGERS // 2) for one in range(MANAGERS)]
            )
            assert {(one.status, one.code) for one in said if not one.ok} <= {(409, "not_all")}, said
            whole += sum(one.ok for one in said[: MANAGERS // 2])
            done = Counter(
                booking for one in said if one.ok for booking, state in one.value if state in ("approved", "rejected")
            )
            assert done == Counter(some), "each was answered, and by one"
            assert {len(outcome(stage, booking)[2]) for booking in some} == {1}
    ran(rounds=rounds, processes=MANAGERS, requests=len(bookings), wholes_that_won=whole)
    assert stage.breaches() == []
    assert stage.deadlocks() == before


def test_without_compare_and_swap_one_request_has_several_answers(lone_stage: Stage, ran: Ran) -> None:
    several, desk = {}, managers(lone_stage)
    spoil = [spoiling.unlocked, spoiling.slow]
    for name, guards_gone in {"with": spoil, "without": [*spoil, spoiling.careless]}.items():
        with Crew(lone_stage.url, lone_stage.folder, MANAGERS, spoil=guards_gone) as crew:
            numbers = asked(lone_stage, f"DECIDE-{name.upper()}", FEW)
            several[name] = 0
            for number, booking in enumerate(numbers):
                said = at_the_barrier(lone_stage, crew, desk, booking, number, FEW)
                several[name] += sum(one.ok for one in said) > 1
    ran(rounds=FEW, processes=MANAGERS, several=several)
    assert several["with"] == 0
    assert several["without"] > 0
    assert lone_stage.breaches()
