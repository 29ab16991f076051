"""What stands on a company's desk: what asks for its answer, what goes on, what comes, and what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.booking import lifecycle
from labshare.booking.models import OFFERED, Booking, Displacement
from labshare.booking.queries import SEEN, Seen
from labshare.instruments.models import Instrument
from labshare.kernel.db import LONGEST_CLAIM, rows
from labshare.people.models import Site

FEW = 8  # of each: a desk shows what comes first, a list shows all


@dataclass(frozen=True)
class Asking:
    """A booking for which time is held until its company answers; `displaced`: time instead of what it had."""

    booking: Seen
    displaced: bool
    answer_by: datetime | None
    starts_at: datetime  # of the time that is held, and where that is
    ends_at: datetime
    code: str
    name_en: str
    name_zh: str
    zone: str

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True)
class Desk:
    """What concerns a company now; of each a few, by start."""

    asking: Sequence[Asking]
    running: Sequence[Seen]
    upcoming: Sequence[Seen]
    waiting: Sequence[Seen]  # for the laboratory
    in_house: Sequence[Seen]  # for the company's own admins


def of(company_id: int, now: datetime) -> Desk:
    """The desk of a company; a constant number of statements, none of which looks at what is over."""
    asked = Booking.state == lifecycle.REQUESTED
    ahead = Booking.starts_at > now
    approved = sa.and_(Booking.state == lifecycle.APPROVED, Booking.starts_at > now - LONGEST_CLAIM)
    using = sa.and_(Booking.state == lifecycle.IN_USE, Booking.starts_at > now - LONGEST_CLAIM)
    return Desk(
        asking=_asking(company_id, now),
        running=_some(company_id, using),
        upcoming=_some(company_id, approved & (Booking.ends_at > now)),
        waiting=_some(company_id, asked & ahead & (Booking.awaiting != lifecycle.COMPANY)),
        in_house=_some(company_id, asked & ahead & (Booking.awaiting == lifecycle.COMPANY)),
    )


def _some(company_id: int, which: sa.ColumnElement[bool]) -> list[Seen]:
    found = SEEN.where(Booking.company_id == company_id, which).order_by(Booking.starts_at, Booking.id)
    return [Seen(*row) for row in rows(found.limit(FEW))]


_HELD: sa.Select[*tuple[Any, ...]] = (
    sa.select(
        *(Displacement.booking_id, Displacement.answer_by, Displacement.starts_at, Displacement.ends_at),
        *(Instrument.code, Instrument.name_en, Instrument.name_zh, Site.zone),
    )
    .join(Instrument, Instrument.id == Displacement.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
    .where(Displacement.state == OFFERED)
)


def _asking(company_id: int, now: datetime) -> list[Asking]:
    """Time that is held for the company, what has to be answered first standing first."""
    mine = SEEN.where(Booking.company_id == company_id)
    found = []
    for one in (Seen(*row) for row in rows(mine.where(Booking.state == lifecycle.OFFERED, Booking.starts_at > now))):
        place = (one.instrument_code, one.instrument_en, one.instrument_zh, one.zone)
        found.append(Asking(one, False, one.decide_by, one.starts_at, one.ends_at, *place))
    # Everybody's that are open are few; a company's bookings of all its years are not.
    held = {number: time for number, *time in rows(_HELD)}
    for one in (Seen(*row) for row in rows(mine.where(Booking.id.in_(sorted(held))))):
        found.append(Asking(one, True, *held[one.id]))
    return sorted(found, key=lambda one: (one.answer_by or one.starts_at, one.booking.id))
