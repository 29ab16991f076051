"""Who sits at the desks of the laboratory to measure, and what lies ahead there: the same, however full the past is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from _laboratory import COMPANIES, LENGTH, ZONE, Laboratory
from flask.testing import FlaskClient

from labshare.booking import services as booking
from labshare.booking.models import Booking
from labshare.booking.services.asking import Draft
from labshare.instruments.models import Claim, Instrument
from labshare.kernel import clock
from labshare.kernel.actor import ADMIN, COMPANY_ADMIN, LAB_MANAGER
from labshare.kernel.db import db, look_around, transaction
from labshare.kernel.db.notes import blanks
from labshare.kernel.slots import Slot
from labshare.people import access
from labshare.people.models import Person, RoleGrant, SignIn

COMPANY = 2  # the one with most bookings; its member is the person of the same number
MEMBER, CHIEF, MANAGER, BOSS = COMPANY, COMPANIES + 11, COMPANIES + 12, COMPANIES + 13
STAFF: dict[int, dict[str, Any]] = {  # who has no company's member's account from the beginning
    CHIEF: {"role": COMPANY_ADMIN},
    MANAGER: {"role": LAB_MANAGER, "site_id": 1},
    BOSS: {"role": ADMIN},
}
ASKED, PERIODS = 200, 20  # requests of the coming days; bookings of an instrument in one crowded day


def people_come(lab: Laboratory) -> None:
    """A company's admin, a lab manager and an admin."""
    now = clock.now()
    with lab.app.app_context(), transaction() as tx:
        for number, role in STAFF.items():
            company = COMPANY if number == CHIEF else None
            named = {"email": f"desk{number}@bench.labshare.test", "name": f"Desk {number}", "company_id": company}
            tx.execute(sa.insert(Person).values(id=number, created_at=now, **named))
            tx.execute(sa.insert(RoleGrant).values(person_id=number, **role))


def browser(lab: Laboratory, person: int) -> FlaskClient:
    """A browser in which this person is signed in."""
    secret, now = access.new_secret(), datetime.now(UTC)
    row = {"person_id": person, "secret_hash": access.hashed(secret), "agent": "bench", "created_at": now}
    with lab.app.app_context(), transaction() as tx:
        tx.execute(sa.insert(SignIn).values(expires_at=now + timedelta(days=1), **row))
    client = lab.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = secret, True
        session.permanent = True
    return client


def cookie(client: FlaskClient) -> str:
    """What this browser says to be known again: `name=value`."""
    name = client.application.config["SESSION_COOKIE_NAME"]
    kept = client.get_cookie(name)
    assert kept is not None
    return f"{name}={kept.value}"


def ask_ahead(lab: Laboratory) -> None:
    """Requests of many companies in the coming days; half of the instruments need an answer to them."""
    with lab.app.app_context():
        with transaction() as tx:
            tx.execute(sa.update(Instrument).where(Instrument.id % 2 == 0).values(approval=False))
        for number in range(ASKED):
            who = access.by_id(number % COMPANIES + 1)
            days, instrument = divmod(number, len(lab.codes))
            start = lab.midnight + timedelta(days=2 + days, hours=2)
            booking.request(who, Draft(lab.codes[instrument], Slot(start, start + LENGTH), "Fracture surfaces"))
        db.session.remove()
        look_around()
        db.session.remove()


def crowd(lab: Laboratory) -> datetime:
    """A day on which every instrument is taken twenty times, for an hour each; its midnight."""
    today = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    first, every = (today + timedelta(days=2)).astimezone(UTC), timedelta(days=1) / PERIODS
    plain = {**blanks(Booking.__table__), "state": "approved", "version": 2, "purpose": "Fracture surfaces"}
    bookings, claims = [], []
    for number in range(len(lab.codes) * PERIODS):
        instrument, period = divmod(number, PERIODS)
        start = first + period * every
        slot = {"instrument_id": instrument + 1, "starts_at": start, "ends_at": start + timedelta(hours=1)}
        company = number % COMPANIES + 1
        whose = {"company_id": company, "person_id": company, "created_at": first - timedelta(days=9)}
        bookings.append({**plain, "id": number + 1, **slot, **whose})
        claims.append({**slot, "channel": 1, "kind": "booking", "owner_id": number + 1})
    with lab.app.app_context():
        with transaction() as tx:
            tx.execute(sa.insert(Booking), bookings)
            tx.execute(sa.insert(Claim), claims)
        db.session.remove()
    return first.astimezone(ZONE)
