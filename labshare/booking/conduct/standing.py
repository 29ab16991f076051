"""How people and companies stand: the points that count against them now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from labshare.booking.conduct.reading import counts_at
from labshare.booking.models import ConductEntry
from labshare.kernel.db import rows
from labshare.people.models import Person


@dataclass
class Tally:
    """Live points, and how many entries of each kind they come from."""

    points: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, count: int, points: int) -> None:
        """So many more entries of a kind, with so many points together."""
        self.points += points
        self.counts[what] = self.counts.get(what, 0) + count


@dataclass(frozen=True)
class Standing:
    """How people and companies stand, by their ids; who is not there has nothing against them."""

    people: Mapping[int, Tally]
    companies: Mapping[int, Tally]

    def of_person(self, person_id: int) -> Tally:
        return self.people.get(person_id, Tally())

    def of_company(self, company_id: int) -> Tally:
        return self.companies.get(company_id, Tally())


def standing_of(person_ids: Collection[int], company_ids: Collection[int], now: datetime) -> Standing:
    """The live points of these people and companies; one statement.

    What the laboratory's people booked on a company's behalf counts for the company, and for nobody in person.
    """
    statement = (
        sa.select(
            *(ConductEntry.company_id, ConductEntry.person_id, Person.company_id.label("own"), ConductEntry.what),
            *(sa.func.count(), sa.func.sum(ConductEntry.points)),
        )
        .join(Person, Person.id == ConductEntry.person_id)
        .where(
            counts_at(now),
            sa.or_(
                ConductEntry.company_id.in_(sorted(set(company_ids))),
                ConductEntry.person_id.in_(sorted(set(person_ids))),
            ),
        )
        .group_by(ConductEntry.company_id, ConductEntry.person_id, Person.company_id, ConductEntry.what)
    )
    people: dict[int, Tally] = {}
    companies: dict[int, Tally] = {}
    for company_id, person_id, own, what, count, points in rows(statement) if person_ids or company_ids else ():
        if company_id in company_ids:
            companies.setdefault(company_id, Tally()).add(what, count, int(points))
        if person_id in person_ids and own == company_id:
            people.setdefault(person_id, Tally()).add(what, count, int(points))
    return Standing(people, companies)


def standings_in(company_id: int, now: datetime) -> tuple[Tally, Sequence[tuple[int, str, Tally]]]:
    """How a company stands, and each of its people with anything against them, by name; two statements."""
    mine = sa.and_(ConductEntry.company_id == company_id, counts_at(now))
    people = rows(
        sa.select(Person.id, Person.name)
        .where(Person.id.in_(sa.select(ConductEntry.person_id).where(mine)))
        .order_by(Person.name, Person.id)
    )
    found = standing_of([number for number, _name in people], [company_id], now)
    each = [(number, name, found.people[number]) for number, name in people if number in found.people]
    return found.of_company(company_id), each
