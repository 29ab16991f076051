"""What can be announced of the other times that displaced bookings are offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class OfferFact(Event):
    """What every fact about another time for a displaced booking says; the instrument and the time are the offer's."""

    OBJECT: ClassVar[str] = "displacement"
    booking_id: int
    instrument_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class OfferMade(OfferFact):
    """Another time is held for the company until `answer_by`."""

    answer_by: datetime


@dataclass(frozen=True, kw_only=True)
class OfferAccepted(OfferFact):
    """The company took the time that was held, or another one; `new_booking_id` is the booking it became."""

    new_booking_id: int


@dataclass(frozen=True, kw_only=True)
class OfferDeclined(OfferFact):
    """The company does not want another time."""


@dataclass(frozen=True, kw_only=True)
class OfferLapsed(OfferFact):
    """The company did not answer by `answer_by`; the time is free again."""

    answer_by: datetime


@dataclass(frozen=True, kw_only=True)
class OfferWithdrawn(OfferFact):
    """The laboratory needs the time that was held after all; another one is looked for."""


@dataclass(frozen=True, kw_only=True)
class TimeFreed(OfferFact):
    """The laboratory does not need the time after all for which the booking was displaced; the time is the old one."""
