"""Outages at their edges: who was just coming, what was planned anyway, how long it lasts, and on every channel."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from labshare.booking import displacement, presence
from labshare.booking import services as booking
from labshare.booking.jobs.offering import make_offers
from labshare.booking.queries import seen
from labshare.instruments.models import Claim
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.errors import Conflict, Forbidden, NotFound
from labshare.kernel.journal import Entry
from labshare.kernel.slots import Slot
from labshare.maintenance import queries, services
from labshare.maintenance.jobs import keep_windows
from labshare.maintenance.services import breaking
from labshare.quotas import account
from labshare.quotas.models import Line
from tests.maintenance.conftest import Lab
from tests.maintenance.test_planning import instrument_state, refusal, state_of


def held(kind: str, channel: int = 1) -> list[Slot]:
    """The claims of a kind on a channel, by start."""
    mine = sa.select(Claim.starts_at, Claim.ends_at).where(Claim.kind == kind, Claim.channel == channel)
    return [Slot(*row) for row in rows(mine.order_by(Claim.starts_at))]


def standing(booking_id: int) -> list[tuple[int, int]]:
    """Held and used minutes of a booking in its company's account."""
    return [(one.held, one.used) for one in account.standing(booking_id)]


def test_whoever_checked_in_in_that_very_minute_has_used_nothing_and_pays_nothing(lab: Lab) -> None:
    mine = lab.book(lab.cast.mei, 1, 2)
    lab.go(1)
    booking.check_in(lab.cast.mei, mine.id)
    services.report(lab.cast.li, "SEM-01")
    use = presence.use_of(mine.id)
    assert use is not None
    assert (state_of(mine.id), use.minutes, use.left_early, use.excuse) == ("completed", 0, True, "closed")
    assert standing(mine.id) == [(0, 0)]


def test_what_was_planned_anyway_keeps_its_time_within_the_outage(lab: Lab) -> None:
    lab.plan(4, 2)
    lab.go(1)
    outage = services.report(lab.cast.li, "SEM-01", expected_until=lab.at(10))
    assert held("outage") == [lab.slot(1, 3), lab.slot(6, 4)]
    assert held("maintenance") == [lab.slot(4, 2)]
    assert keep_windows(lab.go(4))["opened"] == 1
    assert instrument_state(lab) == "out_of_service"
    assert keep_windows(lab.go(6))["closed"] == 1
    assert instrument_state(lab) == "out_of_service"
    lab.go(7)
    services.repaired(lab.cast.li, outage.id)
    assert (instrument_state(lab), held("outage")) == ("in_service", [lab.slot(1, 3), lab.slot(6, 1)])


def test_repaired_while_a_window_is_under_way_it_is_in_maintenance_until_that_ends(lab: Lab) -> None:
    lab.plan(4, 2)
    lab.go(1)
    outage = services.report(lab.cast.li, "SEM-01")
    keep_windows(lab.go(4))
    lab.go(5)
    services.repaired(lab.cast.li, outage.id)
    assert instrument_state(lab) == "in_maintenance"
    keep_windows(lab.go(6))
    assert instrument_state(lab) == "in_service"


def test_an_outage_during_a_window_takes_what_comes_after_it(lab: Lab) -> None:
    lab.plan(1, 2)
    keep_windows(lab.go(1))
    hit = lab.book(lab.cast.mei, 5)
    lab.go(2)
    services.report(lab.cast.li, "SEM-01")
    assert (instrument_state(lab), state_of(hit.id)) == ("out_of_service", "displaced")
    assert held("outage") == [Slot(lab.at(3), lab.at(26))]
    keep_windows(lab.go(3))
    assert instrument_state(lab) == "out_of_service"


@pytest.mark.parametrize("seconds", [0, 1, 30, 59])
def test_repaired_within_a_minute_it_leaves_one_minute_behind(lab: Lab, seconds: int) -> None:
    lab.go(1)
    outage = services.report(lab.cast.li, "SEM-01")
    lab.now += timedelta(seconds=seconds)
    ended = services.repaired(lab.cast.li, outage.id)
    assert ended.ended_at == lab.now
    assert held("outage") == [Slot(lab.at(1), lab.at(1) + timedelta(minutes=1))]
    assert instrument_state(lab) == "in_service"
    again = services.report(lab.cast.li, "SEM-01")
    assert again.began_at == lab.now


def test_it_stands_from_day_to_day_for_five_days_and_takes_no_more_than_that(lab: Lab) -> None:
    outage = services.report(lab.cast.li, "SEM-01")
    extended = 0
    for hour in range(5 * 24):
        extended += keep_windows(lab.go(hour))["extended"]
        assert keep_windows(lab.now)["extended"] == 0
    assert extended == 5
    stretches = held("outage")
    assert [one.start for one in stretches[1:]] == [one.end for one in stretches[:-1]]
    assert (stretches[0].start, stretches[-1].end) == (lab.at(0), queries.outage(lab.cast.li, outage.id).claimed_until)
    lab.go(5 * 24)
    services.repaired(lab.cast.li, outage.id)
    assert held("outage")[-1].end == lab.now


def test_after_a_downtime_of_the_clockwork_the_whole_gap_is_taken_at_once(lab: Lab) -> None:
    outage = services.report(lab.cast.li, "SEM-01")
    assert keep_windows(lab.go(100)) == {"opened": 0, "closed": 0, "extended": 1}
    assert held("outage") == [lab.slot(0, 24), lab.slot(24, 100)]
    assert queries.outage(lab.cast.li, outage.id).claimed_until == lab.at(124)


def test_every_channel_is_out_of_order_and_everybody_on_them_is_told(lab: Lab) -> None:
    running = lab.book(lab.cast.mei, 1, 3, "BAT-01")
    coming = [lab.book(lab.cast.bo, 2, 1, "BAT-01") for _ in range(3)]
    lab.go(1)
    booking.check_in(lab.cast.mei, running.id)
    lab.go(1.5)
    outage = services.report(lab.cast.li, "BAT-01")
    assert (state_of(running.id), {state_of(one.id) for one in coming}) == ("completed", {"displaced"})
    assert {channel: held("outage", channel) for channel in range(1, 6)} == {
        **{channel: [lab.slot(1.5, 24)] for channel in range(1, 5)},
        5: [],
    }
    lab.go(2)
    services.repaired(lab.cast.li, outage.id)
    assert all(held("outage", channel) == [lab.slot(1.5, 0.5)] for channel in range(1, 5))


def test_what_was_not_used_comes_back_and_what_was_used_is_used(lab: Lab) -> None:
    running, coming = lab.book(lab.cast.mei, 1, 3), lab.book(lab.cast.bo, 5, 2)
    lab.go(1)
    booking.check_in(lab.cast.mei, running.id)
    lab.go(2.5)
    services.report(lab.cast.li, "SEM-01")
    assert (standing(running.id), standing(coming.id)) == ([(0, 90)], [(0, 0)])
    kinds = {kind for (kind,) in rows(sa.select(Line.kind).where(Line.booking_id.in_([running.id, coming.id])))}
    assert kinds == {"hold", "outage_credit", "release", "use"}


def test_an_expected_end_is_how_far_it_reaches_until_it_comes_near(lab: Lab) -> None:
    hit, free = lab.book(lab.cast.mei, 40), lab.book(lab.cast.mei, 60)
    outage = services.report(lab.cast.li, "SEM-01", expected_until=lab.at(50))
    assert (state_of(hit.id), state_of(free.id)) == ("displaced", "approved")
    assert held("outage") == [lab.slot(0, 50)]
    assert keep_windows(lab.go(48.9))["extended"] == 0
    assert keep_windows(lab.go(49))["extended"] == 1
    found = queries.outage(lab.cast.li, outage.id)
    assert (found.expected_until, found.claimed_until) == (lab.at(50), lab.at(74))
    assert state_of(free.id) == "displaced"


@pytest.mark.parametrize(("hours", "code"), [(0, "in_the_past"), (-1, "in_the_past"), (93 * 24, "too_long")])
def test_an_expected_end_lies_ahead_and_not_for_ever(lab: Lab, hours: float, code: str) -> None:
    with pytest.raises(Conflict) as refused:
        services.report(lab.cast.li, "SEM-01", expected_until=lab.at(hours))
    assert refusal(refused) == [code]
    assert (instrument_state(lab), held("outage")) == ("in_service", [])


def test_what_is_broken_cannot_break_again_nor_be_repaired_twice(lab: Lab) -> None:
    outage = services.report(lab.cast.li, "SEM-01")
    with pytest.raises(Conflict) as refused:
        services.report(lab.cast.li, "SEM-01")
    assert refusal(refused) == ["outage"]
    services.repaired(lab.cast.li, outage.id)
    with pytest.raises(Conflict) as refused:
        services.repaired(lab.cast.li, outage.id)
    assert refusal(refused) == ["wrong_state"]


def test_nobody_books_what_is_broken_however_far_ahead(lab: Lab) -> None:
    services.report(lab.cast.li, "SEM-01")
    with pytest.raises(Conflict) as refused:
        lab.book(lab.cast.mei, 200)
    assert refusal(refused) == ["instrument_unavailable"]


def test_time_that_was_held_for_somebody_is_taken_too_and_another_is_looked_for(lab: Lab) -> None:
    old = lab.book(lab.cast.mei, 24)
    lab.plan(24, 4)
    make_offers(lab.now)
    [offer] = held("offer")
    services.report(lab.cast.li, "SEM-01", expected_until=offer.end + timedelta(hours=1))
    assert held("offer") == []
    way = displacement.of_booking(old.id)
    assert way is not None
    assert way.state == "waiting"


def test_whoever_was_displaced_is_told_when_it_works_again_before_their_time(lab: Lab) -> None:
    hit = lab.book(lab.cast.mei, 5)
    outage = services.report(lab.cast.li, "SEM-01")
    lab.go(2)
    services.repaired(lab.cast.li, outage.id)
    facts = rows(sa.select(Entry.company_id).where(Entry.kind == "time_freed"))
    assert facts == [(lab.cast.aurora,)]
    make_offers(lab.now)
    assert booking.accept(lab.cast.mei, hit.id).slot == seen(SYSTEM, hit.id).slot


def test_only_those_who_plan_for_the_site_report_and_only_the_clockwork_extends(lab: Lab) -> None:
    with pytest.raises(Forbidden):
        services.report(lab.cast.mei, "SEM-01")
    outage = services.report(lab.cast.li, "SEM-01")
    with pytest.raises(NotFound):
        services.repaired(lab.cast.mei, outage.id)
    with pytest.raises(Forbidden):
        breaking.extend(lab.cast.li, outage.id, lab.go(30))
