"""What can be announced of the waiting list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class WaitlistFact(Event):
    """What every fact about a place on the waiting list says: whose it is, and for which time of which instrument."""

    OBJECT: ClassVar[str] = "waitlist_entry"
    instrument_id: int
    person_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class WaitlistJoined(WaitlistFact):
    """Somebody would like this time, should it become free."""


@dataclass(frozen=True, kw_only=True)
class WaitlistLeft(WaitlistFact):
    """They do not wait any more."""


@dataclass(frozen=True, kw_only=True)
class WaitlistOffered(WaitlistFact):
    """The time is free and held for them, as the booking of this number, until they have answered."""

    booking_id: int


@dataclass(frozen=True, kw_only=True)
class WaitlistTaken(WaitlistFact):
    """They took it."""

    booking_id: int


@dataclass(frozen=True, kw_only=True)
class WaitlistPassed(WaitlistFact):
    """They did not want it, or did not answer in time: the next in line is asked."""

    booking_id: int


@dataclass(frozen=True, kw_only=True)
class WaitlistOver(WaitlistFact):
    """The time came and had not become free."""
