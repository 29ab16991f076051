"""Promise 1 where time becomes free: ten companies wait, others rush for it, and it is always one company's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from labshare.booking import services as booking
from labshare.booking.jobs.offering import lapse_offers
from labshare.booking.jobs.waitlist import offer_freed_time
from labshare.booking.services.asking import Draft
from labshare.kernel import clock
from labshare.kernel.slots import Slot
from labshare.quotas import services as accounts
from labshare.quotas.rules import Terms
from tests.booking.waiting_room import joins, restrict
from tests.proof import acts, spoiling
from tests.proof.crew import Crew, Said, count
from tests.proof.stage import Stage

pytestmark = [pytest.mark.proof, pytest.mark.beside]
ROUNDS, CONTROLS = count(100, 20), count(20, 4)
FEW = 8
LATER = timedelta(hours=13)  # nothing is held so long
SUSPENDED, HOURLESS, RESTRICTED = range(3)  # these stand first in line
NAMES = ("suspended", "hourless", "restricted", *(f"able{number}" for number in range(7)))
Ran = Callable[..., None]
Times = tuple[datetime, datetime]


class Line:
    """Ten companies that wait, of which three may not have what becomes free."""

    def __init__(self, stage: Stage, code: str) -> None:
        self.stage, self.code, cast = stage, code, stage.cast
        stage.instrument(code)
        with stage.app.app_context():
            self.people = [joins(cast, name) for name in NAMES]
            accounts.set_allowances(cast.ada, self.company(HOURLESS), [Terms("all", None, "year", 0, "refuse")])
            restrict(cast, self.company(RESTRICTED), clock.now() + timedelta(days=400))

    def company(self, number: int) -> int:
        found = self.people[number].company_id
        assert found is not None
        return found

    def stand(self, times: Times) -> None:
        """Mei has the time, everybody joins, one is suspended, and Mei gives it back."""
        state = "UPDATE company SET state = ? WHERE id = ?"
        self.stage.raw(state, "active", self.company(SUSPENDED))
        with self.stage.app.app_context():
            held = booking.request(self.stage.cast.mei, Draft(self.code, Slot(*times), "a race"))
            self.entries = [booking.join(who, Draft(self.code, Slot(*times), "a race")).id for who in self.people]
            booking.cancel(self.stage.cast.mei, held.id)
        self.stage.raw(state, "suspended", self.company(SUSPENDED))

    def part(self) -> None:
        """Whoever still waits goes, so that rounds do not add up."""
        with self.stage.app.app_context():
            for (number,) in self.stage.rows("SELECT id FROM waitlist_entry WHERE state = 'waiting'"):
                booking.leave(self.stage.cast.ada, number)

    def holders(self, times: Times) -> list[tuple[int, str, int, int | None]]:
        """Whose the time is: the booking, its state, its company and whose wait it ends."""
        found = self.stage.rows(
            "SELECT b.id, b.state, b.company_id, b.waitlist_id FROM claim c JOIN booking b ON b.id = c.owner_id "
            "JOIN instrument i ON i.id = c.instrument_id "
            "WHERE i.code = :code AND c.kind = 'booking' AND b.starts_at = :start",
            code=self.code,
            start=times[0] if self.stage.postgres else f"{times[0]:%Y-%m-%d %H:%M:%S}.000000",
        )
        return [(row[0], row[1], row[2], row[3]) for row in found]

    def only(self, times: Times) -> tuple[int, str, int, int | None]:
        """The one whose time it is, who may have it; and it is held for nobody else."""
        found = self.holders(times)
        assert len(found) == 1, found
        assert found[0][2] not in [self.company(number) for number in (SUSPENDED, HOURLESS, RESTRICTED)]
        waiting = self.stage.rows("SELECT id FROM waitlist_entry WHERE state = 'offered'")
        assert waiting == ([(found[0][3],)] if found[0][1] == "offered" else [])
        return found[0]


@pytest.fixture(scope="module")
def crew(stage: Stage) -> Iterator[Crew]:
    with Crew(stage.url, stage.folder, FEW) as eight:
        yield eight


def shared(crew: Crew, *ways: tuple[Any, ...]) -> list[Said]:
    """Everybody at once, each way as often as the others."""
    said = crew.together([ways[one % len(ways)] for one in range(crew.size)])
    assert all(one.ok or one.status == 409 for one in said), said
    return said


def test_freed_time_is_one_companys_at_every_moment_and_passes_on_by_itself(stage: Stage, crew: Crew, ran: Ran) -> None:
    line, became = Line(stage, "FREED"), Counter[str]()
    before = stage.deadlocks()
    for number in range(ROUNDS):
        times = stage.slot(number)
        line.stand(times)
        rush = (acts.ask, stage.bo, "FREED", *times)
        shared(crew, (acts.ask_who_waits,), *([rush] if number % 2 else []))
        owner, state, company, entry = line.only(times)
        became["rushed_in" if state == "approved" else "asked_first"] += 1
        if state == "offered":
            assert (company, entry) == (line.company(3), line.entries[3]), "the first who may have it"
            shared(crew, (acts.pass_on, clock.now() + LATER), (acts.accept, line.people[3].person_id, owner), rush)
            owner, state, company, entry = line.only(times)
            became["taken" if state == "approved" and entry else "passed_on" if entry else "rushed_in_later"] += 1
        while state == "offered" and entry != line.entries[-1] and not number % 6:  # nobody answers, nobody rushes
            place = line.entries.index(entry or 0)
            with stage.app.app_context():
                assert lapse_offers(clock.now() + LATER) == {"lapsed": 1}
                assert line.holders(times) == []
                assert offer_freed_time(clock.now())["offered"] == 1
            owner, state, company, entry = line.only(times)
            assert (company, entry) == (line.company(place + 1), line.entries[place + 1]), "the next in line"
        if state == "offered":
            with stage.app.app_context():
                booking.accept(next(one for one in line.people if one.company_id == company), owner)
            assert line.only(times)[1] == "approved"
        line.part()
    ran(rounds=ROUNDS, waiting=len(NAMES), processes=FEW, worst_wait=f"{crew.worst:.3f} s", **became)
    assert stage.breaches() == []
    assert stage.deadlocks() == before


# ---------------------------------------------------------------- negative controls


def against(line: Line, crew: Crew, rounds: int) -> int:
    """In how many rounds somebody who waited and somebody who rushed both had the time."""
    both = 0
    for number in range(rounds):
        times = line.stage.slot(number)
        line.stand(times)
        shared(crew, (acts.ask_who_waits,), (acts.ask, line.stage.bo, line.code, *times))
        both += len(line.holders(times)) > 1
        line.part()
    return both


def test_without_lock_and_guard_it_is_held_for_one_and_booked_by_another(lone_stage: Stage, ran: Ran) -> None:
    line = Line(lone_stage, "CONTROL")
    lone_stage.without_guard()
    with Crew(lone_stage.url, lone_stage.folder, FEW, spoil=[spoiling.unlocked, spoiling.slow]) as crew:
        both = against(line, crew, CONTROLS)
    ran(rounds=CONTROLS, processes=FEW, both=both)
    assert both > 0
    assert [found for found in lone_stage.breaches() if "overlaps" in found]


def test_who_is_asked_whatever_the_rules_say_is_noticed(lone_stage: Stage) -> None:
    line, times = Line(lone_stage, "CONTROL"), lone_stage.slot(0)
    line.stand(times)
    with lone_stage.app.app_context():
        offer_freed_time(clock.now())
    [(owner, *_)] = line.holders(times)
    lone_stage.raw("UPDATE booking SET company_id = ? WHERE id = ?", line.company(HOURLESS), owner)
    with pytest.raises(AssertionError):
        line.only(times)
