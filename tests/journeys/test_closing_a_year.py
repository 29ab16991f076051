"""A year is issued, a company objects and is answered, and the year is closed for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from labshare.kernel import clock
from labshare.usage.models import UsageYear
from labshare.web.i18n import LOCAL
from tests.journeys.conftest import Visit, by_either_hand
from tests.journeys.house import House

pytestmark = pytest.mark.journey


@by_either_hand
def test_a_year_is_issued_objected_to_and_closed(visit: Visit, own_house: House, language: str, hand: str) -> None:
    house, year = own_house, clock.now().astimezone(LOCAL).year - 1
    admin = visit("admin", language, hand, to=house)
    of_year = admin.page.locator(f"#year-{year}")
    admin.presses(admin.menu("Usage"))
    admin.presses(admin.page.locator(".subnav").get_by_role("link", name=admin.words("Years"), exact=True))
    admin.writes(of_year.locator("[name=days]"), "1")
    admin.presses(of_year.get_by_role("button", name=admin.words("Issue"), exact=True))
    admin.is_told("Issued; the companies are told.")
    expect(of_year).to_contain_text(admin.words("What stands in the way of closing it:"))
    assert admin.findings() == []

    chief = visit("company-admin", language, hand, to=house)
    chief.presses(chief.menu("Usage"))
    chief.goes_to(f"/usage/years/{year}/objections")
    chief.writes(chief.page.locator("[name=text]"), "We were there in December, and it says nothing of it.")
    chief.presses(chief.button("Object to the figures"))
    chief.is_told("The laboratory is told what you say.")
    assert chief.findings() == []

    house.run("deliver")
    admin.presses(admin.menu("Inbox"))
    admin.presses(admin.page.locator(f".inbox li.unread a[href*='/usage/years/{year}/objections']").first)
    assert admin.findings() == []
    admin.writes(admin.page.locator("[name=answer]"), "The record of December is entered now.")
    admin.presses(admin.button("Reply"))
    admin.is_told("Answered; the company is told.")
    chief.page.reload()
    expect(chief.page.locator("#rows")).to_contain_text("The record of December is entered now.")

    with house.at(clock.now() + timedelta(days=2)):
        admin.signs_in("admin")
        admin.presses(admin.menu("Usage"))
        admin.presses(admin.page.locator(".subnav").get_by_role("link", name=admin.words("Years"), exact=True))
        expect(of_year).not_to_contain_text(admin.words("What stands in the way of closing it:"))
        admin.confirms("Close the year")
        admin.is_told("Closed; the year's figures do not change any more.")
        assert admin.findings() == []
        digest = house.read(sa.select(UsageYear.digest).where(UsageYear.year == year))[0].digest
        expect(of_year.locator("code")).to_have_text(digest)

        chief.signs_in("company-admin")
        chief.goes_to(f"/usage/years/{year}/objections")
        expect(chief.page.locator("main .badge.good").first).to_have_text(chief.words("Closed"))
        expect(chief.page.locator("[name=text]")).to_have_count(0)
