"""What stands behind a figure: the uses of a year or month, or the bookings that had some outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa

from labshare.booking import lifecycle
from labshare.booking import queries as bookings
from labshare.booking.models import Booking, UsageRecord
from labshare.booking.rules.tallying import KEPT
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import LONGEST_CLAIM
from labshare.kernel.errors import N_, Text
from labshare.kernel.slots import MINUTE, Slot, local
from labshare.people.models import Company, Person
from labshare.web.i18n import LOCAL

USES, BOOKED = "uses", "booked_hours"
_BEGUN: dict[str, Callable[[], Any]] = {
    "bookings": lambda: sa.true(),
    "approved": lambda: Booking.state.in_(sorted(KEPT)),
    "rejected": lambda: Booking.state == lifecycle.REJECTED,
    "cancelled": lambda: Booking.state == lifecycle.CANCELLED,
    "late_cancels": lambda: sa.and_(Booking.state == lifecycle.CANCELLED, Booking.charge > 0),
    "no_shows": lambda: sa.and_(Booking.state == lifecycle.MISSED, Booking.excuse == ""),
    "expired": lambda: Booking.state.in_((lifecycle.EXPIRED, lifecycle.LAPSED)),
    "displaced": lambda: Booking.state == lifecycle.DISPLACED,
}
WHAT: dict[str, Text] = {
    USES: N_("Uses"),
    "bookings": N_("Bookings asked for"),
    "approved": N_("Bookings approved"),
    "rejected": N_("Bookings rejected"),
    "cancelled": N_("Bookings cancelled"),
    "late_cancels": N_("Late cancellations"),
    "no_shows": N_("No-shows"),
    "expired": N_("Unanswered"),
    "displaced": N_("Displaced"),
    BOOKED: N_("Booked hours"),
}


@dataclass(frozen=True)
class Sought:
    """Which figure of which year, month, company and instrument."""

    year: int
    month: int | None = None
    company: int | None = None
    instrument: str | None = None
    what: str = USES

    @property
    def slot(self) -> Slot:
        """The year or the month, at the laboratory."""
        first = date(self.year, self.month or 1, 1)
        if self.month is None:
            last = date(self.year + 1, 1, 1)
        else:
            last = date(self.year + self.month // 12, self.month % 12 + 1, 1)
        return Slot(local(first, time(), LOCAL), local(last, time(), LOCAL))

    def piece(self, start: datetime, end: datetime) -> int:
        """Whole minutes of it that lie in this time; one that midnight cuts belongs to what comes after."""
        slot = self.slot
        until, since = min(end, slot.end), max(start, slot.start)
        if until <= since:
            return 0
        return (until - start) // MINUTE - max(0, (since - start) // MINUTE)


def statement(actor: Actor, sought: Sought) -> sa.Select[Any]:
    """Its rows, for paging by start and number: bookings with the use of them, if there was any."""
    slot, use = sought.slot, sought.what == USES
    start, end = (UsageRecord.starts_at, UsageRecord.ends_at) if use else (Booking.starts_at, Booking.ends_at)
    columns = (
        *(start.label("starts_at"), Booking.id.label("id"), end.label("ends_at"), Booking.state, Booking.purpose),
        *(Booking.company_id, Company.name.label("company"), Person.name.label("person")),
        *(Instrument.code, Instrument.name_en, Instrument.name_zh, UsageRecord.samples, UsageRecord.source),
    )
    found: sa.Select[Any] = (
        sa.select(*columns)  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
        .select_from(Booking)
        .join(Instrument, Instrument.id == Booking.instrument_id)
        .join(Company, Company.id == Booking.company_id)
        .join(Person, Person.id == Booking.person_id)
        .join(UsageRecord, UsageRecord.booking_id == Booking.id, isouter=not use)
        .where(bookings.visible_to(actor), start < slot.end)
    )
    if sought.what in (USES, BOOKED):  # with what began before and lasted into it
        found = found.where(start > slot.start - LONGEST_CLAIM, sa.or_(end > slot.start, start >= slot.start))
        found = found.where(end.is_not(None) if use else Booking.state.in_(sorted(KEPT)))
    else:
        found = found.where(start >= slot.start, _BEGUN[sought.what]())
    if sought.company is not None:
        found = found.where(Booking.company_id == sought.company)
    if sought.instrument is not None:
        found = found.where(Instrument.code == sought.instrument)
    return found
