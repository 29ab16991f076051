"""What the tests of the waiting list share: more companies, and short words for what is the case."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from labshare.booking import queries
from labshare.booking import services as booking
from labshare.booking.jobs.waitlist import offer_freed_time
from labshare.booking.models import Booking, Restriction, WaitlistEntry
from labshare.booking.queries import Seen
from labshare.booking.services.asking import Draft
from labshare.booking.waitlist import Wait
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import rows, transaction
from labshare.kernel.slots import Slot
from labshare.people import access
from labshare.people.models import Company, Person, RoleGrant
from labshare.quotas.allowances import open_account
from tests.cast import EMAIL, LONG_AGO, Cast


def joins(cast: Cast, name: str, role: str = "member") -> Actor:
    """One more company of this name, with one person of it who is called the same."""
    with transaction() as tx:
        about = {"name": name.title(), "org_id": name.upper(), "state": "active", "created_at": LONG_AGO}
        company = tx.execute(sa.insert(Company).values(about).returning(Company.id)).scalar_one()
        open_account(tx, company, clock.now())
        who = {"email": EMAIL.format(name), "name": name.title(), "company_id": company, "created_at": LONG_AGO}
        person = tx.execute(sa.insert(Person).values(who).returning(Person.id)).scalar_one()
        tx.execute(sa.insert(RoleGrant).values(person_id=person, role=role))
        cast._tell(tx)
    cast.companies[name], cast.people[name] = company, person
    found = access.by_id(person)
    assert found is not None
    return found


def restrict(cast: Cast, company_id: int, until: Any) -> None:
    """Nobody of the company may ask for time until then."""
    with transaction() as tx:
        values = {"company_id": company_id, "points": 9, "starts_at": LONG_AGO, "ends_at": until}
        tx.execute(sa.insert(Restriction).values(values))
        cast._tell(tx)


def wait_for(who: Actor, slot: Slot, code: str = "SEM-01", **more: Any) -> Wait:
    return booking.join(who, Draft(code, slot, "Fracture surfaces", **more))


def asked(now: Any) -> list[str]:
    """Run the job; the names of those for whom time is held then, by the bookings' numbers."""
    offer_freed_time(now)
    return holders("offered")


def holders(*states: str) -> list[str]:
    held = sa.select(Company.name).join(Booking, Booking.company_id == Company.id).where(Booking.state.in_(states))
    return [name for (name,) in rows(held.order_by(Booking.id))]


def states() -> dict[str, str]:
    """How everybody's wait stands, by the company's name."""
    found = sa.select(Company.name, WaitlistEntry.state).join(Company, Company.id == WaitlistEntry.company_id)
    return {row.name: row.state for row in rows(found)}


def held_for(entry: Wait) -> Seen:
    """The booking that holds the time for them."""
    [(number,)] = rows(sa.select(Booking.id).where(Booking.waitlist_id == entry.id))
    return queries.seen(SYSTEM, number)
