"""The waiting list: who stands in line for which time, and how a place in it changes; in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from labshare.booking import rules
from labshare.booking.events import WaitlistFact
from labshare.booking.models import ASKED, IN_LINE, Booking, WaitlistEntry
from labshare.booking.queries import visible_to
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.instruments.models import Instrument
from labshare.instruments.queries import Known
from labshare.instruments.timeline import Taken
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, only_row, rows, swap, table_of
from labshare.kernel.journal import publish
from labshare.kernel.slots import Slot
from labshare.people.models import Company, Person, Site

_entry = table_of(WaitlistEntry)


@dataclass(frozen=True)
class Wait:
    """A place in line as those see it who may, with the names beside it.

    `booking_id` is the booking that holds the time for them, or that they took and have not moved since.
    """

    id: int
    state: str
    version: int
    instrument_id: int
    instrument_code: str
    instrument_en: str
    instrument_zh: str
    site_id: int
    zone: str
    company_id: int
    company_name: str
    person_id: int
    person_name: str
    person_company_id: int | None
    starts_at: datetime
    ends_at: datetime
    purpose: str
    created_at: datetime
    position: int | None  # 1 is asked first; None for who does not wait any more
    booking_id: int | None

    @property
    def slot(self) -> Slot:
        return Slot(self.starts_at, self.ends_at)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def on_behalf(self) -> bool:
        """Did staff join for the company?"""
        return self.person_company_id != self.company_id


_before = aliased(WaitlistEntry)
_EARLIER = sa.or_(
    _before.created_at < WaitlistEntry.created_at,
    sa.and_(_before.created_at == WaitlistEntry.created_at, _before.id <= WaitlistEntry.id),  # and the entry itself
)
_AHEAD = sa.and_(
    _before.instrument_id == WaitlistEntry.instrument_id,
    _before.state == IN_LINE,
    _before.starts_at < WaitlistEntry.ends_at,
    _before.ends_at > WaitlistEntry.starts_at,
    _EARLIER,
)
_POSITION = sa.select(sa.func.count(_before.id)).where(_AHEAD).correlate(WaitlistEntry).scalar_subquery()
# Found by where it is, which has an index.
_HELD = sa.and_(
    Booking.instrument_id == WaitlistEntry.instrument_id,
    Booking.starts_at == WaitlistEntry.starts_at,
    Booking.waitlist_id == WaitlistEntry.id,
)
WAITS: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
        *(WaitlistEntry.id, WaitlistEntry.state, WaitlistEntry.version, WaitlistEntry.instrument_id),
        *(Instrument.code.label("instrument_code"), Instrument.name_en.label("instrument_en")),
        *(Instrument.name_zh.label("instrument_zh"), Instrument.site_id, Site.zone),
        *(WaitlistEntry.company_id, Company.name.label("company_name")),
        *(WaitlistEntry.person_id, Person.name.label("person_name"), Person.company_id.label("person_company_id")),
        *(WaitlistEntry.starts_at, WaitlistEntry.ends_at, WaitlistEntry.purpose, WaitlistEntry.created_at),
        sa.case((WaitlistEntry.state == IN_LINE, _POSITION)).label("position"),
        Booking.id.label("booking_id"),
    )
    .select_from(WaitlistEntry)
    .join(Instrument, Instrument.id == WaitlistEntry.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
    .join(Company, Company.id == WaitlistEntry.company_id)
    .join(Person, Person.id == WaitlistEntry.person_id)
    .outerjoin(Booking, _HELD)
)


def seen(actor: Actor, entry_id: int) -> Wait:
    """The place in line, if it exists for the actor; raises NotFound."""
    return Wait(*only_row(WAITS.where(WaitlistEntry.id == entry_id, visible_to(actor, WaitlistEntry.company_id))))


def listed(actor: Actor, states: Collection[str] = (), instrument: str | None = None) -> sa.Select[Any]:
    """The actor's places in line, for a paged list; in these states, or in any."""
    statement = WAITS.where(visible_to(actor, WaitlistEntry.company_id))
    if states:
        statement = statement.where(WaitlistEntry.state.in_(sorted(states)))
    if instrument is not None:
        statement = statement.where(Instrument.code == instrument)
    return statement


def line(known: Known, slot: Slot, company_id: int) -> rules.Line:
    """How the line stands that a company wants to join; one statement."""
    here = sa.and_(_entry.c.instrument_id == known.id, _entry.c.state == IN_LINE)
    over = sa.and_(_entry.c.starts_at < slot.end, _entry.c.ends_at > slot.start)
    mine = sa.and_(_entry.c.company_id == company_id, _entry.c.state.in_((IN_LINE, ASKED)))
    same = sa.and_(
        *(_entry.c.instrument_id == known.id, _entry.c.starts_at == slot.start, _entry.c.ends_at == slot.end)
    )
    counts = (
        sa.select(sa.func.count()).select_from(_entry).where(*one) for one in ((here, over), (mine, same), (mine,))
    )
    [(long, own, anywhere)] = rows(sa.select(*(one.scalar_subquery() for one in counts)))
    return rules.Line(int(long), int(own), int(anywhere))


def is_asked(entry_id: int | None) -> bool:
    """Is time held for this place in line?"""
    if entry_id is None:
        return False
    return bool(rows(sa.select(_entry.c.id).where(_entry.c.id == entry_id, _entry.c.state == ASKED)))


# ---------------------------------------------------------------- how a place in line changes


def turn(
    tx: Transaction, actor: Actor, wait: Wait, state: str, fact: type[WaitlistFact], now: datetime, **said: Any
) -> None:
    """Compare and swap the place's state, and tell; raises Conflict where somebody was faster."""
    version = swap(tx, _entry, wait.id, wait.version, {"state": state})
    publish(tx, actor, fact(object_id=wait.id, version=version, **about(wait), **said), now)


def about(wait: Wait) -> dict[str, Any]:
    """What every fact about a place in line says."""
    names = ("company_id", "instrument_id", "person_id", "starts_at", "ends_at")
    return {name: getattr(wait, name) for name in names}


def asked_for(booking_id: int) -> Wait | None:
    """The place in line for which this booking holds its time until it is answered; None where it is for none."""
    mine = sa.and_(Booking.id == booking_id, WaitlistEntry.state == ASKED)
    found = rows(WAITS.where(mine))
    return Wait(*found[0]) if found else None


# ---------------------------------------------------------------- which time has become free


@dataclass(frozen=True)
class Waiting:
    """Somebody in line for a slot."""

    id: int
    instrument_id: int
    slot: Slot


def in_line(now: datetime) -> list[Waiting]:
    """Everybody who waits for time that is still to come and whose company may book, in the order they are asked."""
    statement = (
        sa.select(WaitlistEntry.id, WaitlistEntry.instrument_id, WaitlistEntry.starts_at, WaitlistEntry.ends_at)
        .join(Company, Company.id == WaitlistEntry.company_id)
        .where(WaitlistEntry.state == IN_LINE, WaitlistEntry.starts_at > now, Company.state == "active")
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
    )
    return [Waiting(number, instrument, Slot(start, end)) for number, instrument, start, end in rows(statement)]


def past(now: datetime) -> list[int]:
    """Those who waited for time that has begun."""
    over = sa.and_(WaitlistEntry.state == IN_LINE, WaitlistEntry.starts_at <= now)
    return [number for (number,) in rows(sa.select(WaitlistEntry.id).where(over).order_by(WaitlistEntry.id))]


class Look:
    """What is free of the time that people wait for, as one look found it; what is offered since is free no more."""

    def __init__(self, waiting: Sequence[Waiting]) -> None:
        numbers = {one.instrument_id for one in waiting}
        self._known = {one.id: one for one in catalogue.known_by_ids(numbers)} if numbers else {}
        held = [rules.held(self._known[one.instrument_id], one.slot) for one in waiting]
        self._claims: dict[int, list[Taken]] = {}
        if held:
            widest = Slot(min(one.start for one in held), max(one.end for one in held))
            self._claims = timeline.taken(numbers, widest)

    def channel(self, one: Waiting) -> int | None:
        """A channel on which the slot is free with its buffers, or None."""
        known = self._known[one.instrument_id]
        return timeline.free_channel(self._claims[known.id], rules.held(known, one.slot), known.channels)

    def take(self, one: Waiting) -> None:
        """It is held for somebody now."""
        held, channel = rules.held(self._known[one.instrument_id], one.slot), self.channel(one)
        if channel is not None:
            self._claims[one.instrument_id].append(Taken(channel, held, timeline.BOOKING, 0))
