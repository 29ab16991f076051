"""The waiting list: who may stand in line, and how time that became free goes to the first who may have it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from labshare.booking import services as booking
from labshare.booking import waitlist
from labshare.booking.checks import waits_are_held
from labshare.booking.jobs.offering import lapse_offers
from labshare.booking.jobs.waitlist import OFFER_FREED_TIME, offer_freed_time
from labshare.booking.models import WaitlistEntry
from labshare.booking.rules.waitlist import MOST
from labshare.booking.services.asking import Draft
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import rows, snapshot, transaction
from labshare.kernel.errors import Conflict, Forbidden, NotFound
from labshare.kernel.journal import Entry
from labshare.kernel.slots import Slot
from labshare.maintenance import services as maintaining
from labshare.people.models import Company
from labshare.quotas import account
from labshare.quotas import services as accounts
from labshare.quotas.allowances import Caps
from tests.booking.test_checks import plant
from tests.booking.test_offering import a_colleague
from tests.booking.waiting_room import asked, held_for, holders, joins, restrict, states, wait_for
from tests.maintenance.conftest import Lab, lab
from tests.maintenance.test_planning import refusal, state_of
from tests.quotas.conftest import limit

__all__ = ["lab"]
Statements = Callable[[], AbstractContextManager[list[str]]]


def taken(lab: Lab, start: float = 48, length: float = 1, code: str = "SEM-01") -> tuple[int, Slot]:
    """Time that Bo has; the booking and the slot."""
    seen = lab.book(lab.cast.bo, start, length, code)
    return seen.id, seen.slot


def why_not(who: Actor, slot: Slot, code: str = "SEM-01") -> list[str]:
    with pytest.raises(Conflict) as refused:
        wait_for(who, slot, code)
    return refusal(refused)


# ---------------------------------------------------------------- joining and leaving


def test_who_waits_for_time_that_is_taken_stands_in_line_behind_who_came_before(lab: Lab) -> None:
    _, slot = taken(lab)
    first = wait_for(lab.cast.mei, slot)
    second = wait_for(joins(lab.cast, "corona"), slot)
    apart = wait_for(lab.cast.mei, taken(lab, 60)[1])
    assert [(one.state, one.position) for one in (first, second, apart)] == [
        ("waiting", 1), ("waiting", 2), ("waiting", 1),
    ]  # fmt: skip
    assert (first.company_name, first.person_name, first.on_behalf) == ("Aurora Displays", "Mei", False)


def test_time_that_nobody_holds_is_not_waited_for_but_booked(lab: Lab) -> None:
    assert why_not(lab.cast.mei, lab.slot(48, 1)) == ["slot_free"]


def test_one_company_waits_for_one_time_once(lab: Lab) -> None:
    _, slot = taken(lab)
    wait_for(lab.cast.mei, slot)
    assert why_not(lab.cast.chen, slot) == ["already_waiting"]
    assert wait_for(joins(lab.cast, "corona"), slot).position == 2


def test_every_rule_of_the_instrument_is_told_at_once_but_that_it_is_taken(lab: Lab) -> None:
    taken(lab, 48, 4)
    assert set(why_not(lab.cast.mei, lab.slot(48.25, 5))) == {"too_long", "off_grid"}
    assert "in_the_past" in why_not(lab.cast.mei, lab.slot(-3, 1))
    assert "too_far_ahead" in why_not(lab.cast.mei, lab.slot(61 * 24, 1))


def test_a_line_and_a_companys_waits_are_bounded(lab: Lab) -> None:
    _, slot = taken(lab)
    row = {"instrument_id": lab.cast.sem, "person_id": lab.cast.people["bo"], "purpose": "", "created_at": lab.now}
    with transaction() as tx:
        here = {**row, "company_id": lab.cast.borealis, "starts_at": slot.start, "ends_at": slot.end}
        tx.execute(sa.insert(WaitlistEntry), [here] * MOST)
        lab.cast._tell(tx)
    assert why_not(lab.cast.mei, slot) == ["line_full"]
    elsewhere = lab.book(lab.cast.mei, 100).slot
    assert why_not(lab.cast.bo, elsewhere) == ["too_many_waits"]


def test_who_may_not_book_may_not_wait_but_who_has_no_hours_left_may(lab: Lab) -> None:
    _, slot = taken(lab)
    accounts.set_allowances(lab.cast.ada, lab.cast.aurora, [limit(0)])
    corona = joins(lab.cast, "corona")
    restrict(lab.cast, lab.cast.companies["corona"], lab.at(24))
    assert (wait_for(lab.cast.mei, slot).position, wait_for(corona, slot).position) == (1, 2)
    delta = joins(lab.cast, "delta")
    maintaining.suspend(lab.cast.ada, lab.cast.companies["delta"], "The bill is open")
    assert why_not(delta, slot) == ["company_suspended"]


def test_staff_wait_on_a_companys_behalf_and_a_rival_does_not(lab: Lab) -> None:
    _, slot = taken(lab)
    with pytest.raises(NotFound):
        wait_for(lab.cast.bo, slot, company_id=lab.cast.aurora)
    mine = wait_for(lab.cast.li, slot, company_id=lab.cast.aurora)
    assert (mine.company_name, mine.person_name, mine.on_behalf) == ("Aurora Displays", "Li", True)


def test_who_joined_leaves_and_so_may_her_admin_and_staff_and_nobody_else(lab: Lab) -> None:
    _, slot = taken(lab)
    for who in (lab.cast.mei, lab.cast.chen, lab.cast.li):
        entry = wait_for(lab.cast.mei, slot)
        with pytest.raises(NotFound):
            booking.leave(lab.cast.bo, entry.id)
        assert (booking.leave(who, entry.id).state, waitlist.seen(SYSTEM, entry.id).position) == ("left", None)
        with pytest.raises(Conflict) as refused:
            booking.leave(who, entry.id)
        assert refusal(refused) == ["wrong_state"]
    entry, min_ = wait_for(lab.cast.mei, slot), a_colleague(lab)
    with pytest.raises(Forbidden):
        booking.leave(min_, entry.id)


def test_time_that_comes_and_was_never_free_is_waited_for_no_more(lab: Lab) -> None:
    _, slot = taken(lab)
    wait_for(lab.cast.mei, slot)
    assert offer_freed_time(lab.go(47.9)) == {"offered": 0, "over": 0}
    assert offer_freed_time(lab.go(48)) == {"offered": 0, "over": 1}
    assert (states(), offer_freed_time(lab.now)) == ({"Aurora Displays": "over"}, {"offered": 0, "over": 0})


# ---------------------------------------------------------------- time that became free


def test_freed_time_is_held_for_the_first_and_after_them_for_the_next_by_itself(lab: Lab) -> None:
    number, slot = taken(lab)
    entries = [wait_for(who, slot) for who in (lab.cast.mei, joins(lab.cast, "corona"), joins(lab.cast, "delta"))]
    assert asked(lab.now) == []
    booking.cancel(lab.cast.bo, number)
    assert OFFER_FREED_TIME.preview is not None
    assert OFFER_FREED_TIME.preview(lab.now) == {"offered": 1, "over": 0}
    assert asked(lab.now) == ["Aurora Displays"]
    held = held_for(entries[0])
    assert (held.slot, held.decide_by, held.version) == (slot, lab.now + timedelta(hours=12), 1)
    assert {one.held for one in account.standing(held.id)} == {60}
    assert states() == {"Aurora Displays": "offered", "Corona": "waiting", "Delta": "waiting"}
    assert offer_freed_time(lab.now) == {"offered": 0, "over": 0}
    lab.now += timedelta(hours=12)
    assert lapse_offers(lab.now) == {"lapsed": 1}
    assert account.standing(held.id)[0].held == 0
    assert asked(lab.now) == ["Corona"]
    assert states() == {"Aurora Displays": "passed", "Corona": "offered", "Delta": "waiting"}
    second = held_for(entries[1])
    booking.accept(lab.cast.actor("corona"), second.id)
    assert (states()["Corona"], states()["Delta"], holders("requested")) == ("taken", "waiting", ["Corona"])


def test_who_may_not_have_it_now_is_passed_over_and_stays_in_line(lab: Lab) -> None:
    number, slot = taken(lab)
    names = ("suspended", "hourless", "restricted", "capped", "asking", "able")
    people = {name: joins(lab.cast, name) for name in names}
    for name in names:
        wait_for(people[name], slot)
    own = lab.cast.companies
    maintaining.suspend(lab.cast.ada, own["suspended"], "The bill is open")
    accounts.set_allowances(lab.cast.ada, own["hourless"], [limit(0.5)])
    restrict(lab.cast, own["restricted"], lab.at(24))
    accounts.set_allowances(lab.cast.ada, own["capped"], [], Caps(company=0))
    accounts.set_allowances(lab.cast.ada, own["asking"], [limit(0.5, then="ask")])
    booking.cancel(lab.cast.bo, number)
    assert asked(lab.now) == ["Able"]
    assert {name: state for name, state in states().items() if name != "Able"} == {
        name.title(): "waiting" for name in names[:-1]
    }
    booking.decline(people["able"], held_for(wait_of("Able")).id)
    assert asked(lab.go(25)) == ["Restricted"], "the restriction is over"


def wait_of(company: str) -> waitlist.Wait:
    [(number,)] = rows(
        sa.select(WaitlistEntry.id).join(Company, Company.id == WaitlistEntry.company_id).where(Company.name == company)
    )
    return waitlist.seen(SYSTEM, number)


def test_on_an_instrument_with_channels_as_many_are_asked_as_are_free(lab: Lab) -> None:
    some = [lab.book(lab.cast.bo, 48, 1, "BAT-01").id for _ in range(4)]
    people = [joins(lab.cast, name) for name in ("corona", "delta", "echo")]
    for who in people:
        wait_for(who, lab.slot(48, 1), "BAT-01")
    for number in some[1:3]:
        booking.cancel(lab.cast.bo, number)
    assert asked(lab.now) == ["Corona", "Delta"]


def test_who_waits_for_less_than_became_free_may_come_after_who_cannot_have_theirs(lab: Lab) -> None:
    number, _ = taken(lab, 48, 1)
    lab.book(lab.cast.bo, 49.5, 1)
    wait_for(lab.cast.mei, lab.slot(48, 2))  # the second half of it stays taken
    wait_for(joins(lab.cast, "corona"), lab.slot(48, 1))
    booking.cancel(lab.cast.bo, number)
    assert asked(lab.now) == ["Corona"]


def test_only_the_clockwork_asks_who_waits_and_closes_what_has_come(lab: Lab) -> None:
    entry = wait_for(lab.cast.mei, taken(lab)[1])
    for act in (booking.offer_next, booking.close_past):
        with pytest.raises(Forbidden):
            act(lab.cast.ada, entry.id, lab.now)


def test_who_waits_is_asked_for_a_window_that_is_called_off_too(lab: Lab) -> None:
    window = lab.plan(48, 2).windows[0]
    wait_for(lab.cast.mei, lab.slot(48, 1))
    assert asked(lab.now) == []
    maintaining.cancel(lab.cast.li, window.id)
    assert asked(lab.now) == ["Aurora Displays"]


# ---------------------------------------------------------------- the answer


def offered(lab: Lab, code: str = "SEM-01", who: Actor | None = None) -> int:
    """Time is held for Mei; the booking."""
    some = [lab.book(lab.cast.bo, 48, 1, code).id for _ in range(1 if code == "SEM-01" else 4)]
    entry = wait_for(who or lab.cast.mei, lab.slot(48, 1), code)
    booking.cancel(lab.cast.bo, some[0])
    assert offer_freed_time(lab.now) == {"offered": 1, "over": 0}
    return held_for(entry).id


def test_where_no_approval_is_needed_one_word_takes_it(lab: Lab) -> None:
    new = booking.accept(lab.cast.mei, offered(lab, "BAT-01"))
    assert (new.state, new.decide_by, states()) == ("approved", None, {"Aurora Displays": "taken"})


def test_where_approval_is_needed_the_laboratory_answers_what_was_taken(lab: Lab) -> None:
    new = booking.accept(lab.cast.chen, offered(lab))
    assert (new.state, states()) == ("requested", {"Aurora Displays": "taken"})
    assert booking.approve(lab.cast.li, new.id).state == "approved"


def test_where_the_company_approves_in_house_its_admin_answers_a_members_yes_first(lab: Lab) -> None:
    with transaction() as tx:
        tx.execute(sa.update(Company).where(Company.id == lab.cast.aurora).values(in_house_minutes=30))
        lab.cast._tell(tx)
    assert booking.accept(lab.cast.mei, offered(lab, "BAT-01")).awaiting == "company"


def test_a_changed_time_of_what_was_taken_is_the_laboratorys_yes(lab: Lab) -> None:
    new = booking.accept(lab.cast.mei, offered(lab))
    booking.offer(lab.cast.li, new.id, lab.slot(60, 1))
    assert booking.accept(lab.cast.mei, new.id).state == "approved"


@pytest.mark.parametrize("act", [booking.decline, booking.cancel])
def test_who_does_without_pays_nothing_and_the_next_is_asked(lab: Lab, act: Callable[..., object]) -> None:
    number = offered(lab)
    wait_for(joins(lab.cast, "corona"), lab.slot(48, 1))
    act(lab.cast.mei, number)
    assert (state_of(number), [one.held + one.used for one in account.standing(number)]) == ("cancelled", [0])
    assert states()["Aurora Displays"] == "passed"
    assert asked(lab.now) == ["Corona"]


def test_what_is_held_is_answered_once_and_in_time(lab: Lab) -> None:
    number = offered(lab)
    lab.now += timedelta(hours=12)
    with pytest.raises(Conflict) as refused:
        booking.accept(lab.cast.mei, number)
    assert refusal(refused) == ["offer_lapsed"]
    lapse_offers(lab.now)
    for act in (booking.accept, booking.decline):
        with pytest.raises(Conflict) as refused:
            act(lab.cast.mei, number)
        assert refusal(refused) == ["wrong_state"]
    assert states() == {"Aurora Displays": "passed"}


def test_held_time_that_the_laboratory_needs_itself_is_passed_on(lab: Lab) -> None:
    number = offered(lab)
    lab.plan(48, 1)
    assert (state_of(number), states()) == ("displaced", {"Aurora Displays": "passed"})


def test_a_company_that_is_suspended_meanwhile_is_passed_over(lab: Lab) -> None:
    number = offered(lab)
    wait_for(joins(lab.cast, "corona"), lab.slot(48, 1))
    maintaining.suspend(lab.cast.ada, lab.cast.aurora, "The bill is open")
    assert (state_of(number), states()["Aurora Displays"]) == ("cancelled", "passed")
    assert asked(lab.now) == ["Corona"]


def test_who_is_asked_answers_instead_of_leaving(lab: Lab) -> None:
    offered(lab)
    with pytest.raises(Conflict) as refused:
        booking.leave(lab.cast.mei, wait_of("Aurora Displays").id)
    assert refusal(refused) == ["wrong_state"]


def test_a_yes_that_staff_joined_for_is_given_by_the_companys_admin(lab: Lab) -> None:
    number, slot = taken(lab)
    entry = wait_for(lab.cast.li, slot, company_id=lab.cast.aurora)
    booking.cancel(lab.cast.bo, number)
    assert asked(lab.now) == ["Aurora Displays"]
    held = held_for(entry)
    assert held.on_behalf
    assert booking.accept(lab.cast.chen, held.id).state == "requested"


def test_every_step_stands_in_the_history(lab: Lab) -> None:
    number = offered(lab)
    booking.accept(lab.cast.mei, number)
    told = rows(sa.select(Entry.kind).where(Entry.object == "waitlist_entry").order_by(Entry.id))
    assert [kind for (kind,) in told] == ["waitlist_joined", "waitlist_offered", "waitlist_taken"]
    told = rows(sa.select(Entry.kind).where(Entry.object == "booking", Entry.object_id == number).order_by(Entry.id))
    assert [kind for (kind,) in told] == ["booking_offered", "booking_accepted"]


# ---------------------------------------------------------------- what it costs to look


def test_the_job_asks_no_more_for_a_long_line_than_for_a_short_one(lab: Lab, statements: Statements) -> None:
    counted = []
    for round_ in range(2):
        for number in range(1 + 4 * round_):
            slot = lab.book(lab.cast.bo, 48 + 2 * (number + 10 * round_), 1).slot
            wait_for(lab.cast.mei, slot)
        with statements() as said:
            assert offer_freed_time(lab.now) == {"offered": 0, "over": 0}
        counted.append(len(said))
    assert len(set(counted)) == 1, counted


def test_a_direct_request_for_held_time_is_refused(lab: Lab) -> None:
    offered(lab)
    with pytest.raises(Conflict) as refused:
        booking.request(lab.cast.bo, Draft("SEM-01", lab.slot(48, 1), "Now"))
    assert refusal(refused) == ["slot_taken"]


# ---------------------------------------------------------------- negative controls

PLANTED = {
    "nothing is held": "UPDATE booking SET state = 'approved' WHERE waitlist_id IS NOT NULL",
    "other time is held": "UPDATE booking SET starts_at = created_at WHERE state = 'offered'",
    "they still wait": "UPDATE waitlist_entry SET state = 'waiting'",
    "it is another company's": "UPDATE booking SET company_id = company_id + 1 WHERE state = 'offered'",
}


@pytest.mark.unsound
@pytest.mark.parametrize("what", PLANTED)
def test_a_wait_that_does_not_fit_its_booking_is_found(lab: Lab, what: str) -> None:
    offered(lab)
    with snapshot() as session:
        assert waits_are_held(session) == []
    plant(PLANTED[what])
    with snapshot() as session:
        assert len(waits_are_held(session)) == 1
