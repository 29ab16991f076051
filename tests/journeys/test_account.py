"""A company's hours: its admin reads the statement, the laboratory limits an instrument, and waives what is over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit, by_either_hand, mainly
from tests.journeys.house import House
from tests.journeys.test_asking import asked, state
from tests.journeys.visitor import KEYBOARD

pytestmark = pytest.mark.journey
LIMITED = {"en": "RAM-01", "zh": "VNA-01"}


@pytest.mark.parametrize("language", mainly("zh", ["en", "zh"]))
def test_a_company_admin_reads_the_statement_and_a_line_opens_its_booking(visit: Visit, language: str) -> None:
    chief = visit("company-admin", language)
    page = chief.page
    chief.menu("Account").click()
    expect(page.locator(".nav-wide a[aria-current=page]")).to_have_text(chief.words("Account"))
    every = page.locator("#lines tbody tr")
    expect(page.locator(".card .meter").first).to_be_visible()
    code = every.first.locator("td").nth(3).locator(".nowrap").inner_text()
    page.locator("#f-instrument").select_option(code)  # shown at once, with a script
    expect(page).to_have_url(re.compile(f"instrument={code}"))
    expect(every.locator("td:nth-child(4) .nowrap")).to_have_text([code] * every.count())
    assert chief.findings() == []
    every.first.locator("a").click()
    asked(chief)
    expect(page.locator("h1")).to_contain_text(code)


@by_either_hand
def test_an_admin_lowers_an_allowance_a_member_sees_what_is_left_and_a_manager_waives(
    visit: Visit, house: House, language: str, hand: str
) -> None:
    code, purpose = LIMITED[language], f"More than is left {language} {hand}"
    admin = visit("admin", language, hand, java_script_enabled=hand == KEYBOARD)  # the form takes no script
    admin.goes_to(f"/companies/{house.actor('member').company_id}/account")
    admin.presses(admin.link("Set allowances"))
    row = admin.page.locator(".allowance-rows li").filter(has=admin.page.locator("[name^=hours]:not([value])")).first
    admin.chooses(row.locator("select[name^=what]"), f"instrument:{code}")
    admin.chooses(row.locator("select[name^=then]"), "ask")
    admin.writes(row.locator("[name^=hours]"), "nothing")
    admin.presses(admin.button("Set allowances"))
    expect(admin.page.locator(".error-summary")).to_be_visible()
    admin.writes(admin.page.locator("[name^=hours][aria-invalid]"), "0")
    admin.presses(admin.button("Set allowances"))
    admin.is_told("The allowances are set.")

    member = visit("member", language, hand)
    member.goes_to(f"/bookings/new?instrument={code}")
    member.presses(member.link("Day after").first)
    member.presses(member.page.locator(".slots a").first)
    verdict = member.page.locator("#verdict")
    expect(verdict.locator(".notice.wait")).to_be_visible()
    limited = verdict.locator("tbody tr").filter(has_text=member.words("This instrument"))
    expect(limited.locator(".error")).to_be_visible()
    expect(verdict.locator("tbody tr").filter(has_text=member.words("All instruments")).first).to_be_visible()
    assert member.findings() == []
    member.writes(member.page.locator("[name=purpose]"), purpose)
    member.presses(member.page.locator("#ask .form-actions button"))
    booking = asked(member)
    expect(member.page.locator(".page-header")).to_contain_text(member.words("over quota"))

    manager = visit("manager", language, hand)
    manager.presses(manager.menu("Queue"))
    waiting = manager.page.locator(".request").filter(has_text=purpose)
    expect(waiting).to_contain_text(manager.words("over quota"))
    manager.presses(waiting.get_by_role("link", name=manager.words("Look"), exact=True))
    manager.writes(manager.page.locator("#f-reason"), "The last samples of the project.")
    manager.presses(manager.page.locator("[name=waive]"))
    assert manager.findings() == []
    manager.presses(manager.button("Approve"))
    manager.is_told("Approved.")
    assert state(house, booking) == "approved"

    member.presses(member.menu("Account"))
    newest = member.page.locator("#lines tbody tr").first
    expect(newest).to_contain_text("The last samples of the project.")
    expect(newest).to_contain_text(house.actor("manager").name)

    admin.presses(admin.link("Set allowances"))
    selected = admin.page.locator(f"option[value='instrument:{code}'][selected]")
    admin.page.locator(".allowance-rows li").filter(has=selected).locator("[name^=hours]").fill("")
    admin.presses(admin.button("Set allowances"))  # an emptied row goes, and the next journey may book
    admin.is_told("The allowances are set.")
