"""What can be announced of a booking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

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
    over_quota: bool = False
    provisional: bool = False  # the notice of its year's holidays is not published yet
    replaces_id: int | None = None  # the displaced booking for which it was taken


@dataclass(frozen=True, kw_only=True)
class BookingApproved(BookingFact):
    """The laboratory said yes; by itself where the instrument needs no approval. Rules may have been `waived`."""

    answer: str = ""
    waived: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BookingRejected(BookingFact):
    """The laboratory said no, and why."""

    answer: str


@dataclass(frozen=True, kw_only=True)
class BookingCancelled(BookingFact):
    """The time was given back; late, it costs the company a `charge` in per cent of the minutes.

    `why` is empty where people did it of their own accord.
    """

    was: str
    charge: int = 0
    why: str = ""  # company_suspended


@dataclass(frozen=True, kw_only=True)
class BookingMoved(BookingFact):
    """The booking has another time; the old one stands here."""

    old_starts_at: datetime
    old_ends_at: datetime
    was: str
    state: str
    over_quota: bool = False
    provisional: bool = False


@dataclass(frozen=True, kw_only=True)
class BookingDisplaced(BookingFact):
    """The laboratory took the time for itself; the company's hours are given back, and another time is looked for.

    `cause` is what took it: maintenance, outage, closed_day, retired, channels.
    """

    was: str
    cause: str
    cause_id: int


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


@dataclass(frozen=True, kw_only=True)
class BookingOverQuota(BookingFact):
    """The company may use less than before: the request holds none of its hours, unless a manager waives it."""


@dataclass(frozen=True, kw_only=True)
class BookingExpired(BookingFact):
    """Nobody answered by `decide_by`; the time is free again."""

    decide_by: datetime


@dataclass(frozen=True, kw_only=True)
class AnswerDue(BookingFact):
    """A request still waits for its answer, and managers are reminded; `escalated`: now the deputies are told too."""

    OBJECT: ClassVar[str] = "reminder"
    booking_id: int
    decide_by: datetime
    escalated: bool


@dataclass(frozen=True, kw_only=True)
class BookingComingUp(BookingFact):
    """An approved booking starts within a day, and its people are reminded."""

    OBJECT: ClassVar[str] = "reminder"
    booking_id: int


@dataclass(frozen=True, kw_only=True)
class BookingStarted(BookingFact):
    """Somebody checked in at `at`; `late` is held against them unless `excuse` says why not."""

    at: datetime
    late: bool
    excuse: str = ""


@dataclass(frozen=True, kw_only=True)
class BookingCompleted(BookingFact):
    """The use is over: from when to when it really was, how that is known, and what was found."""

    used_from: datetime
    used_to: datetime
    source: str  # checked_in, operator, assumed
    overtime: bool = False
    left_early: bool = False
    problem: str = ""


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
class BookingMadeFirm(BookingFact):
    """The notice of its year's holidays is published and leaves the booking standing, in the same `state`."""

    state: str


@dataclass(frozen=True, kw_only=True)
class BookingMadeProvisional(BookingFact):
    """It is not known any more whether the booking's day will be worked."""

    state: str
