"""Yearly figures as people may see them: of companies, of instruments, of the laboratory as a whole."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from flask import current_app

from labshare.instruments import models as instruments
from labshare.instruments import queries as catalogue
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows
from labshare.kernel.errors import Forbidden
from labshare.people import queries as people
from labshare.usage import book, policy, rules, sums
from labshare.usage.book import Book
from labshare.usage.facts import Instrument
from labshare.usage.lifecycle import DRAFT
from labshare.usage.models import Correction, UsageYear
from labshare.usage.reports import CompanyYear, InstrumentYear, Laboratory, Sought, Whole
from labshare.usage.sums import NOTHING, Sum

# ---------------------------------------------------------------- companies


def companies(actor: Actor, sought: Sought) -> list[CompanyYear]:
    """The companies of the year that the actor may see, by what they used; a constant number of statements."""
    mine: set[int] | None = None
    if not policy.may_see_all(actor):
        if actor.company_id is None:
            raise Forbidden
        mine = {actor.company_id}
    it = book.of(sought.year)
    places = places_of(it, sought)
    now, before = (_by(one, sums.COMPANY, mine, places) for one in (it, book.of(sought.year - 1)))
    ids = set(now) | (mine or set()) if sought.is_whole else set(now)
    known = it.companies(ids)
    corrected = _corrected(sought.year, ids, places)
    found = [
        CompanyYear(known[number], now.get(number, NOTHING), before.get(number, NOTHING), corrected.get(number, 0))
        for number in ids
        if number in known
    ]
    return sorted(found, key=lambda one: (-one.sum.effective_minutes, -one.sum.booked_minutes, one.company.id))


def company(actor: Actor, company_id: int, year: int) -> tuple[CompanyYear, Whole]:
    """One company's year. Raises NotFound for one that does not exist for the actor, Forbidden."""
    people.company(actor, company_id)
    if not policy.may_see_company(actor, company_id):
        raise Forbidden
    it, last = book.of(year), book.of(year - 1)
    mine = {company_id}
    now, before = (_by(one, sums.COMPANY, mine) for one in (it, last))
    parts = _by(it, sums.INSTRUMENT, mine)
    places = it.instruments(set(parts)) if parts else {}
    known = it.companies(mine)
    if company_id not in known:  # of a closed year in which it was not there yet
        known = book.Today(year).companies(mine)
    whole = Whole(
        _by(it, sums.MONTH, mine), _by(last, sums.MONTH, mine), _sorted((places[key], parts[key]) for key in parts)
    )
    corrected = _corrected(year, mine).get(company_id, 0)
    found = CompanyYear(known[company_id], now.get(company_id, NOTHING), before.get(company_id, NOTHING), corrected)
    return found, whole


# ---------------------------------------------------------------- instruments


def instruments_of(actor: Actor, sought: Sought) -> list[InstrumentYear]:
    """The instruments whose figures the actor may see, by code; a constant number of statements.

    Raises Forbidden for who may see none.
    """
    it = book.of(sought.year)
    known = {
        number: one
        for number, one in it.instruments(_ids_visible(actor, it)).items()
        if policy.may_see_instrument(actor, one.owner_id, one.site_id) and _lies_in(one, sought)
    }
    now, before = (_by(one, sums.INSTRUMENT, None, set(known)) for one in (it, book.of(sought.year - 1)))
    rated = sought.rated_hours or it.terms().rated_hours
    return [
        InstrumentYear(one, now.get(number, NOTHING), before.get(number, NOTHING), rated)
        for number, one in sorted(known.items(), key=lambda item: item[1].code)
    ]


def instrument(actor: Actor, code: str, year: int, rated_hours: int | None = None) -> tuple[InstrumentYear, Whole]:
    """One instrument's year; which companies used it only for whom that is to know. Raises NotFound, Forbidden."""
    it, last = book.of(year), book.of(year - 1)
    number = catalogue.id_of(code)
    known = it.instruments({number}) or book.Today(year).instruments({number})
    one = known[number]
    if not policy.may_see_instrument(actor, one.owner_id, one.site_id):
        raise Forbidden
    mine = {number}
    now, before = (_by(each, sums.INSTRUMENT, None, mine) for each in (it, last))
    parts: list[tuple[Any, Sum]] = []
    if policy.may_see_whom(actor, one.site_id):
        by_company = _by(it, sums.COMPANY, None, mine)
        names = it.companies(set(by_company)) if by_company else {}
        parts = _sorted((names[key], by_company[key]) for key in by_company)
    whole = Whole(_by(it, sums.MONTH, None, mine), _by(last, sums.MONTH, None, mine), parts)
    rated = rated_hours or it.terms().rated_hours
    return InstrumentYear(one, now.get(number, NOTHING), before.get(number, NOTHING), rated), whole


# ---------------------------------------------------------------- the laboratory


def laboratory(actor: Actor, sought: Sought) -> Laboratory:
    """The year as a whole; a constant number of statements. Raises Forbidden."""
    if not policy.may_see_all(actor):
        raise Forbidden
    some = companies(actor, sought)
    it, last = book.of(sought.year), book.of(sought.year - 1)
    places = places_of(it, sought)
    months, before = (_by(one, sums.MONTH, None, places) for one in (it, last))
    served = [one for one in some if one.sum.uses]
    terms = it.terms()
    return Laboratory(
        sum(months.values(), NOTHING),
        sum(before.values(), NOTHING),
        months,
        before,
        some,
        len(served),
        sum(one.company.before for one in served),
        terms.goal,
        rules.concentration(one.sum.effective_minutes for one in some),
        terms,
    )


def so_far(actor: Actor, year: int) -> tuple[Sum, int]:
    """What the year comes to as yet, and how many companies were served; a constant number of statements.

    Raises Forbidden.
    """
    if not policy.may_see_all(actor):
        raise Forbidden
    found = _by(book.of(year), sums.COMPANY)
    return sum(found.values(), NOTHING), sum(one.uses > 0 for one in found.values())


def goal() -> int:
    """How many companies the laboratory means to serve in a year."""
    meant: int = current_app.extensions["settings"].companies_goal
    return meant


def years() -> list[int]:
    """The years there are figures of, the latest first."""
    return sums.years(book.Today.source)


def state(year: int) -> str:
    """How far the year is settled."""
    found = rows(sa.select(UsageYear.state).where(UsageYear.year == year))
    return str(found[0].state) if found else DRAFT


def rated_by_default() -> int:
    """Rated hours a channel, as the laboratory has them set."""
    rated: int = current_app.extensions["settings"].rated_hours
    return rated


def _by(
    it: Book, key: str, whose: Collection[int] | None = None, places: Collection[int] | None = None
) -> dict[int, Sum]:
    return sums.by(it.source, it.year, key, whose, places)


def places_of(it: Book, sought: Sought) -> set[int] | None:
    """The instruments of the part that is sought; None: all."""
    if sought.is_whole:
        return None
    return {number for number, one in it.instruments().items() if _lies_in(one, sought)}


def _lies_in(one: Instrument, sought: Sought) -> bool:
    return sought.site in (None, one.site_code) and sought.category in (None, one.category_id)


def _ids_visible(actor: Actor, it: Book) -> Collection[int] | None:
    """Which instruments are worth looking at; of a closed year all, for it knows whose they were."""
    if policy.may_see_all(actor) or isinstance(it, book.Closed):
        return None
    ways: list[Any] = []
    if actor.is_staff:
        ways.append(instruments.Instrument.site_id.in_(sorted(actor.site_ids)))
    if actor.company_id is not None:
        ways.append(instruments.Instrument.owner_id == actor.company_id)
    if not ways:
        raise Forbidden
    return [number for (number,) in rows(sa.select(instruments.Instrument.id).where(sa.or_(*ways)))]


def _corrected(year: int, whose: Collection[int], places: Collection[int] | None = None) -> dict[int, int]:
    statement = _CORRECTED if places is None else _CORRECTED.where(Correction.instrument_id.in_(sorted(places)))
    return {number: int(minutes) for number, minutes in rows(statement, year=year, ids=sorted(whose))}


_CORRECTED = (
    sa.select(Correction.company_id, sa.func.sum(Correction.effective_minutes))
    .where(Correction.year == sa.bindparam("year"), Correction.company_id.in_(sa.bindparam("ids", expanding=True)))
    .group_by(Correction.company_id)
)


def _sorted(parts: Any) -> list[tuple[Any, Sum]]:
    return sorted(parts, key=lambda part: (-part[1].effective_minutes, -part[1].booked_minutes, part[0].id))
