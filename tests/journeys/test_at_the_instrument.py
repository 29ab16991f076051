"""In front of the instrument, with a phone: scan, sign in, check in, check out; a rival reads the hour and no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from labshare.booking.events import BookingApproved, BookingRequested
from labshare.booking.models import Booking, UsageRecord
from labshare.instruments.models import Claim, Instrument
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, transaction
from labshare.kernel.journal import publish
from tests.journeys.conftest import Visit
from tests.journeys.house import House
from tests.journeys.visitor import PASSWORD

pytestmark = pytest.mark.journey
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True}


def begins_now(house: House, code: str) -> int:
    """An approved booking of the member's that began a minute ago, and nobody else's around it."""
    member, now = house.actor("member"), clock.now()
    slot = {"starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(minutes=90)}
    with house.app.app_context():
        with transaction() as tx:
            instrument = tx.execute(sa.select(Instrument.id).where(Instrument.code == code)).scalar_one()
            whose: dict[str, Any] = {"instrument_id": instrument, "company_id": member.company_id}
            row = {"state": "approved", "version": 2, "person_id": member.person_id, "purpose": "On the spot"}
            made = sa.insert(Booking).values(**whose, **slot, **row, channel=1, created_at=slot["starts_at"])
            number = tx.execute(made.returning(Booking.id)).scalar_one()
            others = sa.delete(Claim).where(
                Claim.instrument_id == instrument, Claim.ends_at > slot["starts_at"], Claim.starts_at < slot["ends_at"]
            )
            tx.execute(others)
            claim = {"instrument_id": instrument, "channel": 1, "kind": "booking", "owner_id": number}
            tx.execute(sa.insert(Claim).values(**claim, **slot))
            fact = {"object_id": number, **whose, **slot}
            publish(tx, SYSTEM, BookingRequested(**fact, version=1, person_id=member.person_id or 0), slot["starts_at"])
            publish(tx, SYSTEM, BookingApproved(**fact, version=2), slot["starts_at"])
        db.session.remove()
    return int(number)


@pytest.mark.parametrize(("language", "code"), [("en", "UVV-01"), ("zh", "PSA-01")])
def test_scanning_the_code_leads_to_one_big_button(visit: Visit, house: House, language: str, code: str) -> None:
    number = begins_now(house, code)
    member = visit(None, language, **PHONE)
    page, here = member.page, f"/instruments/{code}/here"
    page.goto(here)
    page.locator("[name=email]").fill(house.email("member"))
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    expect(page).to_have_url(house.address + here)
    button = member.button("Check in")
    box = button.bounding_box()
    assert box is not None
    assert box["width"] > 250
    assert member.findings() == []
    button.click()
    member.is_told("Checked in: the instrument is yours.")
    page.locator("[name=samples]").fill("3")
    page.locator("[name=problem]").fill("It hums")
    assert member.findings() == []
    rival = visit("rival", language, **PHONE)
    rival.goes_to(here)
    expect(rival.page.locator("main")).to_contain_text(rival.words("In use until %(time)s", time="")[:4].strip())
    expect(rival.page.locator("main")).not_to_contain_text(house.actor("member").company_name)
    member.button("Check out").click()
    expect(page).to_have_url(house.address + here)
    expect(member.button("Check out")).to_have_count(0)
    kept = house.read(sa.select(UsageRecord.samples, UsageRecord.problem).where(UsageRecord.booking_id == number))
    assert [tuple(one) for one in kept] == [(3, "It hums")]
