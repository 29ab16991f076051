"""What is the case with bookings: what an actor may see of them, and the facts rules need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.booking import lifecycle, rules
from labshare.booking.models import Booking
from labshare.instruments import queries as catalogue
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import LONGEST_CLAIM, only_row, rows
from labshare.kernel.slots import Slot
from labshare.people.models import Company, Person, Site


@dataclass(frozen=True)
class Seen:
    """A booking as those see it who may: the row, and the names beside it."""

    id: int
    state: str
    version: int
    instrument_id: int
    instrument_code: str
    instrument_en: str
    instrument_zh: str
    site_id: int
    zone: str
    rate: Decimal
    company_id: int
    company_name: str
    person_id: int
    person_name: str
    starts_at: datetime
    ends_at: datetime
    channel: int
    purpose: str
    on_behalf: bool
    decide_by: datetime | None
    answer: str
    created_at: datetime
    excuse: str
    over_quota: bool
    charge: int
    replaces_id: int | None
    provisional: bool
    awaiting: str
    waitlist_id: int | None
    answered_at: datetime | None

    @property
    def slot(self) -> Slot:
        return Slot(self.starts_at, self.ends_at)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def estimate_cny(self) -> float:
        """The estimated price: the instrument's rate × hours."""
        return round(float(self.rate) * self.slot.hours, 2)


SEEN: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # 30 columns, typed one by one, are of no use here
        Booking.id,
        Booking.state,
        Booking.version,
        Booking.instrument_id,
        Instrument.code.label("instrument_code"),
        Instrument.name_en.label("instrument_en"),
        Instrument.name_zh.label("instrument_zh"),
        Instrument.site_id,
        Site.zone,
        Instrument.rate_cny_per_hour.label("rate"),
        Booking.company_id,
        Company.name.label("company_name"),
        Booking.person_id,
        Person.name.label("person_name"),
        Booking.starts_at,
        Booking.ends_at,
        Booking.channel,
        Booking.purpose,
        Booking.on_behalf,
        Booking.decide_by,
        Booking.answer,
        Booking.created_at,
        Booking.excuse,
        Booking.over_quota,
        Booking.charge,
        Booking.replaces_id,
        Booking.provisional,
        Booking.awaiting,
        Booking.waitlist_id,
        Booking.answered_at,
    )
    .select_from(Booking)
    .join(Instrument, Instrument.id == Booking.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
    .join(Company, Company.id == Booking.company_id)
    .join(Person, Person.id == Booking.person_id)
)


def visible_to(actor: Actor, company: Any = Booking.company_id) -> sa.ColumnElement[bool]:
    """Which bookings exist for the actor: the own company's; for staff those at their sites; for admins all.

    Or which of what else has a `company` and stands at an instrument.
    """
    if actor.is_admin or actor.is_system:
        return sa.true()
    ways = []
    if actor.company_id is not None:
        ways.append(company == actor.company_id)
    if actor.is_staff:
        ways.append(Instrument.site_id.in_(sorted(actor.site_ids)))
    return sa.or_(*ways) if ways else sa.false()


def seen(actor: Actor, booking_id: int) -> Seen:
    """The booking, if it exists for the actor; raises NotFound."""
    return Seen(*only_row(SEEN.where(Booking.id == booking_id, visible_to(actor))))


def listed(
    actor: Actor,
    *,
    state: str | None = None,
    instrument: str | None = None,
    company_id: int | None = None,
    starts_from: datetime | None = None,
    starts_to: datetime | None = None,
    mine: bool = False,
    awaiting: str | None = None,
) -> sa.Select[Any]:
    """The actor's bookings by what is asked, for a paged list."""
    statement = SEEN.where(visible_to(actor))
    if state is not None:
        statement = statement.where(Booking.state == state)
    if instrument is not None:
        statement = statement.where(Instrument.code == instrument)
    if company_id is not None:
        statement = statement.where(Booking.company_id == company_id)
    if starts_from is not None:
        statement = statement.where(Booking.starts_at >= starts_from)
    if starts_to is not None:
        statement = statement.where(Booking.starts_at < starts_to)
    if mine:
        statement = statement.where(Booking.person_id == actor.person_id)
    if awaiting is not None:
        statement = statement.where(_AWAITS[awaiting])
    return statement


def during(company_id: int, whole: Slot) -> sa.Select[Any]:
    """The company's bookings whose time touches this and is, or was, theirs; by start."""
    touches = (Booking.starts_at > whole.start - LONGEST_CLAIM, Booking.starts_at < whole.end)
    theirs = Booking.state.in_((*lifecycle.LIVE, lifecycle.MISSED))
    mine = SEEN.where(Booking.company_id == company_id, *touches, Booking.ends_at > whole.start, theirs)
    return mine.order_by(Booking.starts_at, Booking.id)


def ahead(now: datetime) -> sa.ColumnElement[bool]:
    """Is the use of it still to come, or going on? No booking is longer than a claim may be, so none began before."""
    waits = Booking.state.in_(lifecycle.AHEAD) & (Booking.ends_at > now)
    return (Booking.starts_at > now - LONGEST_CLAIM) & (waits | (Booking.state == lifecycle.IN_USE))


WAITS_FOR_LABORATORY = (Booking.state == lifecycle.REQUESTED) & (Booking.awaiting != lifecycle.COMPANY)
_WAITS_IN_HOUSE = (Booking.state == lifecycle.REQUESTED) & (Booking.awaiting == lifecycle.COMPANY)
_AWAITS = {  # as lifecycle.awaits has it
    lifecycle.LABORATORY: WAITS_FOR_LABORATORY,
    lifecycle.COMPANY: _WAITS_IN_HOUSE | (Booking.state == lifecycle.OFFERED),
}


def to_endorse(actor: Actor, now: datetime) -> sa.ColumnElement[bool]:
    """Does it wait for the actor's own yes, in the name of their company? Nothing does of who is no admin of any."""
    if actor.company_id is None or not actor.is_company_admin:
        return sa.false()
    return sa.and_(Booking.company_id == actor.company_id, _WAITS_IN_HOUSE, Booking.starts_at > now)


def count_to_endorse(actor: Actor, now: datetime) -> int:
    """How many requests wait for the actor's own yes; nobody but a company's admin is asked."""
    if actor.company_id is None or not actor.is_company_admin:
        return 0
    return int(rows(sa.select(sa.func.count()).select_from(Booking).where(to_endorse(actor, now)))[0][0])


def waiting(actor: Actor) -> sa.Select[Any]:
    """What waits for the actor's answer, for a paged list."""
    statement = SEEN.where(WAITS_FOR_LABORATORY)
    return statement if actor.is_admin else statement.where(Instrument.site_id.in_(sorted(actor.site_ids)))


def count_waiting(actor: Actor, now: datetime) -> int:
    """How many requests with a future wait for the actor's answer."""
    statement = sa.select(sa.func.count()).select_from(Booking).where(WAITS_FOR_LABORATORY)
    if not actor.is_admin:
        statement = statement.join(Instrument).where(Instrument.site_id.in_(sorted(actor.site_ids)))
    return int(rows(statement.where(Booking.starts_at > now))[0][0])


def count_own_waiting(actor: Actor, now: datetime) -> int:
    """How many requests of the actor's company wait for the laboratory."""
    mine = sa.and_(Booking.company_id == actor.company_id, WAITS_FOR_LABORATORY)
    statement = sa.select(sa.func.count()).select_from(Booking).where(mine, Booking.starts_at > now)
    return int(rows(statement)[0][0])


_COMPANY = sa.select(Company.id, Company.name, Company.state).where(Company.id == sa.bindparam("wanted"))


def company(company_id: int) -> sa.Row[Any]:
    """A company's name and whether it may book; raises NotFound."""
    found: sa.Row[Any] = only_row(_COMPANY, wanted=company_id)
    return found


def charge_of_cancelling(actor: Actor, booking: Seen, now: datetime) -> int:
    """What giving the booking back now costs its company, in per cent of its minutes; 0 when staff take it back."""
    if booking.state != lifecycle.APPROVED or not actor.belongs_to(booking.company_id):
        return 0
    known = catalogue.known_by_id(booking.instrument_id)
    late = rules.late_to_cancel(booking.slot, booking.created_at, known.cancel_minutes, now)
    return known.late_cancel_percent if late else 0


def customers() -> list[tuple[int, str]]:
    """The companies staff may book for, by name."""
    statement = sa.select(Company.id, Company.name).where(Company.state == "active").order_by(Company.name)
    return [(number, name) for number, name in rows(statement)]
