"""The laboratory says no to the time that is asked for and yes to another, which the company takes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit, by_either_hand
from tests.journeys.house import House
from tests.journeys.test_a_use import asks, looks_at, slot_of
from tests.journeys.test_asking import state

pytestmark = pytest.mark.journey
CODE = "XRF-01"


@by_either_hand
def test_a_manager_offers_another_time_and_the_member_takes_it(
    visit: Visit, house: House, language: str, hand: str
) -> None:
    purpose = f"Trace elements {language} {hand}"
    member = visit("member", language, hand)
    booking = asks(member, CODE, purpose)
    wanted = slot_of(house, booking)
    manager = visit("manager", language, hand)
    looks_at(manager, purpose)
    manager.presses(manager.page.locator(".other-time > summary"))
    nearest = manager.page.locator(".other-time .confirm").first
    manager.presses(nearest.locator("summary"))
    assert manager.findings() == []
    manager.presses(nearest.get_by_role("button"))
    manager.is_told("Offered; the company has to accept it.")
    assert state(house, booking) == "offered"
    assert slot_of(house, booking) != wanted

    house.run("deliver")
    member.presses(member.menu("Inbox"))
    member.presses(member.page.locator(f".inbox li.unread a[href='/bookings/{booking}']").first)
    expect(member.page.locator("main")).to_contain_text(member.words("Another time than you asked for"))
    assert member.findings() == []
    member.presses(member.button("Take it"))
    member.is_told("The time is yours.")
    assert state(house, booking) == "approved"
