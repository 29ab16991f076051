"""The laboratory needs time itself: planned over a booking with a look at it first, and a company takes another."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from labshare.booking.models import Booking
from labshare.instruments.models import Instrument
from labshare.kernel import clock
from labshare.web.i18n import LOCAL
from labshare.web.wall import as_local
from tests.journeys.conftest import Visit, by_either_hand, mainly
from tests.journeys.house import House
from tests.journeys.test_asking import asked, state
from tests.journeys.visitor import MOUSE

pytestmark = pytest.mark.journey
PHONE = {"width": 390, "height": 844}


def _booked(house: House, which: int) -> sa.Row[tuple[int, str]]:
    """A booking of the member's, days ahead, on an instrument that needs no approval."""
    mine = sa.and_(Booking.person_id == house.actor("member").person_id, Booking.state == "approved")
    ahead = Booking.starts_at > clock.now() + timedelta(days=2)
    statement = sa.select(Booking.id, Booking.starts_at, Booking.ends_at, Instrument.code).join(Instrument)
    found: sa.Row[tuple[int, str]] = house.read(statement.where(mine, ahead).order_by(Booking.starts_at))[which]
    return found


@by_either_hand
def test_a_manager_looks_plans_over_a_booking_and_the_member_takes_the_time_that_is_held(
    visit: Visit, house: House, language: str, hand: str
) -> None:
    script = hand == MOUSE  # who takes no mouse takes no script either
    booked = _booked(house, 0 if language == "en" else 1)
    manager = visit("manager", language, hand, java_script_enabled=script)
    page = manager.page
    manager.presses(manager.menu("Maintenance"))
    manager.presses(manager.link("Plan maintenance").first)
    if script:  # without one every instrument stands there, and nothing hides them
        page.get_by_placeholder(manager.words("Search instruments")).fill(booked.code)
        expect(page.locator("#instrument-choices .choice:visible")).to_have_count(1)
    else:
        expect(page.get_by_placeholder(manager.words("Search instruments"))).to_be_hidden()
    manager.presses(page.locator(f"#instrument-choices [value='{booked.code}']"))
    manager.writes(page.locator("[name=starts_at]"), as_local(booked.starts_at - timedelta(minutes=30), LOCAL))
    manager.writes(page.locator("[name=ends_at]"), as_local(booked.ends_at + timedelta(minutes=30), LOCAL))
    manager.writes(page.locator("[name=note]"), f"New filament {language}")
    manager.presses(manager.button("Show what it does"))
    preview = page.locator("#preview")
    expect(preview).to_contain_text(house.actor("member").company_name)
    expect(preview.locator(f"a[href='/bookings/{booked.id}']")).to_be_visible()
    expect(page.locator("[name=note]")).to_have_value(f"New filament {language}")
    assert state(house, booked.id) == "approved", "a look changes nothing"
    if script:
        assert manager.findings() == []
    manager.presses(manager.button("Save"))
    manager.is_told("Planned.")
    expect(page.locator("main")).to_contain_text(house.actor("member").company_name)
    assert state(house, booked.id) == "displaced"

    house.run("make_offers")
    house.run("deliver")
    member = visit("member", language, hand, java_script_enabled=script)
    row = member.page.locator(".asking tbody tr").filter(has=member.page.locator(f"a[href='/bookings/{booked.id}']"))
    expect(row).to_contain_text(member.words("Another time is held: your answer"))
    member.presses(row.locator("a").first)
    expect(member.page.locator("main")).to_contain_text(member.words("The instrument is maintained then."))
    if script:
        assert member.findings() == []
    member.presses(member.button("Take it"))
    member.page.wait_for_url(f"{house.address}/bookings/*")
    member.presses(member.link("the old booking"))
    assert asked(member) == booked.id
    member.presses(member.link("the new booking"))
    assert asked(member) != booked.id

    member.presses(member.menu("Inbox"))
    expect(member.page.locator(".inbox")).to_contain_text(booked.code)
    page.reload()
    expect(page.locator("main")).to_contain_text(manager.words("took another time"))


@pytest.mark.parametrize(("language", "code"), mainly("zh", [("en", "STY-01"), ("zh", "PSA-01")]))
def test_an_outage_is_reported_and_ended_with_a_phone_in_front_of_the_instrument(
    visit: Visit, house: House, language: str, code: str
) -> None:
    manager = visit("manager", language, viewport=PHONE, has_touch=True)
    page = manager.page
    manager.goes_to(f"/instruments/{code}/here")
    manager.link("Out of order?").tap()
    button = manager.button("Out of service from now on")
    expect(button).to_be_in_viewport()
    assert (button.bounding_box() or {"width": 0})["width"] > PHONE["width"] / 2, "as big as a thumb needs"
    page.locator("[name=note]").fill("No vacuum")
    manager.button("Show whom it hits").tap()
    expect(page.locator("#preview .notice").first).to_be_visible()
    expect(page.locator("[name=note]")).to_have_value("No vacuum")
    assert manager.findings() == []
    assert manager.overflow(PHONE["width"]) == 0
    button.tap()
    manager.is_told("Out of service from now on; who is hit is told.")
    expect(page.locator("main")).to_contain_text("No vacuum")
    assert manager.findings() == []
    member = visit("member", language)
    member.goes_to(f"/instruments/{code}")
    expect(member.page.locator("main .notice.bad")).to_be_visible()
    page.locator("[name=remedy]").fill("New pump")
    manager.button("It works again").tap()
    manager.is_told("It works again; the rest of its time is free.")
    member.page.reload()
    expect(member.page.locator("main .notice.bad")).to_have_count(0)
