"""What can be announced of conduct: what is held against people, what they say to it, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class ConductFact(Event):
    """What every fact about an entry of the record says: of which booking, whose, and what is held against them."""

    OBJECT: ClassVar[str] = "conduct_entry"
    booking_id: int
    instrument_id: int
    person_id: int
    name: str  # of the person; empty where somebody of the laboratory had booked it
    what: str  # no_show, late_cancel, overtime


@dataclass(frozen=True, kw_only=True)
class ConductNoted(ConductFact):
    """It stands in the record until `expires_at`, and counts so many points."""

    points: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class ConductObjected(ConductFact):
    """The company says why it should not be held against anybody."""

    objection: str


@dataclass(frozen=True, kw_only=True)
class ConductLifted(ConductFact):
    """It counts no more, and why; by the clock where what it rested on is gone."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class RestrictionFact(Event):
    """What every fact about a restriction says: whom it keeps from booking, and until when."""

    OBJECT: ClassVar[str] = "restriction"
    person_id: int | None  # None: everybody of the company
    name: str = ""  # of the person
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class RestrictionBegan(RestrictionFact):
    """So many points are more than the published rules let pass."""

    points: int


@dataclass(frozen=True, kw_only=True)
class RestrictionLifted(RestrictionFact):
    """They may book again before its end, and why."""

    reason: str
