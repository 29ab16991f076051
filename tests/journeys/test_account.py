"""A company's hours: its admin reads the statement, the laboratory limits an instrument, and waives what is over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit, mainly
from tests.journeys.house import House
from tests.journeys.test_asking import asked, state

pytestmark = pytest.mark.journey


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


@pytest.mark.parametrize(("language", "code"), [("en", "RAM-01"), ("zh", "VNA-01")], ids=["en", "zh"])
def test_an_admin_sets_an_allowance_a_member_sees_what_is_left_and_a_manager_waives(
    visit: Visit, house: House, language: str, code: str
) -> None:
    admin = visit("admin", language, java_script_enabled=language == "zh")  # the form takes no script
    admin.goes_to(f"/companies/{house.actor('member').company_id}/account")
    admin.link("Set allowances").click()
    row = admin.page.locator(".allowance-rows li").filter(has=admin.page.locator("[name^=hours]:not([value])")).first
    row.locator("select[name^=what]").select_option(f"instrument:{code}")
    row.locator("select[name^=then]").select_option("ask")
    row.locator("[name^=hours]").fill("nothing")
    admin.button("Set allowances").click()
    expect(admin.page.locator(".error-summary")).to_be_visible()
    admin.page.locator("[name^=hours][aria-invalid]").fill("0")
    admin.button("Set allowances").click()
    admin.is_told("The allowances are set.")

    member = visit("member", language)
    member.goes_to(f"/bookings/new?instrument={code}")
    member.link("Day after").first.click()
    member.page.locator(".slots a").first.click()
    verdict = member.page.locator("#verdict")
    expect(verdict.locator(".notice.wait")).to_be_visible()
    limited = verdict.locator("tbody tr").filter(has_text=member.words("This instrument"))
    expect(limited.locator(".error")).to_be_visible()
    expect(verdict.locator("tbody tr").filter(has_text=member.words("All instruments")).first).to_be_visible()
    assert member.findings() == []
    member.page.locator("[name=purpose]").fill(f"More than is left {language}")
    member.page.locator("#ask button").click()
    booking = asked(member)
    expect(member.page.locator(".page-header")).to_contain_text(member.words("over quota"))

    manager = visit("manager", language)
    manager.menu("Queue").click()
    waiting = manager.page.locator(".request").filter(has_text=f"More than is left {language}")
    expect(waiting).to_contain_text(manager.words("over quota"))
    waiting.get_by_role("link", name=manager.words("Look"), exact=True).click()
    manager.page.locator("[name=waive]").check()
    manager.page.locator("#f-reason").fill("The last samples of the project.")
    assert manager.findings() == []
    manager.button("Approve").click()
    manager.is_told("Approved.")
    assert state(house, booking) == "approved"

    member.menu("Account").click()
    newest = member.page.locator("#lines tbody tr").first
    expect(newest).to_contain_text("The last samples of the project.")
    expect(newest).to_contain_text(house.actor("manager").name)

    admin.link("Set allowances").click()
    selected = admin.page.locator(f"option[value='instrument:{code}'][selected]")
    admin.page.locator(".allowance-rows li").filter(has=selected).locator("[name^=hours]").fill("")
    admin.button("Set allowances").click()  # an emptied row goes, and the next journey may book
    admin.is_told("The allowances are set.")
