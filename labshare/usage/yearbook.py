"""Everything of a year that its reader may keep, gathered in one look, so that its sheets agree with each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows, snapshot
from labshare.kernel.errors import Forbidden
from labshare.people.models import Company
from labshare.usage import book, policy, queries, sums
from labshare.usage.lifecycle import DRAFT
from labshare.usage.models import CORRECTED, Correction, UsageYear
from labshare.usage.reports import CompanyYear, InstrumentYear, Sought, Whole
from labshare.usage.sums import Sum

_T = TypeVar("_T")


@dataclass(frozen=True)
class Standing:
    """How far a year is settled; of a closed one the digest over its lines."""

    year: int
    state: str = DRAFT
    digest: str = ""


@dataclass(frozen=True)
class Corrected:
    """A use of a closed year that was corrected in this one, and by how much."""

    at: datetime
    of_year: int
    of_month: int
    company_id: int
    company: str
    org_id: str
    instrument: str
    booking_id: int
    sum: Sum
    reason: str


@dataclass(frozen=True)
class Yearbook:
    """A year as one reader may see it; None for a part that is none of theirs."""

    standing: Standing
    sought: Sought
    companies: list[CompanyYear] | None
    months: Mapping[tuple[int, int], Sum]  # by company and month
    corrections: list[Corrected] | None
    instruments: list[InstrumentYear] | None
    reader: str = ""  # the company it is for, as the year's book calls it


def standing(year: int) -> Standing:
    """How far the year is settled; one statement."""
    found = rows(sa.select(UsageYear.state, UsageYear.digest).where(UsageYear.year == year))
    return Standing(year, *found[0]) if found else Standing(year)


def of_year(actor: Actor, sought: Sought) -> Yearbook:
    """The year's companies and instruments; a constant number of statements. Raises Forbidden for who may see none."""
    with snapshot():
        companies = _if_theirs(lambda: queries.companies(actor, sought))
        instruments = _if_theirs(lambda: queries.instruments_of(actor, sought))
        if companies is None and instruments is None:
            raise Forbidden
        known = None if companies is None else {one.company.id: one for one in companies}
        return Yearbook(
            standing(sought.year),
            sought,
            companies,
            {} if known is None else _months(sought, known),
            None if known is None else corrections(actor, sought),
            instruments,
            _reader(actor, sought.year),
        )


def of_company(actor: Actor, company_id: int, year: int) -> tuple[Standing, CompanyYear, Whole]:
    """One company's year in one look. Raises NotFound, Forbidden."""
    with snapshot():
        return standing(year), *queries.company(actor, company_id, year)


def of_instrument(
    actor: Actor, code: str, year: int, rated_hours: int | None = None
) -> tuple[Standing, InstrumentYear, Whole]:
    """One instrument's year in one look. Raises NotFound, Forbidden."""
    with snapshot():
        return standing(year), *queries.instrument(actor, code, year, rated_hours)


def corrections(actor: Actor, sought: Sought) -> list[Corrected]:
    """Corrections of closed years made in this one, the earliest first: all of them for admins, a company's its own.

    Companies are called as the year's book calls them, so that a closed year goes on naming them so; those that are
    not in it by the code that never changes.
    """
    mine: list[Any] = [Correction.year == sought.year]
    if not policy.may_see_all(actor):
        mine.append(Correction.company_id == actor.company_id)
    it = book.of(sought.year)
    if (places := queries.places_of(it, sought)) is not None:
        mine.append(Correction.instrument_id.in_(sorted(places)))
    amounts = [getattr(Correction, name) for name in CORRECTED]
    names = (Correction.company_id, Company.org_id, Instrument.code, Correction.booking_id, Correction.reason)
    statement: sa.Select[Any] = (
        sa.select(Correction.at, Correction.of_year, Correction.of_month, *names, *amounts)
        .join(Company, Company.id == Correction.company_id)
        .join(Instrument, Instrument.id == Correction.instrument_id)
        .where(*mine)
        .order_by(Correction.at, Correction.id)
    )
    found = rows(statement)
    known = it.companies({row.company_id for row in found}) if found else {}
    return [
        Corrected(
            row.at,
            row.of_year,
            row.of_month,
            row.company_id,
            known[row.company_id].name if row.company_id in known else row.org_id,
            row.org_id,
            row.code,
            row.booking_id,
            Sum(**{name: getattr(row, name) for name in CORRECTED}),
            row.reason,
        )
        for row in found
    ]


def _months(sought: Sought, companies: Collection[int]) -> Mapping[tuple[int, int], Sum]:
    it = book.of(sought.year)
    return sums.by_company_and_month(it.source, it.year, companies, queries.places_of(it, sought))


def _reader(actor: Actor, year: int) -> str:
    if actor.company_id is None:
        return ""
    known = book.of(year).companies({actor.company_id})
    return known[actor.company_id].name if known else actor.company_name


def _if_theirs(read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except Forbidden:
        return None
