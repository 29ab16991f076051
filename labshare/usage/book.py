"""The book of a year: where its sums and facts stand, of today or as they were when the year was closed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import current_app

from labshare.booking.models import Sums, Tally, UsageRecord
from labshare.booking.tally import WHOLE
from labshare.instruments import hours
from labshare.instruments import models as instruments
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.db import UtcDateTime, rows
from labshare.kernel.slots import Slot, union
from labshare.maintenance.lifecycle import CANCELLED
from labshare.maintenance.models import Outage, Window, WindowPlace
from labshare.people import models as people
from labshare.quotas.models import ALL, YEAR, Account, Allowance, Balance
from labshare.usage.facts import Company, Instrument, Terms, moment, year_slot
from labshare.usage.models import COMPANY, INSTRUMENT, ClosedLine, ClosedSums, Heat, UsageYear


def _companies() -> sa.Select[Any]:
    """What no sum says of these companies; whatever a company did, it is a few looks into an index."""
    within = sa.and_(
        UsageRecord.starts_at >= sa.bindparam("year_begins", type_=UtcDateTime),
        UsageRecord.starts_at < sa.bindparam("year_ends", type_=UtcDateTime),
        UsageRecord.ends_at.is_not(None),
    )
    company, person = people.Company, people.Person
    of_it = sa.select(sa.func.min(UsageRecord.starts_at)).where(UsageRecord.company_id == company.id, within)
    first = of_it.correlate(company).scalar_subquery()
    last = of_it.with_only_columns(sa.func.max(UsageRecord.starts_at)).correlate(company).scalar_subquery()
    active = sa.select(sa.func.count()).select_from(person).where(person.company_id == company.id)
    active = active.where(sa.exists().where(UsageRecord.person_id == person.id, within))
    before = sa.exists().where(Tally.company_id == company.id, Tally.year < sa.bindparam("year"), Tally.uses > 0)
    names = (company.id, company.name, company.name_en, company.org_id, company.kind)
    found: sa.Select[Any] = sa.select(*names, first, last, active.correlate(company).scalar_subquery(), before)
    return found.where(company.id.in_(sa.bindparam("ids", expanding=True)))


_COMPANIES = _companies()
# What each may use in the year on all instruments, and what stands in its account: the allowance without a limit.
_ALLOWED = (
    sa.select(
        Account.company_id,
        sa.func.min(Balance.minutes + Balance.extended),
        sa.func.max(sa.case((Allowance.minutes.is_(None), Balance.held + Balance.used), else_=0)),
    )
    .select_from(Balance)
    .join(Allowance, Allowance.id == Balance.allowance_id)
    .join(Account, Account.id == Balance.account_id)
    .where(
        *(Account.company_id.in_(sa.bindparam("ids", expanding=True)), Allowance.withdrawn_at.is_(None)),
        *(Allowance.scope == ALL, Allowance.period == YEAR, Balance.starts_on == sa.bindparam("new_year")),
    )
    .group_by(Account.company_id)
)


class Today:
    """The book of a year that is not closed: everything is read from where it stands."""

    source: ClassVar[type[Sums]] = Tally

    def __init__(self, year: int) -> None:
        self.year = year

    def companies(self, ids: Collection[int] | None = None) -> dict[int, Company]:
        """Every company that is spoken of in the year, or these; three statements."""
        spoken = sorted(ids if ids is not None else _spoken_of(self.year))
        slot = year_slot(self.year)
        found: dict[int, Company] = {}
        allowed = {number: rest for number, *rest in rows(_ALLOWED, ids=spoken, new_year=date(self.year, 1, 1))}
        asked = {"ids": spoken, "year": self.year, "year_begins": slot.start, "year_ends": slot.end}
        for number, name, name_en, org_id, kind, first, last, active, before in rows(_COMPANIES, **asked):
            limit, stands = allowed.get(number, (None, 0))
            names = (number, name, name_en, org_id, kind)
            found[number] = Company(*names, moment(first), moment(last), active, limit, stands, bool(before))
        return found

    def instruments(self, ids: Collection[int] | None = None) -> dict[int, Instrument]:
        """Every instrument, or these, with the hours it was offered; at most four statements."""
        known = [catalogue.as_known(row) for row in rows(_which(ids))]
        closed = self._closed([one.id for one in known])
        offered = _offered(known, self.year)
        found = {}
        for one in known:
            maintained, broken = closed[one.id]
            opening = hours.of([one])[one.id]
            shut = sum(opening.offered_minutes(slot) for slot in union([*maintained, *broken]))
            found[one.id] = Instrument(
                *(one.id, one.code, one.name_en, one.name_zh, one.owner_id, one.owner_name),
                *(one.site_id, one.site_code, one.site_en, one.site_zh),
                *(one.category_id, one.category_en, one.category_zh, one.channels),
                offered_minutes=(offered[one.id] - shut) * one.channels,
                maintenance_minutes=sum(slot.minutes for slot in union(maintained)),
                outage_minutes=sum(slot.minutes for slot in union(broken)),
            )
        return found

    def _closed(self, ids: Collection[int]) -> dict[int, tuple[list[Slot], list[Slot]]]:
        """When each was under maintenance, and when it was out of order, within the year; two statements."""
        year, now = year_slot(self.year), clock.now()
        windows = (
            sa.select(WindowPlace.instrument_id, Window.starts_at, Window.ends_at)
            .join(Window, Window.id == WindowPlace.window_id)
            .where(
                *(Window.state != CANCELLED, Window.starts_at < year.end, Window.ends_at > year.start),
                WindowPlace.instrument_id.in_(sorted(ids)),
            )
        )
        until = sa.func.coalesce(Outage.ended_at, sa.literal(now, type_=Outage.began_at.type))
        outages = sa.select(Outage.instrument_id, Outage.began_at, until).where(
            *(Outage.began_at < year.end, until > year.start, Outage.instrument_id.in_(sorted(ids)))
        )
        found: dict[int, tuple[list[Slot], list[Slot]]] = defaultdict(lambda: ([], []))
        for which, statement in enumerate((windows, outages)):
            for number, start, end in rows(statement):
                if start < end and (piece := Slot(start, end).meet(year)):
                    found[number][which].append(piece)
        return found

    def terms(self) -> Terms:
        """What the year is measured by, and when in the week instruments were used."""
        settings = current_app.extensions["settings"]
        return Terms(settings.rated_hours, settings.companies_goal, heat(self.year))


class Closed:
    """The book of a closed year: what was written down then."""

    source: ClassVar[type[Sums]] = ClosedSums

    def __init__(self, year: int) -> None:
        self.year = year

    def companies(self, ids: Collection[int] | None = None) -> dict[int, Company]:
        """Every company that is spoken of in the year, or these; one statement."""
        return {number: Company(**said) for number, said in self._lines(COMPANY, ids)}

    def instruments(self, ids: Collection[int] | None = None) -> dict[int, Instrument]:
        """Every instrument of that time, or these; one statement."""
        return {number: Instrument(**said) for number, said in self._lines(INSTRUMENT, ids)}

    def terms(self) -> Terms:
        """What the year was measured by."""
        return Terms(**next(said for _number, said in self._lines("year", None)))

    def _lines(self, kind: str, ids: Collection[int] | None) -> Iterable[tuple[int, dict[str, Any]]]:
        mine = [ClosedLine.year == self.year, ClosedLine.kind == kind]
        if ids is not None:
            mine.append(ClosedLine.number.in_(sorted(ids)))
        found = rows(sa.select(ClosedLine.number, ClosedLine.said).where(*mine).order_by(ClosedLine.number))
        return [(number, json.loads(said)) for number, said in found]


def _spoken_of(year: int) -> set[int]:
    spoken = sa.select(Tally.company_id).where(Tally.year == year, Tally.month == WHOLE).distinct()
    return {number for (number,) in rows(spoken)}


def _which(ids: Collection[int] | None) -> sa.Select[Any]:
    everything = catalogue.KNOWN.order_by(instruments.Instrument.code)
    return everything if ids is None else everything.where(instruments.Instrument.id.in_(sorted(ids)))


def _offered(known: Iterable[Known], year: int) -> dict[int, int]:
    """Opening minutes of the year; reckoned once for all who keep the same hours, and remembered while those hold."""
    remembered: dict[int, tuple[str, dict[Any, int]]] = current_app.extensions.setdefault("offered", {})
    slot, found, some = year_slot(year), {}, list(known)
    opening = hours.of(some)
    for one in some:
        stamp, reckoned = remembered.get(one.site_id, ("", {}))
        if not stamp or stamp != one.hours_stamp:
            reckoned = {}
            remembered[one.site_id] = (one.hours_stamp, reckoned)
        own = opening[one.id]
        key = (year, tuple(own.own), tuple(sorted(own.exceptions.items())))
        if key not in reckoned:
            reckoned[key] = own.offered_minutes(slot)
        found[one.id] = reckoned[key]
    return found


def heat(year: int) -> list[list[int]]:
    """Effective minutes of the year by weekday and hour, as they were counted last night."""
    found = [[0] * 24 for _ in range(7)]
    for weekday, hour, minutes in rows(sa.select(Heat.weekday, Heat.hour, Heat.minutes).where(Heat.year == year)):
        found[weekday][hour] = minutes
    return found


Book = Today | Closed


def of(year: int) -> Book:
    """The book of a year: as it was closed, or as it stands today; one statement."""
    closed = sa.select(UsageYear.year).where(UsageYear.year == year, UsageYear.digest != "")
    return Closed(year) if rows(closed) else Today(year)
