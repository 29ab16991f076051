"""Promise 1 where the laboratory itself takes the time: a minute is maintenance, an offer or a booking, never two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from labshare.booking import displacement, queries
from labshare.booking import services as booking
from labshare.booking.jobs.enforcing import enforce_suspensions
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.slots import Slot
from labshare.people import services as people
from tests.proof import acts, spoiling
from tests.proof.begun import begun
from tests.proof.crew import SIZE, Crew, Said, count
from tests.proof.stage import HALF, HOUR, Stage

pytestmark = pytest.mark.proof
ROUNDS = count(200, 12)
SOME = count(100, 8)  # where every round needs an instrument of its own, or bookings to begin with
FEW = 8
LATER = timedelta(days=40)  # by then no offer is open any more
Ran = Callable[..., None]
Task = tuple[Any, ...]


@pytest.fixture(scope="module")
def crew(stage: Stage) -> Iterator[Crew]:
    stage.instrument("WARM-UP")
    with Crew(stage.url, stage.folder) as sixteen:
        for numbers in (range(SIZE), [0] * SIZE):  # everybody connects, and comes by every statement once
            sixteen.together([(acts.ask, stage.mei, "WARM-UP", *stage.slot(number)) for number in numbers])
            sixteen.together([(acts.plan, stage.li, ["WARM-UP"], *stage.slot(number)) for number in numbers])
        yield sixteen


@pytest.fixture(autouse=True)
def all_is_well(request: pytest.FixtureRequest, ran: Ran) -> Iterator[None]:
    """After every race: no breach of any invariant, no deadlock, and nobody waited long."""
    if "crew" not in request.fixturenames:
        yield
        return
    stage, crew = request.getfixturevalue("stage"), request.getfixturevalue("crew")
    before, crew.worst = stage.deadlocks(), 0.0
    yield
    ran(processes=crew.size, worst_wait=f"{crew.worst:.3f} s")
    assert stage.breaches() == []
    assert stage.deadlocks() == before
    assert crew.worst < (5 if stage.postgres else 10)  # eight windows in a row, each over several instruments


# ---------------------------------------------------------------- what a race comes to


def shared(crew: Crew, *ways: Task) -> list[Said]:
    """Everybody at once, each way as often as the others."""
    return crew.together([ways[one % len(ways)] for one in range(crew.size)])


def by_way(said: list[Said], ways: int) -> list[list[Said]]:
    """What was said, by the way that was taken."""
    return [[one for number, one in enumerate(said) if number % ways == way] for way in range(ways)]


def won(said: list[Said]) -> list[Any]:
    return [one.value for one in said if one.ok and one.value is not None]


def codes(said: list[Said]) -> set[str]:
    """The reasons of those who were refused; nothing but refusals, and none that says only "busy"."""
    refused = [one for one in said if not one.ok]
    assert all(one.status == 409 for one in refused), refused
    return {code for one in refused for code in one.reasons or (one.code,)}


def state(stage: Stage, number: int) -> str:
    return str(stage.rows("SELECT state FROM booking WHERE id = :id", id=number)[0][0])


def claims(stage: Stage, code: str, slot: tuple[datetime, datetime]) -> list[tuple[str, int]]:
    """Whose the time is, by kind and owner."""
    with stage.app.app_context():
        found = displacement.hit([displacement.Area(queries.catalogue.id_of(code), Slot(*slot))])
        return [(claim.kind, claim.owner_id) for _, claim in found.claims]


def asked(stage: Stage, code: str, number: int, *, person: int | None = None) -> int:
    """A booking of the n-th slot."""
    with stage.app.app_context():
        return acts.ask(stage.app, person or stage.mei, code, *stage.slot(number))


def displaced(stage: Stage, code: str, number: int, *, offered: bool) -> int:
    """A booking that a window in the n-th slot displaced; another time is held for it, or not yet."""
    with stage.app.app_context():
        old = acts.ask(stage.app, stage.mei, code, *stage.slot(number))
        acts.plan(stage.app, stage.li, [code], *stage.slot(number))
        assert not offered or acts.make_offer(stage.app, old)
    return old


def held(stage: Stage, number: int) -> tuple[str, tuple[datetime, datetime]]:
    """How the offer stands, and its time."""
    with stage.app.app_context():
        found = displacement.of_booking(number)
        assert found is not None
        assert found.slot is not None
        return found.state, (found.slot.start, found.slot.end)


# ---------------------------------------------------------------- a window against bookings


def test_a_window_and_a_new_booking_never_have_one_time(stage: Stage, crew: Crew, ran: Ran) -> None:
    stage.instrument("WINDOW-ASK")
    came_first = 0
    for number in range(ROUNDS):
        slot = stage.slot(number)
        said = shared(
            crew,
            (acts.plan, stage.li, ["WINDOW-ASK"], *slot),
            (acts.ask, stage.askers[number % 3], "WINDOW-ASK", *slot),
        )
        planned, made = by_way(said, 2)
        [window] = won(planned)
        assert codes(planned) <= {"maintenance"}
        assert codes(made) <= {"maintenance", "slot_taken"}
        assert [state(stage, one) for one in won(made)] in ([], ["displaced"])
        assert claims(stage, "WINDOW-ASK", slot) == [("maintenance", window)]
        came_first += len(won(made))
    ran(rounds=ROUNDS, booked_first_and_displaced=came_first, refused=ROUNDS - came_first)


def test_a_window_and_a_booking_that_moves_into_it_never_have_one_time(stage: Stage, crew: Crew, ran: Ran) -> None:
    stage.instrument("WINDOW-MOVE")
    came_first, parked = 0, ROUNDS
    movers = [asked(stage, "WINDOW-MOVE", parked + number) for number in range(FEW)]
    parked += FEW
    for number in range(ROUNDS):
        slot = stage.slot(number)
        tasks: list[Task] = [(acts.move, stage.mei, mover, *slot) for mover in movers]
        said = crew.together(tasks + [(acts.plan, stage.li, ["WINDOW-MOVE"], *slot)] * (SIZE - FEW))
        moved, planned = said[:FEW], said[FEW:]
        [window] = won(planned)
        assert codes(planned) <= {"maintenance"}
        assert codes(moved) <= {"maintenance", "slot_taken", "too_late_to_move"}
        gone = [mover for mover, one in zip(movers, moved, strict=True) if one.ok]
        assert [state(stage, mover) for mover in movers if mover in gone] in ([], ["displaced"])
        assert {state(stage, mover) for mover in movers if mover not in gone} == {"approved"}
        assert claims(stage, "WINDOW-MOVE", slot) == [("maintenance", window)]
        for mover in gone:
            movers[movers.index(mover)], parked = asked(stage, "WINDOW-MOVE", parked), parked + 1
        came_first += len(gone)
    ran(rounds=ROUNDS, moved_first_and_displaced=came_first, refused=ROUNDS - came_first)


def test_a_booking_in_a_window_is_answered_given_back_or_moved_and_then_displaced_or_never(
    stage: Stage, crew: Crew, ran: Ran
) -> None:
    stage.instrument("WINDOW-ANSWER", approval=True)
    became: Counter[str] = Counter()
    for number in range(ROUNDS):
        slot, old = stage.slot(number), asked(stage, "WINDOW-ANSWER", number)
        said = shared(
            crew,
            (acts.plan, stage.li, ["WINDOW-ANSWER"], *slot),
            (acts.approve, stage.ada, old),
            (acts.cancel, stage.mei, old),
            (acts.move, stage.mei, old, *stage.slot(ROUNDS + number)),
        )
        ways = by_way(said, 4)
        [window] = won(ways[0])
        assert codes(ways[0]) <= {"maintenance"}
        assert codes([one for way in ways[1:] for one in way]) <= {
            *("wrong_state", "changed_meanwhile", "slot_taken", "maintenance"),
        }
        assert claims(stage, "WINDOW-ANSWER", slot) == [("maintenance", window)]
        there = state(stage, old)
        assert there in ("displaced", "cancelled") or won(ways[3]), said
        became[there] += 1
    ran(rounds=ROUNDS, **became)


@pytest.mark.parametrize("way", ["window", "outage"])
def test_whoever_comes_as_the_instrument_is_closed_is_at_work_or_displaced(
    stage: Stage, crew: Crew, ran: Ran, way: str
) -> None:
    became: Counter[str] = Counter()
    for number in range(SOME):
        code = f"CLOSED-{way}-{number}".upper()
        [old] = begun(stage, code, 1, timedelta(minutes=5))
        now = clock.now().replace(second=0, microsecond=0)
        closing: Task = (acts.plan, stage.li, [code], now, now + HOUR)
        said = shared(
            crew, closing if way == "window" else (acts.report, stage.li, code), (acts.check_in, stage.mei, old)
        )
        closed, came = by_way(said, 2)
        assert codes(came) <= {"wrong_state", "changed_meanwhile", "instrument_unavailable"}
        assert codes(closed) <= {"in_use", "maintenance", "outage"}
        there = state(stage, old)
        if way == "window":
            assert (there, len(won(closed)), len(won(came))) in (("in_use", 0, 1), ("displaced", 1, 0)), said
        else:  # who was there goes, and is credited
            assert (there, len(won(closed)), len(won(came))) in (("completed", 1, 1), ("displaced", 1, 0)), said
        became[there] += 1
    ran(rounds=SOME, **became)


# ---------------------------------------------------------------- a window against windows


def test_of_windows_that_lie_over_each_other_one_is_saved(stage: Stage, crew: Crew, ran: Ran) -> None:
    stage.instrument("WINDOW-TWO")
    for number in range(ROUNDS):
        start, end = stage.slot(number)
        asked(stage, "WINDOW-TWO", number)
        quarter = HALF / 2
        said = shared(
            crew,
            (acts.plan, stage.li, ["WINDOW-TWO"], start, end),
            (acts.plan, stage.ada, ["WINDOW-TWO"], start + quarter, end + quarter),
            (acts.plan, stage.li, ["WINDOW-TWO"], start - quarter, start + quarter),
        )
        # the second and the third only touch: both may be there, or the first
        assert codes(said) <= {"maintenance"}
        assert 1 <= len(won(said)) <= 2, said
        taken = claims(stage, "WINDOW-TWO", (start - quarter, end + quarter))
        assert sorted(owner for kind, owner in taken if kind == "maintenance") == sorted(won(said))
        assert len(won(said)) == 1 or not won(by_way(said, 3)[0])
    ran(rounds=ROUNDS)


def test_windows_over_instruments_named_in_any_order_never_deadlock(stage: Stage, crew: Crew, ran: Ran) -> None:
    sets = [["SET-A", "SET-B"], ["SET-B", "SET-A"], ["SET-B", "SET-C"], ["SET-C", "SET-B", "SET-A"]]
    for code in ("SET-A", "SET-B", "SET-C"):
        stage.instrument(code)
    for number in range(ROUNDS):
        people = zip(("SET-A", "SET-B", "SET-C"), (stage.mei, stage.bo, stage.chen), strict=True)
        old = [asked(stage, code, number, person=who) for code, who in people]
        slot = stage.slot(number)
        said = shared(
            crew,
            *((acts.plan, (stage.li, stage.ada)[one % 2], named, *slot) for one, named in enumerate(sets)),
            *((acts.cancel, stage.li, one) for one in reversed(old)),
            (acts.ask, stage.bo, "SET-C", *slot),
        )
        ways = by_way(said, 8)
        planned = [one for way in ways[:4] for one in way]
        [window] = won(planned)  # they all want the second
        assert codes(planned) <= {"maintenance"}
        assert codes([one for way in ways[4:] for one in way]) <= {
            *("wrong_state", "changed_meanwhile", "maintenance", "slot_taken"),
        }
        assert claims(stage, "SET-B", slot) == [("maintenance", window)]
        assert all(len(claims(stage, code, slot)) <= 1 for code in ("SET-A", "SET-C"))
    ran(rounds=ROUNDS)


# ---------------------------------------------------------------- offers


def test_an_offer_and_a_new_booking_never_have_one_time(stage: Stage, crew: Crew, ran: Ran) -> None:
    stage.instrument("OFFER-ASK")
    offered_first = 0
    for number in range(SOME):
        old = displaced(stage, "OFFER-ASK", 3 * number, offered=False)
        with stage.app.app_context():
            way = displacement.way_on(queries.seen(SYSTEM, old), clock.now())
            assert way is not None
            nearest = min(way.others, key=lambda one: abs(one.slot.start - stage.slot(3 * number)[0])).slot
        slot = (nearest.start, nearest.end)
        said = shared(crew, (acts.make_offer, old), (acts.ask, stage.bo, "OFFER-ASK", *slot))
        offered, made = by_way(said, 2)
        assert codes(offered) <= {"changed_meanwhile", "slot_taken"}
        assert codes(made) <= {"slot_taken"}
        assert len(won(offered)) <= 1
        assert len(won(made)) <= 1
        [(kind, owner)] = claims(stage, "OFFER-ASK", slot)
        assert (kind, owner) == ("booking", won(made)[0]) if won(made) else kind == "offer"
        offered_first += kind == "offer"
    ran(rounds=SOME, offered_first=offered_first, asked_first=SOME - offered_first)


OFFER_BECAME = {"accept": "accepted", "decline": "declined", "lapse": "lapsed"}


@pytest.mark.parametrize(
    "pair", [("accept", "accept"), ("accept", "lapse"), ("accept", "decline"), ("decline", "lapse")], ids="-".join
)
def test_an_offer_is_taken_or_given_back_once(stage: Stage, crew: Crew, ran: Ran, pair: tuple[str, str]) -> None:
    code = f"OFFER-{pair[0]}-{pair[1]}".upper()
    stage.instrument(code)
    won_by: Counter[str] = Counter()
    for number in range(SOME):
        old = displaced(stage, code, 3 * number, offered=True)
        _, slot = held(stage, old)
        tasks: dict[str, tuple[Task, Task]] = {
            "accept": ((acts.accept, stage.mei, old), (acts.accept, stage.chen, old)),
            "decline": ((acts.decline, stage.mei, old), (acts.decline, stage.chen, old)),
            "lapse": ((acts.lapse, old, clock.now() + LATER),) * 2,
        }
        said = shared(crew, tasks[pair[0]][0], tasks[pair[1]][1])
        assert codes(said) <= {"wrong_state", "changed_meanwhile"}
        [winner] = won(said)
        assert held(stage, old)[0] == OFFER_BECAME[winner]
        successors = stage.rows("SELECT id, state FROM booking WHERE replaces_id = :old", old=old)
        assert [one for _, one in successors] == (["approved"] if winner == "accept" else [])
        assert claims(stage, code, slot) == [("booking", one) for one, _ in successors]
        won_by[winner] += 1
    ran(rounds=SOME, **won_by)


def test_two_who_take_different_times_for_one_displaced_booking_do_not_both_get_them(
    stage: Stage, crew: Crew, ran: Ran
) -> None:
    stage.instrument("WISH-HERE"), stage.instrument("WISH-THERE")
    for number in range(SOME):
        old = displaced(stage, "WISH-HERE", 3 * number, offered=False)
        wishes = [booking.Wish(code, Slot(*stage.slot(3 * number + 1))) for code in ("WISH-HERE", "WISH-THERE")]
        said = shared(crew, *((acts.accept, stage.mei, old, wish) for wish in wishes))
        assert codes(said) <= {"wrong_state", "changed_meanwhile", "slot_taken"}
        assert len(won(said)) == 1, said
        assert len(stage.rows("SELECT id FROM booking WHERE replaces_id = :old", old=old)) == 1
    ran(rounds=SOME)


@pytest.mark.parametrize("answer", ["accept", "decline", "lapse"])
def test_a_window_takes_the_time_that_is_held_whatever_is_answered_in_that_moment(
    stage: Stage, crew: Crew, ran: Ran, answer: str
) -> None:
    code = f"HELD-{answer}".upper()
    stage.instrument(code)
    became: Counter[str] = Counter()
    for number in range(SOME):
        old = displaced(stage, code, 3 * number, offered=True)
        _, slot = held(stage, old)
        answers: dict[str, Task] = {
            "accept": (acts.accept, stage.mei, old),
            "decline": (acts.decline, stage.mei, old),
            "lapse": (acts.lapse, old, clock.now() + LATER),
        }
        said = shared(crew, (acts.plan, stage.li, [code], *slot), answers[answer])
        planned, answered = by_way(said, 2)
        [window] = won(planned)
        assert codes(planned) <= {"maintenance"}
        assert codes(answered) <= {"wrong_state", "changed_meanwhile", "maintenance"}
        assert claims(stage, code, slot) == [("maintenance", window)]
        stands, _ = held(stage, old)
        assert stands == (OFFER_BECAME[answer] if won(answered) else "waiting"), said
        if won(answered) and answer == "accept":
            [(successor,)] = stage.rows("SELECT state FROM booking WHERE replaces_id = :old", old=old)
            assert successor == "displaced"
        became[stands] += 1
    ran(rounds=SOME, **became)


# ---------------------------------------------------------------- a company is suspended


def test_nothing_is_booked_ahead_for_a_company_that_is_being_suspended(stage: Stage, crew: Crew, ran: Ran) -> None:
    stage.instrument("SUSPEND")
    company, taken_back = stage.cast.borealis, 0
    for number in range(SOME):
        slots = [stage.slot(number * FEW + one) for one in range(FEW)]
        asks: list[Task] = [(acts.ask, stage.bo, "SUSPEND", *slot) for slot in slots]
        said = crew.together(asks + [(acts.suspend, stage.ada, company)] * (SIZE - FEW))
        made, suspended = said[:FEW], said[FEW:]
        assert len(won(suspended)) == 1, said
        assert codes(suspended) <= {"wrong_state", "changed_meanwhile"}
        assert codes(made) <= {"company_suspended"}
        with stage.app.app_context():
            enforce_suspensions(clock.now())  # whoever asked before the other's end is found by the job
            people.reactivate_company(stage.cast.ada, company)
        assert {state(stage, one) for one in won(made)} <= {"cancelled"}
        taken_back += len(won(made))
    ran(rounds=SOME, booked_and_taken_back=taken_back)


# ---------------------------------------------------------------- negative controls


def against(stage: Stage, crew: Crew, rounds: int) -> int:
    """In how many rounds a window and a booking both had their time."""
    both = 0
    for number in range(rounds):
        slot = stage.slot(number)
        shared(crew, (acts.plan, stage.li, ["CONTROL"], *slot), (acts.ask, stage.bo, "CONTROL", *slot))
        both += {kind for kind, _ in claims(stage, "CONTROL", slot)} == {"maintenance", "booking"}
    return both


def test_without_lock_and_guard_a_window_and_a_booking_do_have_one_time(lone_stage: Stage, ran: Ran) -> None:
    lone_stage.instrument("CONTROL")
    lone_stage.without_guard()
    with Crew(lone_stage.url, lone_stage.folder, FEW, spoil=[spoiling.unlocked, spoiling.slow]) as crew:
        both = against(lone_stage, crew, SOME)
    ran(rounds=SOME, processes=FEW, both=both)
    assert both > 0
    assert [found for found in lone_stage.breaches() if "overlaps" in found]


def test_without_the_lock_the_database_still_refuses_one_of_them(lone_stage: Stage, ran: Ran) -> None:
    if not lone_stage.postgres:
        pytest.skip("without its lock SQLite has no transaction to undo what a refused one wrote before")
    lone_stage.instrument("CONTROL")
    with Crew(lone_stage.url, lone_stage.folder, FEW, spoil=[spoiling.unlocked, spoiling.slow]) as crew:
        both = against(lone_stage, crew, SOME)
    ran(rounds=SOME, processes=FEW)
    assert both == 0
    assert lone_stage.breaches() == []


def test_without_the_guard_of_the_database_the_lock_still_keeps_them_apart(lone_stage: Stage, ran: Ran) -> None:
    lone_stage.instrument("CONTROL")
    lone_stage.without_guard()
    with Crew(lone_stage.url, lone_stage.folder, FEW, spoil=[spoiling.slow]) as crew:
        both = against(lone_stage, crew, SOME)
    ran(rounds=SOME, processes=FEW)
    assert both == 0
    assert lone_stage.breaches() == []
