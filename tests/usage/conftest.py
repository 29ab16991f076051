"""What the tests of yearly figures share: a December in which something is used, and the year after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare import wiring
from labshare.booking import services as booking
from labshare.booking.services.asking import Draft
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import db, rows, snapshot, transaction
from labshare.kernel.journal import Entry, publish
from labshare.kernel.slots import Slot
from labshare.people.events import PersonAdded
from labshare.people.models import Person, RoleGrant
from labshare.usage import services
from labshare.web.i18n import LOCAL
from tests.booking.conftest import sound
from tests.cast import EMAIL, LONG_AGO, Cast

__all__ = ["sound"]  # every invariant holds after each of these tests too
YEAR = datetime.now(UTC).year  # the accounts of the cast begin with this one
DAY = timedelta(days=1)


def there(said: str) -> datetime:
    """A moment of this year or the next by the laboratory's clock: `12-31 22:00`, `+01-10 09:00`."""
    year = YEAR + said.startswith("+")
    return datetime.fromisoformat(f"{year}-{said.removeprefix('+')}").replace(tzinfo=LOCAL)


class Years:
    """The laboratory from December to the year after: what was used, and how that year is settled."""

    def __init__(self, cast: Cast, patch: pytest.MonkeyPatch) -> None:
        self.cast, self._patch = cast, patch
        self.turn("12-01 09:00")

    def turn(self, said: str | datetime) -> datetime:
        """Make it that moment."""
        moment = there(said) if isinstance(said, str) else said
        self._patch.setattr(clock, "source", lambda: moment.astimezone(UTC))
        return moment

    def book(self, who: str, code: str, start: str, end: str) -> int:
        """Somebody asks, and is given it."""
        made = booking.request(self.cast.actor(who), Draft(code, Slot(there(start), there(end)), "Fracture surfaces"))
        if made.state == "requested":
            booking.approve(self.cast.li, made.id)
        return made.id

    def record(self, number: int, start: str, end: str, samples: int = 1, reason: str = "") -> None:
        """Li enters what was used, or corrects it with a reason."""
        booking.record(self.cast.li, number, Slot(there(start), there(end)), samples, reason=reason)

    def used(self, who: str, code: str, start: str, end: str) -> int:
        """It was booked on 1 December and used as booked."""
        self.turn("12-01 09:00")
        number = self.book(who, code, start, end)
        self.turn("+01-02 09:00")
        self.record(number, start, end)
        return number

    def a_year(self) -> tuple[int, int]:
        """Mei used SEM-01 for two hours, Bo BAT-01 for four over New Year; it is 2 January."""
        return (
            self.used("mei", "SEM-01", "12-10 09:00", "12-10 11:00"),
            self.used("bo", "BAT-01", "12-31 22:00", "+01-01 02:00"),
        )

    def issue(self, days: int = 30) -> None:
        services.issue(self.cast.ada, YEAR, days)

    def close(self) -> str:
        """Issue the year and close it when the time to object is over; its digest."""
        self.issue(days=1)
        self.turn(clock.now() + 2 * DAY)
        return services.close(self.cast.ada, YEAR).digest

    def person(self, name: str, company: int, role: str = "company_admin") -> Actor:
        """Somebody more."""
        values = {"email": EMAIL.format(name), "name": name.title(), "company_id": company, "created_at": LONG_AGO}
        with transaction() as tx:
            number: int = tx.execute(sa.insert(Person).values(values).returning(Person.id)).scalar_one()
            tx.execute(sa.insert(RoleGrant).values(person_id=number, role=role))
            publish(tx, SYSTEM, PersonAdded(object_id=number, name=name, roles=(role,)), LONG_AGO)
        self.cast.people[name] = number
        return self.cast.actor(name)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What facts of this kind say, with whose matter they are."""
        db.session.rollback()
        found = rows(sa.select(Entry.company_id, Entry.data).where(Entry.kind == kind).order_by(Entry.id))
        return [{"company_id": company_id, **data} for company_id, data in found]


def breaches() -> list[str]:
    """Every invariant that is broken."""
    with snapshot() as session:
        return [breach for _name, check in wiring.CHECKS for breach in check(session)]


def codes(answer: Any) -> list[str]:
    """The reasons of a refusal."""
    return [reason["code"] for reason in answer.get_json()["reasons"]]


@pytest.fixture
def years(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Years:
    """It is 1 December."""
    return Years(cast, monkeypatch)
