"""What stands in the conduct record, as those see it who may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from labshare.booking.models import Booking, ConductEntry, Restriction
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import only_row, rows
from labshare.people.models import Company, Person, Site


@dataclass(frozen=True)
class Entry:
    """What is held against somebody, with the names beside it; `lifted_by` is null where no person did it."""

    id: int
    booking_id: int
    what: str
    company_id: int
    company_name: str
    person_id: int
    person_name: str
    in_person: bool  # or else somebody of the laboratory had booked it: it counts for the company alone
    points: int
    at: datetime
    expires_at: datetime
    objection: str
    objected_at: datetime | None
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str
    version: int
    instrument_id: int
    instrument_code: str
    instrument_en: str
    instrument_zh: str
    site_id: int
    zone: str
    starts_at: datetime
    ends_at: datetime

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


_lifter = aliased(Person)
ENTRIES: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
        ConductEntry.id,
        ConductEntry.booking_id,
        ConductEntry.what,
        ConductEntry.company_id,
        Company.name.label("company_name"),
        ConductEntry.person_id,
        Person.name.label("person_name"),
        sa.func.coalesce(Person.company_id == ConductEntry.company_id, sa.false()).label("in_person"),
        ConductEntry.points,
        ConductEntry.at,
        ConductEntry.expires_at,
        ConductEntry.objection,
        ConductEntry.objected_at,
        ConductEntry.lifted_at,
        _lifter.name.label("lifted_by"),
        ConductEntry.lift_reason,
        ConductEntry.version,
        Booking.instrument_id,
        Instrument.code.label("instrument_code"),
        Instrument.name_en.label("instrument_en"),
        Instrument.name_zh.label("instrument_zh"),
        Instrument.site_id,
        Site.zone,
        Booking.starts_at,
        Booking.ends_at,
    )
    .select_from(ConductEntry)
    .join(Booking, Booking.id == ConductEntry.booking_id)
    .join(Instrument, Instrument.id == Booking.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
    .join(Company, Company.id == ConductEntry.company_id)
    .join(Person, Person.id == ConductEntry.person_id)
    .outerjoin(_lifter, _lifter.id == ConductEntry.lifted_by)
)


@dataclass(frozen=True)
class Barred:
    """A restriction, with the names beside it; without a person it is everybody of the company's."""

    id: int
    company_id: int
    company_name: str
    person_id: int | None
    person_name: str | None
    points: int
    starts_at: datetime
    ends_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str
    version: int


RESTRICTIONS: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # likewise
        Restriction.id,
        Restriction.company_id,
        Company.name.label("company_name"),
        Restriction.person_id,
        Person.name.label("person_name"),
        Restriction.points,
        Restriction.starts_at,
        Restriction.ends_at,
        Restriction.lifted_at,
        _lifter.name.label("lifted_by"),
        Restriction.lift_reason,
        Restriction.version,
    )
    .select_from(Restriction)
    .join(Company, Company.id == Restriction.company_id)
    .outerjoin(Person, Person.id == Restriction.person_id)
    .outerjoin(_lifter, _lifter.id == Restriction.lifted_by)
)


# ---------------------------------------------------------------- what an actor may see of it


def visible_to(actor: Actor, company: Any) -> sa.ColumnElement[bool]:
    """Whose record exists for the actor: the own company's, each of its people's in it; for staff every company's.

    A restriction is of no one site, so whoever may lift it sees all that it rests on.
    """
    if actor.is_staff or actor.is_system:
        return sa.true()
    return company == actor.company_id if actor.company_id is not None else sa.false()


def listed(
    actor: Actor, company_id: int | None = None, person_id: int | None = None, live_at: datetime | None = None
) -> sa.Select[Any]:
    """The entries the actor may see, of this company or person, or that count at this moment; for a paged list."""
    statement = ENTRIES.where(visible_to(actor, ConductEntry.company_id))
    if company_id is not None:
        statement = statement.where(ConductEntry.company_id == company_id)
    if person_id is not None:
        statement = statement.where(ConductEntry.person_id == person_id)
    return statement if live_at is None else statement.where(counts_at(live_at))


def objections(actor: Actor, now: datetime, limit: int) -> list[Entry]:
    """What counts although somebody objects and the actor may lift, the newest objection first, at most so many."""
    # First the few that count, company by company: their names must not be looked for among all bookings there were.
    each = sa.and_(ConductEntry.company_id.in_(sa.select(Company.id)), counts_at(now))
    open_ones = rows(sa.select(ConductEntry.id).where(each, ConductEntry.objected_at.is_not(None)))
    statement = ENTRIES.where(ConductEntry.id.in_([number for (number,) in open_ones]))
    if not actor.is_admin:
        statement = statement.where(Instrument.site_id.in_(sorted(actor.site_ids)) if actor.is_staff else sa.false())
    newest = statement.order_by(ConductEntry.objected_at.desc(), ConductEntry.id.desc())
    return [Entry(*row) for row in rows(newest.limit(limit))]


def running(actor: Actor, now: datetime, limit: int) -> list[Barred]:
    """The restrictions the actor may see that run now, what ends first in front, at most so many."""
    statement = restrictions(actor, runs_at=now).order_by(Restriction.ends_at, Restriction.id)
    return [Barred(*row) for row in rows(statement.limit(limit))]


def entry(actor: Actor, entry_id: int) -> Entry:
    """One entry, if it exists for the actor; raises NotFound."""
    return Entry(*only_row(ENTRIES.where(ConductEntry.id == entry_id, visible_to(actor, ConductEntry.company_id))))


def of_booking(booking_id: int) -> list[Entry]:
    """What is held against somebody because of a booking, for whoever may see the booking; the oldest first."""
    return [Entry(*row) for row in rows(ENTRIES.where(ConductEntry.booking_id == booking_id).order_by(ConductEntry.id))]


def about(one: Entry) -> dict[str, Any]:
    """What every fact about an entry says."""
    name = one.person_name if one.in_person else ""
    whose = {"company_id": one.company_id, "person_id": one.person_id, "name": name}
    return {**whose, "booking_id": one.booking_id, "instrument_id": one.instrument_id, "what": one.what}


def restrictions(actor: Actor, company_id: int | None = None, runs_at: datetime | None = None) -> sa.Select[Any]:
    """The restrictions the actor may see, of this company, or that run at this moment; for a paged list."""
    statement = RESTRICTIONS.where(visible_to(actor, Restriction.company_id))
    if company_id is not None:
        statement = statement.where(Restriction.company_id == company_id)
    return statement if runs_at is None else statement.where(running_at(runs_at))


def restriction(actor: Actor, restriction_id: int) -> Barred:
    """One restriction, if it exists for the actor; raises NotFound."""
    return Barred(
        *only_row(RESTRICTIONS.where(Restriction.id == restriction_id, visible_to(actor, Restriction.company_id)))
    )


def counts_at(moment: datetime) -> sa.ColumnElement[bool]:
    """Does an entry count at this moment?"""
    return sa.and_(ConductEntry.lifted_at.is_(None), ConductEntry.expires_at > moment)


def running_at(moment: datetime) -> sa.ColumnElement[bool]:
    """Does a restriction keep anybody from asking at this moment?"""
    return sa.and_(Restriction.lifted_at.is_(None), Restriction.ends_at > moment)


def running_in(company_id: int, now: datetime) -> list[Barred]:
    """The restrictions of a company and its people that run now, the oldest first."""
    mine = RESTRICTIONS.where(Restriction.company_id == company_id, running_at(now)).order_by(Restriction.id)
    return [Barred(*row) for row in rows(mine)]
