"""Time the laboratory takes back: which bookings it hits, and what becomes of them, in the caller's transaction.

Whoever takes time back has locked its instruments. First the bookings hit are found and held still, then displaced,
then the time is claimed by whoever needs it, and last of all the hours are given back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking import charging, free, lifecycle, tally
from labshare.booking.change import about
from labshare.booking.events import BookingDisplaced, OfferWithdrawn, TimeFreed
from labshare.booking.free import Alternative
from labshare.booking.models import OFFERED, OUTAGE, WAITING, Booking, Displacement
from labshare.booking.queries import SEEN, Seen
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.instruments.timeline import Taken
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows, table_of
from labshare.kernel.journal import publish
from labshare.kernel.slots import Slot
from labshare.quotas import account
from labshare.quotas.account import Entry
from labshare.quotas.models import OUTAGE_CREDIT, OVERTIME, RELEASE

_booking, _displacement = map(table_of, (Booking, Displacement))


@dataclass(frozen=True)
class Area:
    """Time that is needed: a stretch of an instrument's channels above this one (0: of all)."""

    instrument_id: int
    slot: Slot
    above_channel: int = 0

    def covers(self, claim: Taken) -> bool:
        """Does the claim, on this instrument, lie in the way?"""
        return claim.channel > self.above_channel and claim.slot.overlaps(self.slot)


@dataclass(frozen=True)
class Cause:
    """What takes the time: the kind, and the window, outage, year or instrument by its id."""

    kind: str
    id: int


@dataclass(frozen=True)
class Hit:
    """What lies in the way: bookings that can be displaced, those that cannot, held offers, other claims."""

    bookings: Sequence[Seen] = ()  # by start
    in_use: Sequence[Seen] = ()
    over: Sequence[Seen] = ()  # completed, and still holding a cool-down
    offers: Sequence[int] = ()  # displacements
    claims: Sequence[tuple[int, Taken]] = ()  # everything in the way, by instrument

    @property
    def closed(self) -> list[tuple[int, Taken]]:
        """Other maintenance and outages in the way, by instrument."""
        return [(number, one) for number, one in self.claims if one.kind in (timeline.MAINTENANCE, timeline.OUTAGE)]

    @property
    def owners(self) -> frozenset[tuple[str, int]]:
        """The owners of claims that will be gone."""
        mine = {(timeline.BOOKING, one.id) for one in self.bookings}
        return frozenset(mine | {(timeline.OFFER, number) for number in self.offers})


def hit(areas: Sequence[Area], tx: Transaction | None = None, without: Collection[tuple[str, int]] = ()) -> Hit:
    """What lies in the way, in two statements; within a transaction its bookings are held still first.

    But for claims of the owners `without`.
    """
    if not areas:
        return Hit()
    claims = [(number, one) for number, one in _in_the_way(areas) if (one.kind, one.owner_id) not in without]
    numbers = sorted({one.owner_id for _, one in claims if one.kind == timeline.BOOKING})
    seen = _seen(numbers, tx) if numbers else []
    return Hit(
        bookings=[one for one in seen if one.state in lifecycle.AHEAD],
        in_use=[one for one in seen if one.state == lifecycle.IN_USE],
        over=[one for one in seen if one.state == lifecycle.COMPLETED],
        offers=sorted({one.owner_id for _, one in claims if one.kind == timeline.OFFER}),
        claims=claims,
    )


def _in_the_way(areas: Sequence[Area]) -> list[tuple[int, Taken]]:
    widest = Slot(min(one.slot.start for one in areas), max(one.slot.end for one in areas))
    by_instrument: dict[int, list[Area]] = {}
    for area in areas:
        by_instrument.setdefault(area.instrument_id, []).append(area)
    taken = timeline.taken(by_instrument, widest)
    return [
        (number, claim)
        for number, some in by_instrument.items()
        for claim in taken[number]
        if any(area.covers(claim) for area in some)
    ]


def _seen(numbers: list[int], tx: Transaction | None) -> list[Seen]:
    if tx is not None:  # who answers or gives back a booking does not lock its instrument, but waits for its row
        tx.execute(sa.select(_booking.c.id).where(_booking.c.id.in_(numbers)).order_by(_booking.c.id).with_for_update())
    found = rows(SEEN.where(Booking.id.in_(numbers)).order_by(Booking.starts_at, Booking.id))
    return [Seen(*row) for row in found]


def displace(tx: Transaction, actor: Actor, some: Hit, cause: Cause, now: datetime) -> list[Entry]:
    """Take the bookings' time and the offers', and tell; what their companies get back, for `give_back` at the end.

    A constant number of statements but for the facts.
    """
    _withdraw(tx, actor, some.offers, now)
    bookings = sorted(some.bookings, key=lambda one: one.id)
    if not bookings:
        return []
    numbers = [one.id for one in bookings]
    values = {"state": lifecycle.DISPLACED, "decide_by": None, "awaiting": "", "version": _booking.c.version + 1}
    tx.execute(sa.update(_booking).where(_booking.c.id.in_(numbers)).values(values))
    timeline.release_all(tx, kind=timeline.BOOKING, owner_ids=numbers)
    why = {"cause": cause.kind, "cause_id": cause.id, "at": now, "state": WAITING, "version": 1}
    tx.execute(sa.insert(_displacement), [{"booking_id": one.id, "was": one.state, **why} for one in bookings])
    for one in bookings:
        said: dict[str, Any] = {"was": one.state, "cause": cause.kind, "cause_id": cause.id}
        fact = BookingDisplaced(object_id=one.id, version=one.version + 1, **about(one), **said)
        publish(tx, actor, fact, now)
        tally.changed(tx, one, replace(one, state=lifecycle.DISPLACED), broken=cause.kind == OUTAGE)
    return charging.lines_of_release(bookings, OUTAGE_CREDIT if cause.kind == OUTAGE else RELEASE)


def _withdraw(tx: Transaction, actor: Actor, offers: Collection[int], now: datetime) -> None:
    """The offers' time is needed after all; the job looks for another."""
    if not offers:
        return
    held = sa.and_(_displacement.c.id.in_(sorted(offers)), _displacement.c.state == OFFERED)
    found = tx.execute(sa.select(_displacement).where(held).order_by(_displacement.c.id).with_for_update()).all()
    values = {"state": WAITING, "version": _displacement.c.version + 1, "answer_by": None}
    tx.execute(sa.update(_displacement).where(held).values(values))
    timeline.release_all(tx, kind=timeline.OFFER, owner_ids=[one.id for one in found])
    whose = sa.select(Booking.id, Booking.company_id).where(Booking.id.in_([one.booking_id for one in found]))
    companies = dict(rows(whose))
    for one in found:
        said: dict[str, Any] = {"version": one.version + 1, "company_id": companies[one.booking_id]}
        said |= {name: getattr(one, name) for name in ("booking_id", "instrument_id", "starts_at", "ends_at")}
        publish(tx, actor, OfferWithdrawn(object_id=one.id, **said), now)


def clear(tx: Transaction, some: Hit, start: datetime) -> None:
    """Uses that are over give up the cool-down they still hold from the moment on."""
    if some.over:
        timeline.release_all(tx, kind=timeline.BOOKING, owner_ids=[one.id for one in some.over], after=start)


def ease(tx: Transaction, actor: Actor, cause: Cause, still: Slot | None, now: datetime) -> int:
    """Tell those whose time is not needed after all, but for what is `still` taken; how many those are."""
    mine = sa.and_(Displacement.cause == cause.kind, Displacement.cause_id == cause.id, Booking.starts_at > now)
    statement = SEEN.add_columns(Displacement.id).join(Displacement, Displacement.booking_id == Booking.id).where(mine)
    freed = 0
    for *row, number in rows(statement.order_by(Booking.starts_at, Booking.id)):
        one = Seen(*row)
        if still is not None and one.slot.overlaps(still):
            continue
        freed += 1
        said: dict[str, Any] = {"company_id": one.company_id, "booking_id": one.id, "instrument_id": one.instrument_id}
        publish(tx, actor, TimeFreed(object_id=number, starts_at=one.starts_at, ends_at=one.ends_at, **said), now)
    return freed


def give_back(tx: Transaction, actor: Actor, entries: Iterable[Entry], now: datetime) -> None:
    """The hours, as the last of everything; raises Outdated where a company's allowances changed meanwhile."""
    account.post(tx, actor, entries, now, forced=OVERTIME)


# ---------------------------------------------------------------- what is known of displaced bookings


@dataclass(frozen=True)
class Displaced:
    """Why a booking was displaced, and the other time that is held for it, or was."""

    id: int
    booking_id: int
    was: str
    cause: str
    cause_id: int
    at: datetime
    state: str
    instrument_id: int | None
    channel: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    answer_by: datetime | None
    version: int

    @property
    def slot(self) -> Slot | None:
        """The time that was offered, if any was."""
        return Slot(self.starts_at, self.ends_at) if self.starts_at and self.ends_at else None

    @property
    def is_open(self) -> bool:
        """Can another time still be taken for it?"""
        return self.state in (WAITING, OFFERED)


DISPLACED: sa.Select[Any] = sa.select(*(getattr(Displacement, name) for name in Displaced.__dataclass_fields__))


def of_booking(booking_id: int, tx: Transaction | None = None) -> Displaced | None:
    """What became of a displaced booking; None where it never was. Within a transaction held still first.

    Whoever answers an offer, lets it lapse or takes its time for a window holds this row first and then the claim;
    the second then sees what the first did, and nobody waits for each other crosswise.
    """
    if tx is not None:
        mine = _displacement.c.booking_id == booking_id
        tx.execute(sa.select(_displacement.c.id).where(mine).with_for_update())
    found = rows(DISPLACED.where(Displacement.booking_id == booking_id))
    return Displaced(*found[0]) if found else None


def waiting(now: datetime) -> list[int]:
    """Displaced bookings for which another time is still looked for, the earliest first.

    Not for ever: the nearest times lie within two weeks of the old one.
    """
    lately = sa.and_(Displacement.state == WAITING, Booking.ends_at > now - free.LOOK_AROUND)
    statement = sa.select(Booking.id).join(Displacement, Displacement.booking_id == Booking.id).where(lately)
    return [number for (number,) in rows(statement.order_by(Booking.starts_at, Booking.id))]


def unanswered(now: datetime) -> list[int]:
    """Displaced bookings whose company did not answer the offer in time."""
    late = sa.and_(Displacement.state == OFFERED, Displacement.answer_by <= now)
    statement = sa.select(Displacement.booking_id).where(late)
    return [number for (number,) in rows(statement.order_by(Displacement.answer_by, Displacement.id))]


@dataclass(frozen=True)
class Way:
    """A displaced booking's way on: why it was displaced, the time that is held for it, and others that are free."""

    displaced: Displaced
    held: Alternative | None
    others: Sequence[Alternative]


MORE = 2  # that many free times are shown beside the one that is held


def way_on(booking: Seen, now: datetime) -> Way | None:
    """How a displaced booking can go on; None where it was never displaced. At most five statements."""
    found = of_booking(booking.id) if booking.state == lifecycle.DISPLACED else None
    if found is None:
        return None
    held = None
    if found.state == OFFERED and found.instrument_id is not None and found.slot is not None:
        held = Alternative(catalogue.known_by_id(found.instrument_id), found.slot)
    known = catalogue.known_by_id(booking.instrument_id)
    others = free.alternatives(known, booking.slot, now)[:MORE] if found.is_open else []
    return Way(found, held, others)
