"""The main job: a company asks for time, the laboratory answers, and a rival learns nothing of it."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from labshare.booking.models import Booking
from labshare.instruments.models import Instrument
from labshare.kernel import clock
from labshare.web.i18n import LOCAL
from tests.journeys.conftest import Visit, mainly
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.journey


def asked(visitor: Visitor) -> int:
    """The booking whose page the visitor has come to."""
    expect(visitor.page).to_have_url(re.compile(r"/bookings/\d+$"))
    return int(visitor.page.url.rsplit("/", 1)[1])


def state(house: House, booking_id: int) -> str:
    return str(house.read(sa.select(Booking.state).where(Booking.id == booking_id))[0].state)


def finds(member: Visitor, typed: str, code: str) -> None:
    """Find an instrument by typing some of its name; nothing is pressed."""
    page = member.page
    member.menu("Instruments").click()
    expect(page.locator("#listing tbody tr")).not_to_have_count(1)
    page.locator("#f-q").press_sequentially(typed)
    expect(page.locator("#listing tbody tr")).to_have_count(1)
    expect(page.locator("#listing tbody")).to_contain_text(code)
    page.locator("#listing tbody th a").click()


def picks_a_free_start(member: Visitor) -> None:
    """From the instrument's page by next week's Wednesday to the first start in working hours that is free there."""
    member.link("Week").click()
    expect(member.page.locator("table.tl.placed")).to_be_visible()
    member.link("After").click()
    member.page.locator("table.tl tbody tr").nth(2).locator("th a").click()
    member.page.locator(".slots a").filter(has_text=re.compile("^(09|1)")).first.click()


@pytest.mark.parametrize(
    ("language", "typed", "code", "purpose"),
    [("en", "ion beam", "FIB-01", "Cross-sections of a via chain"), ("zh", "透射电子", "TEM-01", "界面层的高分辨像")],
    ids=["en", "zh"],
)
def test_a_member_asks_the_manager_says_yes_and_a_rival_sees_only_that_it_is_busy(
    visit: Visit, house: House, language: str, typed: str, code: str, purpose: str
) -> None:
    member = visit("member", language)
    finds(member, typed, code)
    picks_a_free_start(member)
    expect(member.page.locator("#verdict .notice.good")).to_contain_text(member.words("This can be had."))
    when = parse_qs(urlsplit(member.page.url).query)["starts_at"][0]
    member.page.locator("[name=purpose]").fill(purpose)
    member.button("Ask for this time").click()
    booking = asked(member)
    member.is_told("Asked: the time is held for you until it is answered.")
    expect(member.page.locator(".page-header .badge.wait")).to_have_text(member.words("waiting for an answer"))

    manager = visit("manager", language)
    manager.menu("Queue").click()
    row = manager.page.locator(".request").filter(has_text=purpose)
    expect(row).to_contain_text(house.actor("member").company_name)
    row.get_by_role("button", name=manager.words("Approve"), exact=True).click()
    manager.is_told("Approved.")
    expect(manager.page.locator(".request").filter(has_text=purpose)).to_have_count(0)
    assert state(house, booking) == "approved"

    house.run("deliver")
    member.menu("Inbox").click()
    news = member.page.locator(".inbox li.unread").filter(has=member.page.locator(f"a[href='/bookings/{booking}']"))
    expect(news).to_contain_text(house.actor("manager").name)
    news.locator("a").click()
    expect(member.page.locator(".page-header .badge.good")).to_have_text(member.words("approved"))

    _sees_only_busy(visit("rival", language), house, code, booking, when, purpose)


def _sees_only_busy(rival: Visitor, house: House, code: str, booking: int, when: str, purpose: str) -> None:
    day, hour = when.split("T")
    held = rival.page.locator(f".tl-claim.busy[title^='{_held_from(house, booking)}']")
    rows = rival.page.locator("tbody tr")
    for path, shown in (
        (f"/instruments/{code}/week?day={day}", rows.nth(2).filter(has=held)),
        (f"/timeline?day={day}", rows.filter(has_text=code).filter(has=held)),
        (
            f"/timeline?day={day}&span=week",
            rows.filter(has_text=code).locator("td").nth(2).get_by_text(re.compile(r"\d")),
        ),
    ):
        rival.goes_to(path)
        expect(shown).to_be_visible()
        _says_nothing_of_it(rival, house, booking, purpose)
    rival.goes_to(f"/bookings/new?instrument={code}&day={day}")
    expect(rival.page.locator("#ask")).to_be_visible()
    expect(rival.page.locator(".slots a").get_by_text(hour, exact=True)).to_have_count(0)
    _says_nothing_of_it(rival, house, booking, purpose)
    assert rival.goes_to(f"/bookings/{booking}").status == 404
    _says_nothing_of_it(rival, house, booking, purpose)


def _held_from(house: House, booking: int) -> str:
    claim = house.table("claim")
    held = house.read(sa.select(claim.c.starts_at).where(claim.c.owner_id == booking, claim.c.kind == "booking"))
    return f"{held[0].starts_at.astimezone(LOCAL):%H:%M}–"


def _says_nothing_of_it(rival: Visitor, house: House, booking: int, purpose: str) -> None:
    member, source = house.actor("member"), rival.page.content()
    names = house.read(
        sa.select(house.table("company").c.name_en).where(house.table("company").c.id == member.company_id)
    )
    for secret in (
        member.company_name,
        names[0].name_en,
        member.name,
        member.email,
        purpose,
        f'href="/bookings/{booking}"',
    ):
        assert secret not in source, f"a rival's page at {rival.page.url} says {secret}"


@pytest.mark.parametrize("language", mainly("zh", ["en", "zh"]))
def test_asking_takes_no_mouse(visit: Visit, house: House, language: str) -> None:
    member = visit("member", language)
    page = member.page
    member.tabs_to(member.menu("Instruments"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/instruments")
    member.tabs_to(page.locator("#f-q"))
    page.keyboard.type("XRD-02")
    expect(page.locator("#listing tbody tr")).to_have_count(1)
    member.tabs_to(page.locator("#listing tbody th a"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/instruments/XRD-02")
    member.tabs_to(member.link("Ask for time"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/bookings/new?instrument=XRD-02")
    member.tabs_to(member.link("Day after").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/bookings/new?*day=*")
    member.tabs_to(page.locator(".slots a").first)
    page.keyboard.press("Enter")
    expect(page.locator("#verdict .notice.good")).to_be_visible()
    member.tabs_to(page.locator("[name=purpose]"))
    page.keyboard.type("Pole figures")
    member.tabs_to(member.button("Ask for this time"))
    page.keyboard.press("Enter")
    assert state(house, asked(member)) == "requested"


@pytest.mark.parametrize(("language", "purpose"), mainly("en", [("en", "Depth profile"), ("zh", "深度剖析")]))
def test_asking_and_answering_take_no_javascript(visit: Visit, house: House, language: str, purpose: str) -> None:
    member = visit("member", language, java_script_enabled=False)
    page = member.page
    member.menu("Instruments").click()
    page.locator("#f-q").fill("SIM-01")
    member.button("Search").click()
    page.locator("#listing tbody th a").click()
    member.link("Week").click()
    member.link("After").click()
    page.locator("table.tl tbody tr").nth(2).locator("th a").click()
    page.locator(".slots a").first.click()
    page.locator("[name=purpose]").fill(purpose)
    member.button("Ask for this time").click()
    booking = asked(member)
    member.is_told("Asked: the time is held for you until it is answered.")

    manager = visit("manager", language, java_script_enabled=False)
    manager.menu("Queue").click()
    row = manager.page.locator(".request").filter(has_text=purpose)
    row.get_by_role("link", name=manager.words("Look"), exact=True).click()
    manager.page.locator("#f-reason").fill("Bring the samples a day early.")
    manager.button("Approve").click()
    manager.is_told("Approved.")
    assert state(house, booking) == "approved"

    page.reload()
    expect(page.locator("main")).to_contain_text("Bring the samples a day early.")
    page.locator(".confirm summary").click()
    page.locator(".confirm").get_by_role("button").click()
    member.is_told("Cancelled; the time is free again.")
    assert state(house, booking) == "cancelled"


@pytest.mark.parametrize("language", mainly("en", ["en", "zh"]))
def test_a_taken_slot_is_refused_with_reasons_and_what_is_free_instead(
    visit: Visit, house: House, language: str
) -> None:
    code, start, end = _taken(house)
    member = visit("member", language)
    page = member.page
    member.goes_to(f"/bookings/new?instrument={code}")
    page.locator("[name=purpose]").fill("Two samples of last week")
    page.locator("[name=starts_at]").fill(start)
    page.locator("[name=ends_at]").fill(end)
    page.locator("[name=ends_at]").blur()
    taken = member.words("Somebody else holds this time, warm-up and cool-down included.")
    expect(page.locator("#verdict .notice.bad")).to_contain_text(taken)  # said before anything is asked
    expect(page.locator("#verdict .alternatives button").first).to_be_visible()

    member.button(ASK[code]).click()  # and refused by the same words when asked all the same
    expect(page).to_have_url(re.compile(r"/bookings$"))
    expect(page.locator("#verdict .notice.bad")).to_contain_text(taken)
    expect(page.locator("[name=purpose]")).to_have_value("Two samples of last week")
    assert member.findings() == []
    other = page.locator("#verdict .alternatives button").first
    _code, starts_at, ends_at = (other.get_attribute("value") or "").split()
    other.click()
    expect(page.locator("[name=starts_at]")).to_have_value(starts_at)
    expect(page.locator("[name=ends_at]")).to_have_value(ends_at)
    expect(page.locator("#verdict .notice.good")).to_be_visible()
    expect(page.locator("[name=purpose]")).to_have_value("Two samples of last week")
    member.button(ASK[code]).click()
    assert state(house, asked(member)) == "approved"


ASK = {"SEM-02": "Book this time", "PSA-01": "Book this time"}


def _taken(house: House) -> tuple[str, str, str]:
    """A slot of the rival's, days ahead, on an instrument that needs no approval; as a form's fields say it."""
    rival = house.actor("rival").company_id
    mine = sa.select(Instrument.code, Booking.starts_at, Booking.ends_at).join_from(
        Booking, Instrument, Booking.instrument_id == Instrument.id
    )
    soon = clock.now() + timedelta(days=1, hours=1)
    wanted = mine.where(
        Booking.company_id == rival, Booking.state == "approved", Instrument.code.in_(ASK), Booking.starts_at > soon
    )
    one = house.read(wanted.order_by(Booking.starts_at))[0]
    start, end = (moment.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M") for moment in (one.starts_at, one.ends_at))
    return one.code, start, end
