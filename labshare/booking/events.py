"""What can be announced of a booking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class BookingFact(Event):
    """What every fact about a booking says: whose instrument time, and which."""

    OBJECT: ClassVar[str] = "booking"
    instrument_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingRequested(BookingFact):
    """Somebody asked for time."""

    person_id: int
    decide_by: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BookingApproved(BookingFact):
    """The laboratory said yes; by itself where the instrument needs no approval."""

    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class BookingRejected(BookingFact):
    """The laboratory said no, and why."""

    answer: str


@dataclass(frozen=True, kw_only=True)
class BookingCancelled(BookingFact):
    """The time was given back."""

    was: str


@dataclass(frozen=True, kw_only=True)
class BookingMoved(BookingFact):
    """The booking has another time; the old one stands here."""

    old_starts_at: datetime
    old_ends_at: datetime
    was: str
    state: str
