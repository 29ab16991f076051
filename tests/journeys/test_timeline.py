"""The timeline by mouse, by keyboard and by finger: over free time to ask, a booking to move it, refused in place."""

from __future__ import annotations

import itertools
import re
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, expect

from labshare.booking.models import Booking
from labshare.kernel import clock
from labshare.web.i18n import LOCAL
from tests.journeys.conftest import Visit, mainly
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.journey
_weeks = itertools.product(("TEM-01", "FIB-01", "XPS-01"), range(2, 7))  # each journey has a week to itself


def comes(visit: Visit, language: str = "en", **context: object) -> tuple[Visitor, date]:
    """A member in front of a week that is not yet begun, and its Monday."""
    member = visit("member", language, **context)
    today, (code, week) = clock.now().astimezone(LOCAL).date(), next(_weeks)
    monday = today - timedelta(days=today.weekday()) + week * timedelta(days=7)
    member.goes_to(f"/instruments/{code}/week?day={monday}")
    expect(member.page.locator("table.tl.placed")).to_be_visible()
    return member, monday


def lane(member: Visitor, day: date) -> Locator:
    return member.page.locator(f"tr[data-day='{day}'] .tl-lane")


def spot(member: Visitor, day: date, hour: float) -> tuple[float, float]:
    """Where on the screen this hour of the day is."""
    row = lane(member, day)
    row.scroll_into_view_if_needed()
    table = member.page.locator("table.tl")
    first, last = (float(table.get_attribute(name) or 0) / 60 for name in ("data-from", "data-to"))
    box = row.bounding_box()
    assert box is not None
    return box["x"] + box["width"] * (hour - first) / (last - first), box["y"] + box["height"] / 2


def drags(member: Visitor, start: tuple[date, float], end: tuple[date, float]) -> None:
    mouse = member.page.mouse
    mouse.move(*spot(member, *start))
    mouse.down()
    mouse.move(*spot(member, *end), steps=5)
    mouse.up()


def free_day(member: Visitor, monday: date) -> date:
    """A day of the week on which nothing is taken."""
    for day in (monday + timedelta(days=number) for number in range(5)):
        if not lane(member, day).locator(".tl-claim:not(.closed)").count():
            return day
    raise AssertionError("the demo laboratory is full that week")


def asks(member: Visitor, day: date, start: float = 10, end: float = 12) -> Locator:
    """Ask for time by dragging over it, and go back to the week; the booking there."""
    address = member.page.url
    drags(member, (day, start + 0.1), (day, end - 0.1))
    expect(member.page).to_have_url(re.compile(r"/bookings/new\?"))
    member.page.locator("[name=purpose]").fill("Dragged")
    member.button("Ask for this time").click()
    expect(member.page).to_have_url(re.compile(r"/bookings/\d+$"))
    number = member.page.url.rsplit("/", 1)[1]
    member.goes_to(address)
    claim = member.page.locator(f"a.tl-claim[href='/bookings/{number}']")
    expect(claim).to_be_visible()
    return claim


def times(house: House, claim: Locator) -> str:
    """When the booking is, as the database has it."""
    number = int((claim.get_attribute("href") or "").rsplit("/", 1)[1])
    row = house.read(sa.select(Booking.starts_at, Booking.ends_at).where(Booking.id == number))[0]
    return f"{row.starts_at.astimezone(LOCAL):%Y-%m-%d %H:%M}–{row.ends_at.astimezone(LOCAL):%H:%M}"


@pytest.mark.parametrize("language", mainly("en", ["en", "zh"]))
def test_dragging_over_free_time_fills_the_form_and_says_at_once_what_comes_of_it(visit: Visit, language: str) -> None:
    member, monday = comes(visit, language)
    day = free_day(member, monday)
    drags(member, (day, 10.1), (day, 11.9))
    expect(member.page).to_have_url(re.compile(r"/bookings/new\?"))
    said = parse_qs(urlsplit(member.page.url).query)
    assert (said["starts_at"], said["ends_at"]) == ([f"{day}T10:00"], [f"{day}T12:00"])
    expect(member.page.locator("#verdict .notice.good")).to_contain_text(member.words("This can be had."))


def test_a_booking_is_dragged_to_another_day_and_taken_back(visit: Visit, house: House) -> None:
    member, monday = comes(visit)
    day = free_day(member, monday)
    claim = asks(member, day)
    other = monday + timedelta(days=5)
    drags(member, (day, 11), (other, 13))
    word = member.page.locator("#tl-word")
    expect(word).to_contain_text("Moved: 12:00–14:00")
    assert times(house, claim) == f"{other} 12:00–14:00"
    expect(lane(member, other).locator(f"a[href='{claim.get_attribute('href')}']")).to_be_focused()
    word.get_by_role("button", name="Undo").click()
    expect(word).to_contain_text("Moved: 10:00–12:00")
    assert times(house, claim) == f"{day} 10:00–12:00"


def test_the_end_of_a_booking_is_dragged_to_make_it_longer(visit: Visit, house: House) -> None:
    member, monday = comes(visit)
    day = free_day(member, monday)
    claim = asks(member, day)
    drags(member, (day, 11.98), (day, 13))
    expect(member.page.locator("#tl-word")).to_contain_text("Moved: 10:00–13:00")
    assert times(house, claim) == f"{day} 10:00–13:00"


def test_a_refused_move_goes_back_in_place_and_says_why_and_what_is_free(visit: Visit, house: House) -> None:
    member, monday = comes(visit)
    day = free_day(member, monday)
    claim = asks(member, day)
    asks(member, day, 14, 16)
    member.page.evaluate("window.same = true")
    drags(member, (day, 11), (day, 14))
    word = member.page.locator("#tl-word")
    expect(word).to_contain_text("this time")
    expect(word.locator(".alternatives a").first).to_be_visible()
    expect(claim).to_have_attribute("data-at", f"{day}T10:00")
    assert claim.evaluate("claim => claim.style.getPropertyValue('--s')") != ""
    assert times(house, claim) == f"{day} 10:00–12:00"
    assert member.page.evaluate("window.same"), "the page was not loaded anew"
    assert member.findings() == []


def test_what_was_approved_is_moved_only_after_a_question(visit: Visit, house: House) -> None:
    member, monday = comes(visit)
    day = free_day(member, monday)
    claim = asks(member, day)
    manager = visit("manager")
    manager.goes_to(claim.get_attribute("href") or "")
    manager.button("Approve").click()
    member.page.reload()
    expect(claim).to_have_class(re.compile("own"))
    drags(member, (day, 11), (day, 12))
    word = member.page.locator("#tl-word")
    expect(word).to_contain_text("The laboratory must say yes again.")
    word.get_by_role("button", name="Leave it").click()
    assert times(house, claim) == f"{day} 10:00–12:00"
    drags(member, (day, 11), (day, 12))
    word.get_by_role("button", name="Move it").click()
    expect(word).to_contain_text("Moved: 11:00–13:00")
    expect(claim).to_have_class(re.compile("waiting"))


def test_it_is_walked_and_moved_by_keyboard_with_one_stop_for_tab(visit: Visit, house: House) -> None:
    member, monday = comes(visit)
    day = free_day(member, monday)
    claim = asks(member, day)
    page, press = member.page, member.page.keyboard.press
    assert page.locator("table.tl tbody a[tabindex='0']").count() == 1
    member.tabs_to(page.locator("table.tl tbody a[tabindex='0']"))
    for _ in range(40):
        if claim.evaluate("claim => claim === document.activeElement"):
            break
        press("ArrowRight" if lane(member, day).locator("xpath=..").locator("a:focus").count() else "ArrowDown")
    expect(claim).to_be_focused()
    press("Alt+.")
    press("Alt+Shift+.")
    expect(page.locator("#tl-word")).not_to_be_empty()
    press("Escape")
    expect(claim).to_be_focused()
    assert times(house, claim) == f"{day} 10:00–12:00"
    press("Alt+,")
    press("Enter")
    expect(page.locator("#tl-word")).to_contain_text("Moved:")
    assert times(house, claim) < f"{day} 10:00"
    expect(claim).to_be_focused()
    press("Enter")
    expect(page).to_have_url(re.compile(r"/bookings/\d+$"))


def test_a_finger_that_rests_moves_a_booking_and_one_that_wipes_scrolls(visit: Visit, house: House) -> None:
    member, monday = comes(visit, viewport={"width": 1024, "height": 900}, has_touch=True)
    day = free_day(member, monday)
    claim = asks(member, day)
    finger = member.context.new_cdp_session(member.page)

    def touches(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def wipes(rest: int) -> None:
        (x, y), (to, _) = spot(member, day, 11), spot(member, day, 12)
        touches("touchStart", x, y)
        member.page.wait_for_timeout(rest)
        for part in range(1, 6):
            touches("touchMove", x + (to - x) * part / 5, y)
        touches("touchEnd")

    wipes(rest=0)
    assert times(house, claim) == f"{day} 10:00–12:00"
    wipes(rest=500)
    expect(member.page.locator("#tl-word")).to_contain_text("Moved: 11:00–13:00")
    assert times(house, claim) == f"{day} 11:00–13:00"


def test_a_table_wider_than_the_screen_comes_along_at_its_border(visit: Visit) -> None:
    member, monday = comes(visit, viewport={"width": 760, "height": 900})
    scroller = member.page.locator(".scroller")
    assert scroller.evaluate("one => one.scrollWidth > one.clientWidth")
    day = free_day(member, monday)
    x, y = spot(member, day, 10)
    border = scroller.evaluate("one => one.getBoundingClientRect().right") - 10
    member.page.mouse.move(x, y)
    member.page.mouse.down()
    member.page.mouse.move(border, y, steps=5)
    member.page.wait_for_timeout(300)
    assert scroller.evaluate("one => one.scrollLeft") > 0
    member.page.keyboard.press("Escape")
    member.page.mouse.up()
    expect(member.page.locator(".picked")).to_have_count(0)
    expect(member.page).to_have_url(re.compile("/week"))


def test_an_open_page_shows_what_somebody_else_did(visit: Visit) -> None:
    member, monday = comes(visit)
    day = free_day(member, monday)
    rival = visit("rival")
    rival.goes_to(member.page.url)
    asks(rival, day)
    expect(lane(member, day).locator(".busy")).to_have_count(0)
    member.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # somebody comes back to it
    expect(lane(member, day).locator(".busy")).to_have_count(1)
