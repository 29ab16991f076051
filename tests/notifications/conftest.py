"""What the tests of messages share: more people, bookings, and who was told what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking.events import BookingRequested
from labshare.booking.models import Booking
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import Transaction, rows, transaction
from labshare.kernel.journal import Entry, Event, publish, record
from labshare.notifications.models import Delivery, Message
from labshare.people.events import PersonAdded
from labshare.people.models import Person, RoleGrant
from tests.cast import EMAIL, LONG_AGO, Cast

IN_HOUSE = "in_house"  # a request that awaits its own company


class House:
    """The cast, a rival's admin, a deputy at the East site and a manager of the West one alone."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.add("bea", "company_admin", company_id=cast.borealis)
        self.add("wen", "lab_manager", site_id=cast.west)
        self.add("dan", "lab_manager", site_id=cast.east, deputy=True)
        self.hours = 0

    def add(self, name: str, role: str, company_id: int | None = None, **grant: Any) -> int:
        """Somebody more; their id."""
        values = {"email": EMAIL.format(name), "name": name.title(), "company_id": company_id, "created_at": LONG_AGO}
        with transaction() as tx:
            number: int = tx.execute(sa.insert(Person).values(values).returning(Person.id)).scalar_one()
            tx.execute(sa.insert(RoleGrant).values(person_id=number, role=role, **grant))
            publish(tx, SYSTEM, PersonAdded(object_id=number, name=name, roles=(role,)), LONG_AGO)
        self.cast.people[name] = number
        return number

    def booking(self, who: str = "mei", state: str = "approved", **values: Any) -> dict[str, Any]:
        """A booking of the person's, at East, some days from now; what every fact about it says."""
        self.hours += 2
        start = clock.now().replace(microsecond=0, second=0, minute=0) + timedelta(days=3, hours=self.hours)
        times = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
        state, awaiting = ("requested", "company") if state == IN_HOUSE else (state, "")
        company = self.cast.borealis if who in ("bo", "bea") else self.cast.aurora
        row = {
            "state": state, "awaiting": awaiting, "instrument_id": self.cast.sem, "company_id": company,
            "purpose": "Fracture surfaces", "person_id": self.cast.people[who], "created_at": clock.now(), "version": 3,
            **times, **values,
        }  # fmt: skip
        fact = {"company_id": company, "instrument_id": self.cast.sem, **times}
        with transaction() as tx:
            number = tx.execute(sa.insert(Booking).values(row).returning(Booking.id)).scalar_one()
            asked = BookingRequested(object_id=number, person_id=row["person_id"], **fact)
            publish(tx, self.cast.actor(who), asked, clock.now())  # nobody is told: it needs no answer
        return {"object_id": number, "version": 3, **fact}

    def happens(self, actor: Actor, event: Event, at: datetime | None = None) -> None:
        """A fact is written; it is made up, so nobody reacts to it."""
        with transaction() as tx:
            record(tx, [(actor, event, at or clock.now())])

    @contextmanager
    def untold(self) -> Iterator[Transaction]:
        """Something is changed that the test makes up."""
        with transaction() as tx:
            yield tx
            self.cast._tell(tx)

    def happens_in(self, tx: Transaction, event: Event) -> None:
        """A fact is written beside a change."""
        publish(tx, SYSTEM, event, clock.now())

    def told(self, kind: str) -> set[str]:
        """The names of those in whose inbox facts of this kind are."""
        wanted = sa.select(Message.person_id).join(Entry, Entry.id == Message.journal_id).where(Entry.kind == kind)
        return {self._name(row.person_id) for row in rows(wanted)}

    def mailed(self, kind: str) -> set[str]:
        """The names, or the addresses, of those who are mailed facts of this kind."""
        wanted = sa.select(Delivery.person_id, Delivery.address)
        found = rows(wanted.join(Entry, Entry.id == Delivery.journal_id).where(Entry.kind == kind))
        return {self._name(row.person_id) if row.person_id else row.address for row in found}

    def _name(self, number: int) -> str:
        return next(name for name, person_id in self.cast.people.items() if person_id == number)


@pytest.fixture
def house(cast: Cast) -> House:
    """A laboratory with two companies that know nothing of each other."""
    return House(cast)
