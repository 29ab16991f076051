"""What can be announced of asking for time, of the answer, and of what becomes of it until it is used."""

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
    over_quota: bool = False
    provisional: bool = False  # the notice of its year's holidays is not published yet
    replaces_id: int | None = None  # the displaced booking for which it was taken
    awaiting: str = ""  # company: its own admins answer first
    waived: tuple[str, ...] = ()
    reason: str = ""  # why that was waived


@dataclass(frozen=True, kw_only=True)
class BookingApproved(BookingFact):
    """The laboratory said yes; by itself where the instrument needs no approval. Rules may have been `waived`."""

    answer: str = ""
    waived: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BookingRejected(BookingFact):
    """The laboratory said no, or the company's own admin did while it awaited them, and why."""

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
    awaiting: str = ""


@dataclass(frozen=True, kw_only=True)
class BookingDisplaced(BookingFact):
    """The laboratory took the time for itself; the company's hours are given back, and another time is looked for.

    `cause` is what took it: maintenance, outage, closed_day, retired, channels.
    """

    was: str
    cause: str
    cause_id: int


@dataclass(frozen=True, kw_only=True)
class BookingOverQuota(BookingFact):
    """The company may use less than before: the request holds none of its hours, unless a manager waives it."""


@dataclass(frozen=True, kw_only=True)
class BookingExpired(BookingFact):
    """Nobody answered by `decide_by`; the time is free again."""

    decide_by: datetime
    awaiting: str = ""  # company: it was its own admins' to answer


@dataclass(frozen=True, kw_only=True)
class AnswerDue(BookingFact):
    """A request still waits for its answer, and managers are reminded; `escalated`: now the deputies are told too.

    While it is `awaiting` its own company, that company's admins are.
    """

    OBJECT: ClassVar[str] = "reminder"
    booking_id: int
    decide_by: datetime
    escalated: bool
    awaiting: str = ""


@dataclass(frozen=True, kw_only=True)
class BookingComingUp(BookingFact):
    """An approved booking starts within a day, and its people are reminded."""

    OBJECT: ClassVar[str] = "reminder"
    booking_id: int


@dataclass(frozen=True, kw_only=True)
class BookingMadeFirm(BookingFact):
    """The notice of its year's holidays is published and leaves the booking standing, in the same `state`."""

    state: str


@dataclass(frozen=True, kw_only=True)
class BookingMadeProvisional(BookingFact):
    """It is not known any more whether the booking's day will be worked."""

    state: str


@dataclass(frozen=True, kw_only=True)
class BookingEndorsed(BookingFact):
    """An admin of the company said yes in-house; in state `requested` the laboratory has to, until `decide_by`."""

    state: str
    decide_by: datetime | None = None
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class BookingOffered(BookingFact):
    """This time is held for the company until `answer_by`: another one than it asked for, which stands here too.

    Or one that became free for which it waited; then no time was asked for before.
    """

    person_id: int
    answer_by: datetime
    was: str = ""
    old_starts_at: datetime | None = None
    old_ends_at: datetime | None = None
    answer: str = ""
    waived: tuple[str, ...] = ()
    over_quota: bool = False
    provisional: bool = False
    waitlist_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class BookingAccepted(BookingFact):
    """The company took the time it was offered; in state `requested` it is still to be answered until `decide_by`."""

    state: str
    decide_by: datetime | None = None
    awaiting: str = ""  # company: its own admins answer first


@dataclass(frozen=True, kw_only=True)
class BookingLapsed(BookingFact):
    """The company did not answer the offer by `answer_by`; the time is free again."""

    answer_by: datetime


@dataclass(frozen=True, kw_only=True)
class BookingHandedOver(BookingFact):
    """A colleague of the same company has the booking now; who had it stands here too."""

    person_id: int
    old_person_id: int
    state: str
    name: str = ""  # of who has it now


@dataclass(frozen=True, kw_only=True)
class BookingEndChanged(BookingFact):
    """In use, it was made longer or shorter; the old end stands here. Rules may have been `waived`."""

    old_ends_at: datetime
    waived: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class BookingTakenOver(BookingFact):
    """It was cancelled too late, but others took its time: what that cost, a `charge` in per cent, is given back."""

    charge: int
