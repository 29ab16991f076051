"""Time that is taken is waited for: joined, freed, held for who waits, and taken."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from labshare.web.i18n import LOCAL
from labshare.web.wall import as_local
from tests.journeys.conftest import Visit, by_either_hand
from tests.journeys.house import House
from tests.journeys.test_a_use import asks, slot_of
from tests.journeys.test_asking import asked, state

pytestmark = pytest.mark.journey
CODE = "SEM-02"  # needs nobody's yes


@by_either_hand
def test_a_member_waits_for_time_that_is_taken_and_takes_it_once_it_is_free(
    visit: Visit, house: House, language: str, hand: str
) -> None:
    rival = visit("rival", language, hand)
    taken = asks(rival, CODE, f"Wire bonds {language} {hand}")
    assert state(house, taken) == "approved"
    start, end = (as_local(moment, LOCAL) for moment in slot_of(house, taken))

    member = visit("member", language, hand)
    member.goes_to(f"/bookings/new?instrument={CODE}&starts_at={start}&ends_at={end}")
    expect(member.page.locator("#verdict .notice.bad")).to_be_visible()
    member.writes(member.page.locator("[name=purpose]"), f"Bond pads {language} {hand}")
    member.presses(member.button("Put me on the waiting list for this time"))
    member.is_told("You stand in line: should the time become free, it is held for you and you are told.")
    place = member.page.locator("#rows tbody tr").filter(has_text=f"Bond pads {language} {hand}")
    expect(place.locator("td.num")).to_have_text("1")
    assert member.findings() == []

    rival.confirms("Cancel the booking")
    rival.is_told("Cancelled; the time is free again.")
    house.run("offer_freed_time")
    house.run("deliver")

    member.presses(member.menu("Start"))
    held = member.page.locator(".asking tbody tr").filter(has_text=CODE)
    expect(held).to_contain_text(member.words("Time is held for you: your answer"))
    member.presses(held.locator("a").first)
    expect(member.page.locator("main")).to_contain_text(member.words("The time you waited for is free"))
    assert member.findings() == []
    member.presses(member.button("Take it"))
    member.is_told("The time is yours.")
    mine = asked(member)
    assert state(house, mine) == "approved"
    assert slot_of(house, mine) == slot_of(house, taken)

    member.goes_to("/waitlist?state=taken")
    expect(member.page.locator(f"#rows a[href='/bookings/{mine}']")).to_be_visible()
