"""Thirty bookings of twelve companies on three instruments, in the time that maintenance is to take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from labshare.booking import services
from labshare.booking.jobs.offering import make_offers
from labshare.booking.services.asking import Draft
from labshare.instruments.events import InstrumentAdded
from labshare.instruments.models import Instrument
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import transaction
from labshare.kernel.journal import publish
from labshare.kernel.slots import Slot
from labshare.maintenance import services as maintenance
from labshare.maintenance.selection import Wanted
from labshare.people import access
from labshare.people.events import CompanyChanged
from labshare.people.models import Company, Person, RoleGrant
from labshare.quotas import services as quotas
from labshare.quotas.allowances import open_account
from labshare.quotas.models import ASK, REFUSE
from labshare.quotas.rules import Terms
from tests.cast import LONG_AGO, Cast, password_hash

HOUR = timedelta(hours=1)
COMPANIES, BOOKINGS = 12, 30
CODES = ("CROWD-A", "CROWD-B", "CROWD-C")
_INSTRUMENTS: tuple[dict[str, Any], ...] = (
    {"warmup_minutes": 15},
    {"approval": True, "cooldown_minutes": 30},
    {"channels": 2},
)


class Crowd:
    """Everybody who has a booking, and when; `offered` holds another time for one that was displaced before."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.now = cast, clock.now()
        self.begins = self.now.replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
        self.people = [cast.mei, cast.bo, *(self._joins(number) for number in range(COMPANIES - 2))]
        for number, values in enumerate(_INSTRUMENTS):
            self._instrument(CODES[number], values)
        for company, then in ((0, REFUSE), (3, ASK)):  # the second has room for the first of its bookings only
            terms = [Terms("all", None, "year", 60 if then == ASK else 6000, then)]
            quotas.set_allowances(cast.ada, self.company(company), terms)
        self.offered = self._displaced_before()
        self.bookings = [self._books(number) for number in range(BOOKINGS)]

    @property
    def slot(self) -> Slot:
        """All of it, and the time that is held for whoever was displaced before."""
        return Slot(self.begins - 5 * HOUR, self.begins + 20 * HOUR)

    def plan(self, **more: Any) -> maintenance.Draft:
        """Maintenance of all three instruments over everything."""
        return maintenance.Draft(Wanted(CODES), self.slot, "preventive", "All of it", **more)

    def company(self, number: int) -> int:
        found = self.people[number].company_id
        assert found is not None
        return found

    def _joins(self, number: int) -> Actor:
        """One more company, with one who books for it."""
        with transaction() as tx:
            about = {"name": f"Company {number:02}", "org_id": f"CROWD{number:02}", "state": "active"}
            new = insert(Company).values(**about, created_at=LONG_AGO).returning(Company.id)
            company = tx.execute(new).scalar_one()
            open_account(tx, company, self.now)
            who = {"email": f"crowd-{number}@cast.labshare.test", "name": f"Person {number:02}"}
            values = {**who, "password_hash": password_hash(), "company_id": company, "created_at": LONG_AGO}
            person = tx.execute(insert(Person).values(values).returning(Person.id)).scalar_one()
            tx.execute(insert(RoleGrant).values(person_id=person, role="member"))
            said: dict[str, Any] = {"object_id": company, "version": 1, "company_id": company, "name": about["name"]}
            publish(tx, SYSTEM, CompanyChanged(**said, changed=()), LONG_AGO)
        found = access.by_id(person)
        assert found is not None
        return found

    def _instrument(self, code: str, values: dict[str, Any]) -> None:
        names = {"code": code, "name_en": code, "name_zh": code}
        place = {"category_id": self.cast.category, "owner_id": self.cast.operator, "site_id": self.cast.east}
        numbers = {"grid_minutes": 30, "min_minutes": 30, "max_minutes": 240, "notice_minutes": 0, "horizon_days": 60}
        with transaction() as tx:
            row = insert(Instrument).values(**names, **place, **numbers, **values).returning(Instrument.id)
            added = InstrumentAdded(object_id=tx.execute(row).scalar_one(), version=1, site_id=self.cast.east, **names)
            publish(tx, SYSTEM, added, LONG_AGO)

    def _books(self, number: int) -> int:
        """The n-th booking: two hours after the third before it, and now and then on behalf, or answered."""
        person, code = self.people[number % COMPANIES], CODES[number % 3]
        start = self.begins + number // 3 * 2 * HOUR
        draft = Draft(code, Slot(start, start + HOUR + (number % 2) * HOUR / 2), "In the crowd", person.company_id)
        booking = services.request(self.cast.li if number % 7 == 0 else person, draft)
        if booking.state == "requested" and number % 4 and not booking.over_quota:
            services.approve(self.cast.li, booking.id)
        return booking.id

    def _displaced_before(self) -> int:
        """A booking that had to give way to a window which was called off; another time is held for it."""
        slot = Slot(self.begins - 3 * HOUR, self.begins - 2 * HOUR)
        old = services.request(self.people[4], Draft("CROWD-A", slot, "In the crowd"))
        draft = maintenance.Draft(Wanted(("CROWD-A",)), slot, "repair")
        window = maintenance.plan(self.cast.li, draft).windows[0]
        make_offers(self.now)
        maintenance.cancel(self.cast.li, window.id)
        return old.id
