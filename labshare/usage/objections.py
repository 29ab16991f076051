"""What companies have against their figures of a year, and what they were answered, as people may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from labshare.kernel.actor import Actor
from labshare.kernel.db import only_row
from labshare.people.models import Company, Person
from labshare.usage import policy
from labshare.usage.models import Objection

_answerer = aliased(Person)


@dataclass(frozen=True)
class Raised:
    """An objection as those see it who may."""

    id: int
    year: int
    company_id: int
    company_name: str
    person_id: int
    person_name: str
    text: str
    at: datetime
    answer: str
    answered_at: datetime | None
    answered_by: str | None
    version: int

    @property
    def company(self) -> dict[str, Any]:
        return {"id": self.company_id, "name": self.company_name}

    @property
    def person(self) -> dict[str, Any]:
        return {"id": self.person_id, "name": self.person_name}


_RAISED: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
        *(Objection.id, Objection.year, Objection.company_id, Company.name, Objection.person_id, Person.name),
        *(Objection.text, Objection.at, Objection.answer, Objection.answered_at, _answerer.name, Objection.version),
    )
    .join(Company, Company.id == Objection.company_id)
    .join(Person, Person.id == Objection.person_id)
    .outerjoin(_answerer, _answerer.id == Objection.answered_by)
)


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """All of them for admins, those of their company for its admins, none for anybody else."""
    if not policy.may_read_objections(actor):
        return sa.false()
    return sa.true() if actor.is_admin else Objection.company_id == actor.company_id


def listed(actor: Actor, year: int) -> sa.Select[Any]:
    """The year's objections that the actor may see; for a paged list."""
    return _RAISED.where(visible_to(actor), Objection.year == year)


def one(actor: Actor, objection_id: int) -> Raised:
    """One objection. Raises NotFound where there is none the actor may know of."""
    return Raised(*only_row(_RAISED.where(visible_to(actor), Objection.id == objection_id)))
