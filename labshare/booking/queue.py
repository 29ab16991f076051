"""What waits for a manager's answer: looked for, and what can be chosen from when looking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.booking import queries
from labshare.booking.models import Booking
from labshare.instruments.models import Category, Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import like, rows
from labshare.people.models import Company, Person, Site

HALF = 2  # of the time to answer: from then on a request is urgent, as rules.answer_is_due has it


@dataclass(frozen=True)
class Sought:
    """What a manager looks for in the queue; empty means whatever."""

    site: str = ""  # code
    category: int | None = None
    instrument: str = ""  # code
    company: int | None = None
    urgent: bool = False
    over_quota: bool = False
    q: str = ""


def waiting(actor: Actor, now: datetime, sought: Sought) -> sa.Select[Any]:
    """The requests with a future that wait for the actor's answer and are looked for, for a paged list."""
    statement = queries.waiting(actor).where(Booking.starts_at > now)
    if sought.site:
        statement = statement.where(Site.code == sought.site)
    if sought.category is not None:
        statement = statement.where(Instrument.category_id == sought.category)
    if sought.instrument:
        statement = statement.where(Instrument.code == sought.instrument)
    if sought.company is not None:
        statement = statement.where(Booking.company_id == sought.company)
    if sought.urgent:
        statement = statement.where(_urgent(now))
    if sought.over_quota:
        statement = statement.where(Booking.over_quota)
    for word in sought.q.split()[:8]:
        statement = statement.where(sa.or_(*(like(column, word) for column in _SEARCHED)))
    return statement


_SEARCHED = (Booking.purpose, Company.name, Person.name, Instrument.code, Instrument.name_en, Instrument.name_zh)


def _urgent(now: datetime) -> sa.ColumnElement[bool]:
    """Is half of the time to answer up? Asked by each such time there is: engines reckon with moments differently."""
    lengths = rows(sa.select(Instrument.decide_minutes).distinct())
    ways = [
        sa.and_(Instrument.decide_minutes == minutes, Booking.decide_by <= now + timedelta(minutes=minutes / HALF))
        for (minutes,) in lengths
    ]
    return sa.or_(sa.false(), *ways)


@dataclass(frozen=True)
class Choices:
    """What stands in the queue to choose by: (value, name in English, in Chinese), by name."""

    sites: list[tuple[str, str, str]]
    categories: list[tuple[int, str, str]]
    instruments: list[tuple[str, str, str]]
    companies: list[tuple[int, str, str]]


def choices(actor: Actor, now: datetime) -> Choices:
    """What can be chosen from, whatever is chosen already; one statement."""
    site = (Site.code, Site.name_en, Site.name_zh)
    category = (Category.id, Category.name_en, Category.name_zh)
    instrument = (Instrument.code, Instrument.name_en, Instrument.name_zh)
    company = (Company.id, Company.name, Company.name)
    there = queries.waiting(actor).where(Booking.starts_at > now).join(Category, Category.id == Instrument.category_id)
    columns = [column.label(f"choice_{number}") for number, column in enumerate(site + category + instrument + company)]
    found = rows(there.with_only_columns(*columns).distinct())
    each = [sorted({tuple(row[first : first + 3]) for row in found}, key=lambda one: one[1]) for first in (0, 3, 6, 9)]
    return Choices(*each)
