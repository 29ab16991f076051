"""The queue by keyboard and by script, and nothing is sent by a letter or by Enter beside a reason."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from labshare.booking.models import Booking
from tests.journeys.conftest import Visit
from tests.journeys.house import House

pytestmark = pytest.mark.journey


def waiting(house: House) -> int:
    found = house.read(sa.select(sa.func.count().label("many")).where(Booking.state == "requested"))
    return int(found[0].many)


def test_a_manager_walks_through_the_queue_without_a_mouse(visit: Visit, house: House) -> None:
    before, manager = waiting(house), visit("manager")
    page = manager.page
    manager.menu("Queue").click()
    requests = page.locator(".request")
    expect(page.locator("[data-keys]")).to_be_visible()
    for key, number in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        expect(requests.nth(number)).to_be_focused()
    page.keyboard.press("x")
    expect(requests.nth(0).locator("[name=chosen]")).to_be_checked()
    page.keyboard.press("r")
    reason = requests.nth(0).locator("[name=reason]").first
    expect(reason).to_be_focused()
    page.keyboard.type("jxa")
    expect(reason).to_have_value("jxa")
    page.keyboard.press("Enter")
    expect(reason).to_be_focused()
    assert waiting(house) == before, "neither a letter nor Enter answers anything"
    page.locator("[data-choose-all] input").check()
    expect(requests.last.locator("[name=chosen]")).to_be_checked()
    requests.nth(1).focus()
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile(r"/bookings/\d+$"))


def test_filters_change_the_rows_and_the_address_at_once(visit: Visit) -> None:
    page = visit("manager").page
    page.goto("/queue")
    page.locator("#f-q").press_sequentially("no such purpose")
    expect(page.locator(".request")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"q=no(\+|%20)such"))
    page.locator("#f-q").fill("")
    expect(page.locator(".request")).not_to_have_count(0)
    page.locator("[name=over_quota]").check()
    expect(page).to_have_url(re.compile("over_quota=true"))
    for request in page.locator(".request").all():
        expect(request).to_contain_text("over quota")
