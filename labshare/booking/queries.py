"""What is the case with bookings: what an actor may see of them, and the facts rules need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.booking import lifecycle, rules
from labshare.booking.models import Booking, Restriction
from labshare.instruments import hours, timeline
from labshare.instruments import queries as catalogue
from labshare.instruments.models import Instrument
from labshare.instruments.queries import Known
from labshare.kernel.actor import Actor
from labshare.kernel.db import LONGEST_CLAIM, next_id, rows, table_of
from labshare.kernel.errors import NotFound
from labshare.kernel.slots import Slot
from labshare.people.models import Company, Person, Site
from labshare.quotas import account, quotes
from labshare.quotas.quotes import Quote


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
    sa.select(  # type: ignore[assignment]  # 29 columns, typed one by one, are of no use here
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
    )
    .select_from(Booking)
    .join(Instrument, Instrument.id == Booking.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
    .join(Company, Company.id == Booking.company_id)
    .join(Person, Person.id == Booking.person_id)
)


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Which bookings exist for the actor: the own company's; for staff those at their sites; for admins all."""
    if actor.is_admin or actor.is_system:
        return sa.true()
    ways = []
    if actor.company_id is not None:
        ways.append(Booking.company_id == actor.company_id)
    if actor.is_staff:
        ways.append(Instrument.site_id.in_(sorted(actor.site_ids)))
    return sa.or_(*ways) if ways else sa.false()


def seen(actor: Actor, booking_id: int) -> Seen:
    """The booking, if it exists for the actor; raises NotFound."""
    found = rows(SEEN.where(Booking.id == booking_id, visible_to(actor)))
    if not found:
        raise NotFound
    return Seen(*found[0])


def listed(
    actor: Actor,
    *,
    state: str | None = None,
    instrument: str | None = None,
    company_id: int | None = None,
    starts_from: datetime | None = None,
    starts_to: datetime | None = None,
    mine: bool = False,
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
    return statement


def ahead(now: datetime) -> sa.ColumnElement[bool]:
    """Is the use of it still to come, or going on? No booking is longer than a claim may be, so none began before."""
    waits = Booking.state.in_(lifecycle.AHEAD) & (Booking.ends_at > now)
    return (Booking.starts_at > now - LONGEST_CLAIM) & (waits | (Booking.state == lifecycle.IN_USE))


WAITS_FOR_LABORATORY = (Booking.state == lifecycle.REQUESTED) & (Booking.awaiting != lifecycle.COMPANY)


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
    mine = sa.and_(Booking.company_id == actor.company_id, Booking.state == lifecycle.REQUESTED)
    statement = sa.select(sa.func.count()).select_from(Booking).where(mine, Booking.starts_at > now)
    return int(rows(statement)[0][0])


_COMPANY = sa.select(Company.id, Company.name, Company.state).where(Company.id == sa.bindparam("wanted"))


def company(company_id: int) -> sa.Row[Any]:
    """A company's name and whether it may book; raises NotFound."""
    found: sa.Row[Any] = _one(_COMPANY, wanted=company_id)
    return found


@dataclass(frozen=True)
class Asker:
    """Who asks: a company, and a person of it or None for staff; may it book, and until when may they not?

    Of bookings of `in_house_minutes` or more its own admins approve first; None: of none.
    """

    id: int
    name: str
    active: bool
    in_house_minutes: int | None
    restricted_until: datetime | None
    person_id: int | None


_asker, _restriction = table_of(Company).alias("asker"), table_of(Restriction)
_KEPT = sa.and_(
    _restriction.c.company_id == _asker.c.id,
    _restriction.c.lifted_at.is_(None),
    sa.or_(_restriction.c.person_id.is_(None), _restriction.c.person_id == sa.bindparam("person", type_=sa.BigInteger)),
)
_UNTIL = sa.select(sa.func.max(_restriction.c.ends_at)).where(_KEPT).correlate(_asker).scalar_subquery()
_ASKED = catalogue.KNOWN_BY_ID.add_columns(
    *(_asker.c.id, _asker.c.name, _asker.c.state, _asker.c.in_house_minutes, _UNTIL)
).outerjoin(_asker, _asker.c.id == sa.bindparam("asker"))
_ASKED_ANEW = _ASKED.add_columns(next_id(table_of(Booking)))


def asked(instrument_id: int, company_id: int, person_id: int | None) -> tuple[Known, Asker]:
    """The instrument, and who asks for it, in one statement. Raises NotFound."""
    *found, number, name, state, in_house, until = _one(
        _ASKED, wanted=instrument_id, asker=company_id, person=person_id
    )
    return catalogue.as_known(found), _asker_of(number, name, state, in_house, until, person_id)


def asked_anew(instrument_id: int, company_id: int, person_id: int | None) -> tuple[Known, Asker, int | None]:
    """The same, and the number of the booking that is about to be written, where it can be known."""
    *found, number, name, state, in_house, until, new = _one(
        _ASKED_ANEW, wanted=instrument_id, asker=company_id, person=person_id
    )
    return catalogue.as_known(found), _asker_of(number, name, state, in_house, until, person_id), new


def _asker_of(number: int | None, name: str, state: str, *rest: Any) -> Asker:
    if number is None:
        raise NotFound
    return Asker(number, name, state == "active", *rest)


def _one(statement: Any, **values: Any) -> Any:
    found = rows(statement, **values)
    if not found:
        raise NotFound
    return found[0]


def gather(
    known: Known, slot: Slot, now: datetime, whose: Asker, but: int | None = None, offer: int | None = None
) -> rules.Facts:
    """The facts a decision about this slot rests on; what the booking `but` claims and holds is not in its own way.

    Nor is the `offer` that is held for whoever asks.
    """
    wanted = rules.held(known, slot)
    claims = timeline.taken([known.id], wanted)[known.id]
    mine = {(timeline.BOOKING, but), (timeline.OFFER, offer)}
    others = [claim for claim in claims if (claim.kind, claim.owner_id) not in mine]
    channel = timeline.free_channel(others, wanted, known.channels)
    facts = rules.Facts(now, slot, known, whose.active, channel, others, hours=hours.of([known])[known.id])
    before = [] if but is None else account.standing(but)
    try:
        quote = quotes.of_slot(whose.id, known, slot, before)
    except account.NotOpen:  # for a time that cannot be had anyway, no account need be open
        if not rules.refusals(facts):
            raise
        return facts
    ahead = _ahead(whose, quote, now) if but is None else None  # a move adds none
    return replace(facts, shares=quote.shares, ahead=ahead)


def _ahead(whose: Asker, quote: Quote, now: datetime) -> rules.Ahead | None:
    caps = quote.company_cap, quote.person_cap
    if caps == (None, None):
        return None
    return rules.Ahead(*ahead_of(whose.id, whose.person_id, now), *caps, quote.account_id)


def ahead_of(company_id: int, person_id: int | None, now: datetime) -> tuple[int, int]:
    """How many bookings the company, and that person of it, have ahead."""
    of_person = sa.func.sum(sa.case((Booking.person_id == person_id, 1), else_=0))
    ahead = sa.select(sa.func.count(), sa.func.coalesce(of_person, 0)).where(
        Booking.company_id == company_id,
        Booking.state.in_(lifecycle.AHEAD),
        Booking.starts_at > now,
    )
    [(company, person)] = rows(ahead)
    return int(company), int(person)


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
