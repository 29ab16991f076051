"""Planning maintenance: shown first, then saved with everything it does to bookings, or not at all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from labshare.booking import displacement, queries
from labshare.booking import services as booking
from labshare.booking.jobs.offering import lapse_offers, make_offers
from labshare.instruments.models import Claim
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows, snapshot
from labshare.kernel.errors import Conflict, Forbidden, Invalid
from labshare.kernel.slots import Slot
from labshare.maintenance import queries as windows
from labshare.maintenance import services
from labshare.maintenance.jobs import keep_windows
from labshare.maintenance.repeat import Repeat
from labshare.quotas import account
from tests.maintenance.conftest import Lab


def state_of(booking_id: int) -> str:
    return queries.seen(SYSTEM, booking_id).state


def instrument_state(lab: Lab, code: str = "SEM-01") -> str:
    return str(lab.cast.api("li").get(f"/instruments/{code}").json["state"])


def claims(kind: str) -> int:
    return int(rows(sa.select(sa.func.count()).where(Claim.kind == kind))[0][0])


def refusal(error: pytest.ExceptionInfo[Conflict]) -> list[str]:
    return [reason.code for reason in error.value.reasons]


def test_a_window_displaces_the_bookings_in_its_way_and_gives_their_hours_back(lab: Lab) -> None:
    mine, theirs, later = (
        lab.book(lab.cast.mei, 24),
        lab.book(lab.cast.bo, 26, approved=False),
        lab.book(lab.cast.mei, 40),
    )
    done = lab.plan(24, 4)
    assert [line.booking.id for line in done.consequences.lines] == [mine.id, theirs.id]
    assert [state_of(one.id) for one in (mine, theirs, later)] == ["displaced", "displaced", "approved"]
    assert [one.held for one in account.standing(mine.id)] == [0]
    assert claims("maintenance") == 1
    with pytest.raises(Conflict) as refused:
        lab.book(lab.cast.mei, 25)
    assert refusal(refused) == ["maintenance"]


def test_the_preview_says_line_by_line_what_saving_does_and_changes_nothing(lab: Lab) -> None:
    some = [lab.book(lab.cast.mei, 24 + n) for n in (0, 2, 4)] + [lab.book(lab.cast.bo, 30)]
    found = services.preview(lab.cast.li, lab.draft(24, 8)).consequences
    assert {state_of(one.id) for one in some} == {"approved"}
    done = lab.plan(24, 8).consequences
    assert [line.booking for line in found.lines] == [line.booking for line in done.lines]
    assert found.companies == done.companies
    assert [(one.name, one.bookings, one.hours) for one in found.companies] == [
        ("Aurora Displays", 3, 3.0),
        ("Borealis Photonics", 1, 1.0),
    ]
    window = lab.slot(24, 8)
    assert all(line.nearest for line in found.lines)
    assert not any(
        one.slot.overlaps(window) for line in found.lines for one in line.nearest if one.instrument.code == "SEM-01"
    )


def test_a_displaced_booking_is_offered_another_time_which_one_click_takes(lab: Lab) -> None:
    old = lab.book(lab.cast.mei, 24)
    lab.plan(24, 4)
    assert make_offers(lab.now) == {"offered": 1}
    way = displacement.way_on(queries.seen(lab.cast.mei, old.id), lab.now)
    assert way is not None
    assert way.held is not None
    assert claims("offer") == 1
    with pytest.raises(Conflict) as refused:
        lab.book(lab.cast.bo, (way.held.slot.start - lab.at(0)).total_seconds() / 3600)
    assert refusal(refused) == ["slot_taken"]
    new = booking.accept(lab.cast.mei, old.id)
    assert (new.state, new.replaces_id, new.slot) == ("approved", old.id, way.held.slot)
    assert claims("offer") == 0
    assert [one.held for one in account.standing(new.id)] == [60]
    with pytest.raises(Conflict):
        booking.accept(lab.cast.mei, old.id)


def test_what_waited_for_an_answer_waits_again_when_another_time_is_taken(lab: Lab) -> None:
    old = lab.book(lab.cast.mei, 24, approved=False)
    lab.plan(24, 4)
    make_offers(lab.now)
    assert booking.accept(lab.cast.chen, old.id).state == "requested"


def test_another_free_time_can_be_taken_instead_and_the_held_one_is_free_again(lab: Lab) -> None:
    old = lab.book(lab.cast.mei, 24)
    lab.plan(24, 4)
    make_offers(lab.now)
    new = booking.accept(lab.cast.mei, old.id, booking.Wish("SEM-01", lab.slot(60, 1)))
    assert (new.slot, new.state) == (lab.slot(60, 1), "approved")
    assert claims("offer") == 0


def test_an_offer_nobody_answers_lapses_and_its_time_is_free(lab: Lab) -> None:
    old = lab.book(lab.cast.mei, 24)
    lab.plan(24, 4)
    make_offers(lab.now)
    way = displacement.way_on(queries.seen(lab.cast.mei, old.id), lab.now)
    assert way is not None
    assert way.displaced.answer_by is not None
    lab.now = way.displaced.answer_by
    with pytest.raises(Conflict) as refused:
        booking.accept(lab.cast.mei, old.id)
    assert "in_the_past" in refusal(refused) or "offer_lapsed" in refusal(refused)
    assert lapse_offers(lab.now) == {"lapsed": 1}
    assert (claims("offer"), lapse_offers(lab.now), make_offers(lab.now)) == (0, {"lapsed": 0}, {"offered": 0})


def test_a_company_may_do_without(lab: Lab) -> None:
    old = lab.book(lab.cast.mei, 24)
    lab.plan(24, 4)
    make_offers(lab.now)
    booking.decline(lab.cast.mei, old.id)
    assert (claims("offer"), make_offers(lab.now)) == (0, {"offered": 0})


def test_a_rival_can_neither_see_nor_take_what_is_held(lab: Lab) -> None:
    old = lab.book(lab.cast.mei, 24)
    lab.plan(24, 4)
    make_offers(lab.now)
    window = {"from": lab.at(0).isoformat(), "to": lab.at(72).isoformat(), "instrument": "SEM-01"}
    kinds = {one["kind"] for one in lab.cast.api("bo").get("/timeline", query_string=window).json["items"]}
    assert kinds == {"maintenance", "busy"}
    assert lab.cast.api("bo").post(f"/bookings/{old.id}/accept").status_code == 404


def test_a_window_may_refuse_to_hit_anybody_or_fit_around_them(lab: Lab) -> None:
    lab.book(lab.cast.mei, 25)
    with pytest.raises(Conflict) as refused:
        lab.plan(24, 4, when_hit="refuse")
    assert refusal(refused) == ["bookings_hit"]
    done = lab.plan(24, 4, when_hit="fit")
    assert done.consequences.lines == []
    assert [place.slot.hours for place in done.consequences.places] == [0.75, 2.0]  # the warm-up is the booking's
    assert claims("booking") == 1


def test_windows_do_not_lie_over_windows_nor_over_somebody_at_work_nor_in_the_past(lab: Lab) -> None:
    lab.plan(24, 4)
    with pytest.raises(Conflict) as refused:
        lab.plan(26, 4)
    assert refusal(refused) == ["maintenance"]
    seen = lab.book(lab.cast.mei, 1, 2)
    lab.go(1)
    booking.check_in(lab.cast.mei, seen.id)
    with pytest.raises(Conflict) as refused:
        lab.plan(2, 1)
    assert refusal(refused) == ["in_use"]
    with pytest.raises(Conflict) as refused:
        lab.plan(-5, 2)
    assert refusal(refused) == ["in_the_past"]


def test_who_plans_for_a_site_must_manage_it(lab: Lab) -> None:
    with pytest.raises(Forbidden):
        services.plan(lab.cast.mei, lab.draft(24))
    with pytest.raises(Invalid):
        services.plan(lab.cast.li, lab.draft(24, 1, "NO-SUCH"))


def test_a_repeat_is_written_out_at_once_and_single_windows_can_be_changed(lab: Lab) -> None:
    hit = lab.book(lab.cast.mei, 24 + 7 * 24)
    done = lab.plan(24, 2, repeat=Repeat("week", times=4))
    assert [one.starts_at for one in done.windows] == [lab.at(24 + 7 * 24 * n) for n in range(4)]
    assert state_of(hit.id) == "displaced"
    second = done.windows[1]
    moved = services.change(lab.cast.li, second.id, {"note": "Later"}, lab.slot(24 + 7 * 24 + 6, 2)).windows[0]
    assert (moved.note, moved.slot) == ("Later", lab.slot(24 + 7 * 24 + 6, 2))
    assert lab.book(lab.cast.bo, 24 + 7 * 24).state == "approved"
    services.cancel(lab.cast.li, done.windows[2].id, rest=True)
    states = [windows.window(lab.cast.li, one.id).state for one in done.windows]
    assert states == ["planned", "planned", "cancelled", "cancelled"]
    assert claims("maintenance") == 2


def test_calling_a_window_off_frees_its_time_and_the_old_time_is_offered_again(lab: Lab) -> None:
    old = lab.book(lab.cast.mei, 24)
    done = lab.plan(24, 4)
    services.cancel(lab.cast.li, done.windows[0].id)
    assert claims("maintenance") == 0
    make_offers(lab.now)
    assert booking.accept(lab.cast.mei, old.id).slot == old.slot


def test_windows_open_and_close_at_their_minute_and_the_instrument_follows(lab: Lab) -> None:
    done = lab.plan(24, 2)
    assert keep_windows(lab.now) == {"opened": 0, "closed": 0, "extended": 0}
    lab.go(24)
    assert keep_windows(lab.now) == {"opened": 1, "closed": 0, "extended": 0}
    assert keep_windows(lab.now) == {"opened": 0, "closed": 0, "extended": 0}
    assert instrument_state(lab) == "in_maintenance"
    assert lab.book(lab.cast.mei, 48).state == "approved"
    lab.go(26)
    assert keep_windows(lab.now) == {"opened": 0, "closed": 1, "extended": 0}
    assert (instrument_state(lab), windows.window(lab.cast.li, done.windows[0].id).state) == ("in_service", "done")


def test_a_window_under_way_keeps_its_start_and_ends_now_at_the_earliest(lab: Lab) -> None:
    window = lab.plan(24, 2).windows[0]
    lab.go(24)
    keep_windows(lab.now)
    longer = services.change(lab.cast.li, window.id, {}, lab.slot(23, 4)).windows[0]
    assert longer.slot == lab.slot(24, 3)
    lab.go(25)
    shorter = services.change(lab.cast.li, window.id, {}, lab.slot(24, 0.5)).windows[0]
    assert shorter.slot == lab.slot(24, 1)
    held = rows(sa.select(Claim.starts_at, Claim.ends_at).where(Claim.kind == "maintenance"))
    assert [tuple(one) for one in held] == [(lab.at(24), lab.at(25))]


def test_an_outage_ends_the_use_at_hand_displaces_who_comes_and_stands_until_repaired(lab: Lab) -> None:
    running, soon, far = lab.book(lab.cast.mei, 1, 3), lab.book(lab.cast.bo, 5), lab.book(lab.cast.bo, 40)
    lab.go(1)
    booking.check_in(lab.cast.mei, running.id)
    lab.go(2)
    outage = services.report(lab.cast.li, "SEM-01", "No vacuum")
    assert [state_of(one.id) for one in (running, soon, far)] == ["completed", "displaced", "approved"]
    assert [(one.held, one.used) for one in account.standing(running.id)] == [(0, 60)]
    assert instrument_state(lab) == "out_of_service"
    lab.go(25.5)
    assert keep_windows(lab.now)["extended"] == 1
    assert state_of(far.id) == "displaced"
    lab.go(30)
    ended = services.repaired(lab.cast.li, outage.id, "New pump")
    assert (ended.state, instrument_state(lab)) == ("ended", "in_service")
    assert lab.book(lab.cast.bo, 40).state == "approved"


def test_an_instrument_is_retired_with_everything_that_does(lab: Lab) -> None:
    seen = lab.book(lab.cast.mei, 24)
    assert lab.cast.api("li").patch("/instruments/SEM-01", json={"state": "retired"}).status_code == 409
    found = services.preview_withdrawal(lab.cast.li, "SEM-01")
    done = services.withdraw(lab.cast.li, "SEM-01")
    assert [line.booking.id for line in found.lines] == [line.booking.id for line in done.lines] == [seen.id]
    assert (state_of(seen.id), instrument_state(lab)) == ("displaced", "retired")


def test_channels_are_taken_away_with_their_bookings_only(lab: Lab) -> None:
    some = [lab.book(lab.cast.mei, 24, code="BAT-01") for _ in range(4)]
    assert sorted(one.channel for one in some) == [1, 2, 3, 4]
    services.withdraw(lab.cast.li, "BAT-01", channels=3)
    assert sorted((one.channel, state_of(one.id)) for one in some) == [
        (1, "approved"),
        (2, "approved"),
        (3, "approved"),
        (4, "displaced"),
    ]
    with pytest.raises(Invalid):
        services.withdraw(lab.cast.li, "BAT-01", channels=3)


def test_a_company_is_suspended_with_what_it_has_ahead_in_one_act(lab: Lab) -> None:
    mine, theirs = lab.book(lab.cast.mei, 24), lab.book(lab.cast.bo, 30)
    found = services.preview_suspension(lab.cast.ada, lab.cast.aurora)
    assert [line.booking.id for line in found.lines] == [mine.id]
    services.suspend(lab.cast.ada, lab.cast.aurora, "The bill is open")
    assert [state_of(one.id) for one in (mine, theirs)] == ["cancelled", "approved"]
    assert [one.held for one in account.standing(mine.id)] == [0]


def test_a_channel_that_is_added_is_closed_for_the_windows_that_are_planned(lab: Lab) -> None:
    done = lab.plan(24, 2, "BAT-01")
    assert lab.cast.api("li").patch("/instruments/BAT-01", json={"channels": 6}).status_code == 200
    assert claims("maintenance") == 6
    with pytest.raises(Conflict) as refused:
        lab.book(lab.cast.mei, 24, code="BAT-01")
    assert refusal(refused) == ["maintenance"]
    services.cancel(lab.cast.li, done.windows[0].id)
    assert claims("maintenance") == 0


def test_a_use_that_ended_as_it_began_gives_way_and_can_be_corrected_all_the_same(lab: Lab) -> None:
    seen = lab.book(lab.cast.mei, 1, code="BAT-01")  # nothing has to warm up, so nothing is left before the use
    lab.go(1.1)
    booking.check_in(lab.cast.mei, seen.id)
    booking.check_out(lab.cast.mei, seen.id)
    window = lab.plan(1.1, 1, "BAT-01").windows[0]
    assert (claims("booking"), claims("maintenance")) == (0, 4)
    with snapshot() as session:
        assert [found for _, check in lab.app.extensions["checks"] for found in check(session)] == []
    lab.go(1.5)
    used = Slot(lab.at(1.1), lab.at(1.5))
    with pytest.raises(Conflict) as refused:
        booking.record(lab.cast.li, seen.id, used, reason="They stayed")
    assert refusal(refused) == ["slot_taken"]
    services.cancel(lab.cast.li, window.id)
    booking.record(lab.cast.li, seen.id, used, reason="They stayed")
    assert claims("booking") == 1
