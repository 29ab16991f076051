"""Another time for a displaced booking: held for one company alone, and taken by those who may, as the rules allow."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from labshare.booking import displacement
from labshare.booking import services as booking
from labshare.booking.displacement import Displaced
from labshare.booking.jobs.offering import lapse_offers, make_offers
from labshare.booking.models import Booking
from labshare.booking.queries import Seen
from labshare.booking.services import offering
from labshare.instruments.models import Claim
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import Conflict, Forbidden, NotFound, Problem
from labshare.kernel.slots import Slot
from labshare.maintenance import services as maintaining
from labshare.people import access
from labshare.people.models import Person, RoleGrant
from labshare.quotas import account
from labshare.quotas import services as accounts
from labshare.quotas.allowances import Caps
from tests.beside import Together
from tests.cast import LONG_AGO
from tests.maintenance.conftest import Lab, lab
from tests.maintenance.test_planning import refusal, state_of
from tests.quotas.conftest import limit

__all__ = ["lab"]


def displaced(lab: Lab, code: str = "SEM-01", *, approved: bool = True) -> Seen:
    """A booking of Mei's whose time the laboratory took, and another that is held for it."""
    seen = lab.book(lab.cast.mei, 24, 1, code, approved=approved)
    lab.plan(24, 4, code)
    assert make_offers(lab.now) == {"offered": 1}
    return seen


def way(booking_id: int) -> Displaced:
    found = displacement.of_booking(booking_id)
    assert found is not None
    return found


def offers() -> list[tuple[int, int, Slot]]:
    """Instrument, channel and time of everything that is held for an answer."""
    held = sa.select(Claim.instrument_id, Claim.channel, Claim.starts_at, Claim.ends_at).where(Claim.kind == "offer")
    return [(row.instrument_id, row.channel, Slot(row.starts_at, row.ends_at)) for row in rows(held)]


def a_colleague(lab: Lab) -> Person:
    """Min, another member of Aurora."""
    with transaction() as tx:
        values = {"email": "min@cast.labshare.test", "name": "Min", "created_at": LONG_AGO}
        new = sa.insert(Person).values(company_id=lab.cast.aurora, **values).returning(Person.id)
        lab.cast.people["min"] = tx.execute(new).scalar_one()
        tx.execute(sa.insert(RoleGrant).values(person_id=lab.cast.people["min"], role="member"))
        lab.cast._tell(tx)
    found = access.by_id(lab.cast.people["min"])
    assert found is not None
    return found


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("act", [booking.accept, booking.decline])
def test_a_colleague_does_not_answer_for_her_nor_does_the_laboratory(lab: Lab, act: object) -> None:
    old = displaced(lab)
    for who in (a_colleague(lab), lab.cast.li, lab.cast.ada):
        with pytest.raises(Forbidden):
            act(who, old.id)
    with pytest.raises(NotFound):
        act(lab.cast.bo, old.id)
    assert (way(old.id).state, len(offers())) == ("offered", 1)


def test_the_companys_admin_answers_for_her_and_the_booking_stays_hers(lab: Lab) -> None:
    old = displaced(lab)
    new = booking.accept(lab.cast.chen, old.id)
    assert (new.person_id, new.company_id, new.purpose, new.replaces_id) == (
        lab.cast.people["mei"], lab.cast.aurora, old.purpose, old.id,
    )  # fmt: skip


def test_only_the_clockwork_makes_offers_and_lets_them_lapse(lab: Lab) -> None:
    old = displaced(lab)
    for act in (offering.make_offer, offering.lapse):
        with pytest.raises(Forbidden):
            act(lab.cast.ada, old.id, lab.now)


# ---------------------------------------------------------------- whether it is possible


def test_a_suspended_company_takes_nothing_and_its_offer_lapses_like_any_other(lab: Lab) -> None:
    old = displaced(lab)
    maintaining.suspend(lab.cast.ada, lab.cast.aurora, "The bill is open")
    with pytest.raises(Problem) as refused:
        booking.accept(lab.cast.mei, old.id)
    assert isinstance(refused.value, Conflict)
    assert [one.code for one in refused.value.reasons] == ["company_suspended"]
    assert len(offers()) == 1
    until = way(old.id).answer_by
    assert until is not None
    lab.now = until
    assert (lapse_offers(lab.now), offers(), way(old.id).state) == ({"lapsed": 1}, [], "lapsed")


def test_hours_that_are_gone_meanwhile_are_told_with_the_reason_and_nothing_is_taken(lab: Lab) -> None:
    old = displaced(lab)
    lab.book(lab.cast.chen, 100, 4)
    accounts.set_allowances(lab.cast.ada, lab.cast.aurora, [limit(4)])
    with pytest.raises(Conflict) as refused:
        booking.accept(lab.cast.mei, old.id)
    assert refusal(refused) == ["quota_exceeded"]
    assert (way(old.id).state, len(offers())) == ("offered", 1)
    accounts.set_allowances(lab.cast.ada, lab.cast.aurora, [limit(5)])
    new = booking.accept(lab.cast.mei, old.id)
    assert {one.held for one in account.standing(new.id)} == {60}


def test_over_a_limit_that_asks_it_waits_for_the_laboratory_though_it_was_approved(lab: Lab) -> None:
    old = displaced(lab)
    lab.book(lab.cast.chen, 100, 4)
    accounts.set_allowances(lab.cast.ada, lab.cast.aurora, [limit(4, then="ask")])
    new = booking.accept(lab.cast.mei, old.id)
    assert (new.state, new.over_quota, account.standing(new.id)) == ("requested", True, [])


@pytest.mark.parametrize("caps", [Caps(company=1), Caps(person=1)])
def test_a_cap_on_bookings_ahead_counts_for_what_replaces_one_too(lab: Lab, caps: Caps) -> None:
    old = displaced(lab)
    accounts.set_allowances(lab.cast.ada, lab.cast.aurora, [], caps)
    lab.book(lab.cast.mei, 100)
    with pytest.raises(Conflict) as refused:
        booking.accept(lab.cast.mei, old.id)
    assert refusal(refused) == ["too_many_bookings"]
    assert (way(old.id).state, len(offers())) == ("offered", 1)


def test_what_is_broken_meanwhile_cannot_be_taken(lab: Lab) -> None:
    old = displaced(lab)
    maintaining.report(lab.cast.li, "SEM-01", expected_until=lab.at(2))
    with pytest.raises(Conflict) as refused:
        booking.accept(lab.cast.mei, old.id)
    assert refusal(refused) == ["instrument_unavailable"]


def test_a_booking_that_was_never_displaced_has_nothing_to_answer(lab: Lab) -> None:
    seen = lab.book(lab.cast.mei, 24)
    for act in (booking.accept, booking.decline):
        with pytest.raises(Conflict) as refused:
            act(lab.cast.mei, seen.id)
        assert refusal(refused) == ["wrong_state"]


def test_an_offer_is_answered_once(lab: Lab) -> None:
    old = displaced(lab)
    new = booking.accept(lab.cast.mei, old.id)
    for act in (booking.accept, booking.decline):
        with pytest.raises(Conflict) as refused:
            act(lab.cast.chen, old.id)
        assert refusal(refused) == ["wrong_state"]
    assert (state_of(new.id), make_offers(lab.now), lapse_offers(lab.now)) == (
        "approved", {"offered": 0}, {"lapsed": 0},
    )  # fmt: skip


def test_two_who_answer_in_the_same_moment_make_one_booking(lab: Lab, together: Together) -> None:
    old = displaced(lab)
    both = [lambda who=who: booking.accept(who, old.id).state for who in (lab.cast.mei, lab.cast.chen)]
    assert sorted(together(*both))[1:] == ["wrong_state"]
    assert len(rows(sa.select(Booking.id).where(Booking.replaces_id == old.id))) == 1


# ---------------------------------------------------------------- where else


def test_a_yes_counts_for_its_own_instrument_and_for_no_other(lab: Lab) -> None:
    old = displaced(lab, "BAT-01")
    assert old.state == "approved"
    new = booking.accept(lab.cast.mei, old.id, booking.Wish("SEM-01", lab.slot(50, 1)))
    assert (new.instrument_code, new.state) == ("SEM-01", "requested")


def test_on_an_instrument_that_needs_no_yes_it_is_approved_at_once(lab: Lab) -> None:
    old = displaced(lab, approved=False)
    new = booking.accept(lab.cast.mei, old.id, booking.Wish("BAT-01", lab.slot(24, 1)))
    assert (new.instrument_code, new.state) == ("BAT-01", "approved")


def test_where_its_own_instrument_is_gone_another_of_its_category_is_held(lab: Lab) -> None:
    old = lab.book(lab.cast.mei, 24)
    maintaining.withdraw(lab.cast.li, "SEM-01")
    assert make_offers(lab.now) == {"offered": 1}
    [(instrument, _, slot)] = offers()
    assert (instrument, slot) == (lab.cast.bat, old.slot)


def test_another_time_that_is_wished_for_goes_by_every_rule(lab: Lab) -> None:
    old = displaced(lab)
    lab.book(lab.cast.bo, 60)
    wishes = [
        (lab.slot(60, 1), {"slot_taken"}),
        (lab.slot(25, 1), {"maintenance"}),
        (lab.slot(70, 5), {"too_long"}),
        (lab.slot(70.1, 1), {"off_grid"}),
        (lab.slot(-2, 1), {"in_the_past"}),
        (lab.slot(61 * 24, 1), {"too_far_ahead"}),
    ]
    for slot, reasons in wishes:
        with pytest.raises(Conflict) as refused:
            booking.accept(lab.cast.mei, old.id, booking.Wish("SEM-01", slot))
        assert set(refusal(refused)) == reasons
    with pytest.raises(NotFound):
        booking.accept(lab.cast.mei, old.id, booking.Wish("NO-SUCH", lab.slot(70, 1)))
    assert (way(old.id).state, len(offers())) == ("offered", 1)


def test_its_own_held_time_can_be_wished_for_by_name(lab: Lab) -> None:
    old = displaced(lab)
    held = way(old.id).slot
    assert held is not None
    new = booking.accept(lab.cast.mei, old.id, booking.Wish("SEM-01", held))
    assert (new.slot, offers()) == (held, [])


# ---------------------------------------------------------------- one minute, one offer


def test_what_is_held_for_one_company_is_never_held_for_another(lab: Lab) -> None:
    some = [lab.book((lab.cast.mei, lab.cast.bo)[number % 2], 24 + 1.5 * number) for number in range(6)]
    lab.plan(24, 10)
    assert make_offers(lab.now) == {"offered": 6}
    held = offers()
    assert len(held) == 6
    for number, (instrument, channel, slot) in enumerate(held):
        for other in held[number + 1 :]:
            assert (instrument, channel) != other[:2] or not slot.overlaps(other[2])
    new = [booking.accept(lab.cast.mei if n % 2 == 0 else lab.cast.bo, one.id) for n, one in enumerate(some)]
    assert [one.replaces_id for one in new] == [one.id for one in some]


def test_a_window_over_time_that_is_held_takes_it_and_another_is_held_at_once(lab: Lab) -> None:
    old = displaced(lab)
    first = way(old.id).slot
    assert first is not None
    hours = (first.start - lab.at(0)).total_seconds() / 3600
    lab.plan(hours, 1)
    assert (way(old.id).state, offers()) == ("waiting", [])
    assert make_offers(lab.now) == {"offered": 1}
    second = way(old.id).slot
    assert second is not None
    assert not second.overlaps(first)
