"""How people come in: a company registers and is let in, a colleague takes up an invitation; both can book at once."""

from __future__ import annotations

import email
import email.policy
import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from labshare.booking.models import Booking
from labshare.kernel import clock
from labshare.notifications.jobs import deliver
from tests.journeys.conftest import Visit, by_either_hand, mainly
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.journey

PASSWORD = "three quiet words"


def books(member: Visitor, code: str) -> None:
    """Book the first free start of tomorrow on an instrument that needs no approval."""
    member.goes_to(f"/bookings/new?instrument={code}")
    member.presses(member.page.locator(".slots a").last)
    expect(member.page.locator("#verdict .notice.good")).to_be_visible()
    member.writes(member.page.locator("[name=purpose]"), "First light")
    member.presses(member.button("Book this time"))
    member.is_told("Booked: the time is yours.")
    booking_id = int(member.page.url.rsplit("/", 1)[1])
    found = member.house.read(sa.select(Booking.state).where(Booking.id == booking_id))
    assert [row.state for row in found] == ["approved"]


def mailed_link(house: House, address: str) -> str:
    """The link in the letter to this address, once the clockwork has sent what is due."""
    with house.app.app_context():
        deliver(clock.now())
    letters = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in (house.folder / "mail").glob("*.eml")
    ]
    [letter] = [letter for letter in letters if letter["To"] == address]
    text = letter.get_body(("plain",))
    assert text is not None
    found = re.search(rf"{re.escape(house.address)}/join/\S+", text.get_content())
    assert found is not None
    return found[0]


@by_either_hand
def test_a_colleague_is_invited_joins_by_the_mailed_link_and_books(
    visit: Visit, house: House, language: str, hand: str
) -> None:
    address = f"newcomer-{language}-{hand}@demo.labshare.test"
    chief = visit("company-admin", language, hand)
    chief.presses(chief.menu("Company"))
    chief.writes(chief.page.locator("#invite [name=email]"), address)
    chief.presses(chief.button("Invite"))
    chief.is_told("The invitation is on its way to %(email)s.", email=address)
    chief.presses(chief.page.locator("#invite tbody tr").filter(has_text=address).get_by_role("link"))
    shown = chief.page.locator(".secret").inner_text()
    link = mailed_link(house, address)

    newcomer = visit(language=language, hand=hand)
    assert newcomer.goes_to(shown).status == 200  # to hand over where mail does not arrive
    assert newcomer.goes_to(link).status == 200
    assert newcomer.findings() == []
    newcomer.writes(newcomer.page.locator("[name=name]"), "夏禾 Xia He")
    newcomer.writes(newcomer.page.locator("[name=password]"), "short")
    newcomer.page.locator("[name=password]").evaluate("field => field.removeAttribute('minlength')")
    newcomer.presses(newcomer.button("Join"))
    expect(newcomer.page.locator(".error-summary")).to_be_focused()  # the server says what is wrong, and says it first
    newcomer.writes(newcomer.page.locator("[name=password]"), PASSWORD)
    newcomer.presses(newcomer.button("Join"))
    newcomer.is_told("Welcome! You belong to %(company)s now.", company=house.actor("company-admin").company_name)
    books(newcomer, "RAM-01")

    late = visit(language=language)
    assert late.goes_to(link).status == 410  # used up


@pytest.mark.parametrize(
    ("language", "name", "code"),
    mainly("zh", [("en", "Quiet Harbour Coatings", "HRB-2201-9"), ("zh", "静港涂层有限公司", "SG-53010-7")]),
)
def test_a_company_registers_is_let_in_and_books(visit: Visit, language: str, name: str, code: str) -> None:
    founder = visit(language=language)
    founder.goes_to("/sign-in")
    founder.link("Register your company").click()
    page = founder.page
    page.locator("[name=name]").fill(name)
    page.locator("[name=org_id_type]").select_option("foreign")
    page.locator("[name=org_id]").fill(code)
    page.locator("[name=person_name]").fill("江南乔 Jiang Nanqiao")
    page.locator("[name=email]").fill(f"founder-{language}@harbour.test")
    page.locator("[name=password]").fill(PASSWORD)
    founder.button("Register").click()
    founder.is_told("Your company is registered. The laboratory will look at it and tell you by e-mail.")

    founder.goes_to("/bookings/new?instrument=FTI-01")
    page.locator(".slots a").first.click()
    expect(page.locator("#verdict .notice.bad")).to_contain_text(founder.words("The company may not book at present."))

    admin = visit("admin", language)
    admin.menu("Companies").click()
    admin.page.locator("[name=state]").select_option("pending")
    admin.button("Search").click()
    admin.page.locator("tbody").get_by_role("link", name=name).click()
    admin.button("Let the company in").click()
    admin.is_told("The company may book now.")

    books(founder, "FTI-01")
