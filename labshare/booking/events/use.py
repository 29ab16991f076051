"""What can be announced of the use of an instrument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from labshare.booking.events.asking import BookingFact
from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class BookingStarted(BookingFact):
    """Somebody checked in at `at`; `late` is held against them unless `excuse` says why not."""

    at: datetime
    late: bool
    excuse: str = ""


@dataclass(frozen=True, kw_only=True)
class BookingCompleted(BookingFact):
    """The use is over: from when to when it really was, how that is known, and what was found.

    With an `excuse` nothing of it is held against anybody.
    """

    used_from: datetime
    used_to: datetime
    source: str  # checked_in, operator, assumed
    overtime: bool = False
    left_early: bool = False
    excuse: str = ""
    problem: str = ""
    samples: int | None = None


@dataclass(frozen=True, kw_only=True)
class BookingMissed(BookingFact):
    """Nobody came; the rest of the time is free. With an `excuse` it is nobody's fault, without it costs a `charge`."""

    excuse: str = ""
    charge: int = 0


@dataclass(frozen=True, kw_only=True)
class UsageCorrected(BookingFact):
    """Staff corrected a usage record; the old values and the new ones stand here."""

    OBJECT: ClassVar[str] = "usage_record"
    booking_id: int
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str


@dataclass(frozen=True, kw_only=True)
class TotalsRecounted(Event):
    """So many sums of companies, instruments and months were not what bookings and uses say, and are now."""

    OBJECT: ClassVar[str] = "totals"
    sums: int
