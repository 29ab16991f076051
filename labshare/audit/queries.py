"""What the journal says, newest first, with the names of what it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.audit.kinds import SETTINGS
from labshare.audit.names import Names
from labshare.audit.policy import may_read
from labshare.audit.sentences.shape import Line
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows
from labshare.kernel.errors import N_, Invalid
from labshare.kernel.journal import Entry
from labshare.people.models import Company, Person
from labshare.web.paging import Page, page

_ENTRY: sa.Select[Any] = sa.select(
    *(Entry.id, Entry.at, Entry.kind, Entry.object, Entry.object_id, Entry.company_id),
    *(Company.name.label("company"), Entry.actor_id, Person.name.label("who"), Entry.data),
).select_from(Entry)
_ENTRY = _ENTRY.outerjoin(Person, Person.id == Entry.actor_id).outerjoin(Company, Company.id == Entry.company_id)


@dataclass(frozen=True)
class Sought:
    """Which lines: what is None narrows nothing. `since` is included, `until` is not."""

    object: str | None = None
    object_id: int | None = None
    person: str | None = None  # who did it: a number, or an e-mail address
    company: int | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """The whole journal for admins, nothing of it for anybody else."""
    return sa.true() if may_read(actor) else sa.false()


def lines(actor: Actor, sought: Sought, limit: int, cursor: str | None) -> Page:
    """A page of the journal, the newest line first. Raises Invalid for a person nobody knows."""
    statement = _ENTRY.where(visible_to(actor), *_narrowed(sought))
    # By time where a time is sought, so that an index leads there; a line is written in the moment it tells of.
    order = Entry.id if sought.since is None and sought.until is None else Entry.at
    found = page(statement, order, Entry.id, limit, cursor, newest_first=True)
    return Page(_named(found.items), found.next)


def changes(actor: Actor, limit: int) -> list[Line]:
    """What people set in the product, the newest first: of each kind a few steps in an index."""
    wanted = [
        sa.select(Entry.id)
        .where(Entry.kind == kind, Entry.actor_id.is_not(None))
        .order_by(Entry.id.desc())
        .limit(limit)
        for kind in SETTINGS
    ]
    some = sa.union_all(*(sa.select(one.subquery().c.id) for one in wanted)).subquery()
    found = _ENTRY.where(visible_to(actor), Entry.id.in_(sa.select(some.c.id))).order_by(Entry.id.desc()).limit(limit)
    return _named(rows(found))


def _narrowed(sought: Sought) -> list[sa.ColumnElement[bool]]:
    wanted = {
        Entry.object: sought.object,
        Entry.object_id: sought.object_id,
        Entry.company_id: sought.company,
        Entry.kind: sought.kind,
        Entry.actor_id: None if sought.person is None else _number_of(sought.person),
    }
    found: list[sa.ColumnElement[bool]] = [column == value for column, value in wanted.items() if value is not None]
    if sought.since is not None:
        found.append(Entry.at >= sought.since)
    if sought.until is not None:
        found.append(Entry.at < sought.until)
    return found


def _number_of(person: str) -> int:
    mine = Person.id == int(person) if person.isascii() and person.isdigit() else Person.email == person.lower()
    found = rows(sa.select(Person.id).where(mine))
    if not found:
        raise Invalid(fields={"person": [N_("Nobody has this number or e-mail address.")]})
    return int(found[0].id)


def _named(found: Sequence[Any]) -> list[Line]:
    names = Names(found)
    return [Line(names, *row) for row in found]


def companies() -> list[tuple[int, str]]:
    """Every company by name, to pick one."""
    return [(number, name) for number, name in rows(sa.select(Company.id, Company.name).order_by(Company.name))]
