"""A whole use, from asking to the year's figures: approved, begun, ended, and counted where everybody looks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, expect

from labshare.booking.models import Booking
from tests.journeys.conftest import Visit, by_either_hand
from tests.journeys.house import House
from tests.journeys.test_asking import asked, state
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.journey
CODE = "XRD-01"  # needs the laboratory's yes
MINUTES = 20


def picks_the_first_free_start(member: Visitor, code: str) -> None:
    """On the first day that has one, from the form that asks for time."""
    page = member.page
    member.goes_to(f"/bookings/new?instrument={code}")
    for _ in range(14):
        if page.locator(".slots a").count():
            break
        member.presses(member.link("Day after").first)
        page.wait_for_load_state()
    member.presses(page.locator(".slots a").first)
    expect(page.locator("#verdict .notice.good")).to_be_visible()


def asks(member: Visitor, code: str, purpose: str) -> int:
    """Ask for the first free start; the new request."""
    picks_the_first_free_start(member, code)
    member.writes(member.page.locator("[name=purpose]"), purpose)
    member.presses(member.page.locator("#ask .form-actions button"))
    return asked(member)


def looks_at(manager: Visitor, purpose: str) -> None:
    """From the queue to the page of the request that says this."""
    manager.presses(manager.menu("Queue"))
    waiting = manager.page.locator(".request").filter(has_text=purpose)
    manager.presses(waiting.get_by_role("link", name=manager.words("Look"), exact=True))
    expect(manager.page.locator("#answer")).to_be_visible()


def slot_of(house: House, booking: int) -> tuple[datetime, datetime]:
    found = house.read(sa.select(Booking.starts_at, Booking.ends_at).where(Booking.id == booking))[0]
    return found.starts_at, found.ends_at


def uses(reader: Visitor, whose: str) -> int:
    """How many uses the row of the report says that has this in it."""
    cell = _row(reader, whose).locator("a[href*='what=uses']").first
    return int(cell.inner_text()) if cell.count() else 0


def _row(reader: Visitor, whose: str) -> Locator:
    return reader.page.locator("table.figures tbody tr").filter(has_text=whose)


@by_either_hand
def test_a_use_goes_from_asking_to_the_figures_of_the_year(
    visit: Visit, house: House, language: str, hand: str
) -> None:
    member = visit("member", language, hand)
    booking = asks(member, CODE, f"Residual stress {language} {hand}")
    manager = visit("manager", language, hand)
    looks_at(manager, f"Residual stress {language} {hand}")
    manager.presses(manager.button("Approve"))
    manager.is_told("Approved.")
    assert state(house, booking) == "approved"

    starts_at, _ends_at = slot_of(house, booking)
    with house.at(starts_at):
        member = visit("member", language, hand)  # a night may lie between, which no sign-in outlives
        member.presses(member.menu("Usage"))
        before = uses(member, CODE)
        member.goes_to(f"/bookings/{booking}")
        member.presses(member.button("Check in"))
        member.is_told("Checked in: the instrument is yours.")
        assert member.findings() == []
    with house.at(starts_at + timedelta(minutes=MINUTES)):
        member.writes(member.page.locator("[name=samples]"), "7")
        member.presses(member.button("Check out"))
        member.is_told("Checked out. Thank you for leaving it to the next one.")
        assert state(house, booking) == "completed"

        member.presses(member.menu("Usage"))
        expect(_row(member, CODE)).to_be_visible()
        assert uses(member, CODE) == before + 1
        member.presses(_row(member, CODE).locator("a[href*='what=uses']").first)
        mine = member.page.locator("#rows tr").filter(has=member.page.locator(f"a[href='/bookings/{booking}']"))
        expect(mine.locator("td").last).to_have_text("7")

        admin, company = visit("admin", language, hand), house.actor("member").company_name
        admin.presses(admin.menu("Usage"))
        admin.presses(admin.page.locator(".subnav").get_by_role("link", name=admin.words("Companies"), exact=True))
        expect(_row(admin, company)).to_be_visible()
        assert admin.findings() == []
        admin.presses(_row(admin, company).locator("th a"))
        assert uses(admin, CODE) == before + 1
