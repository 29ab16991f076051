"""What can be announced of a year and how far its figures are settled.

Of most steps there is one fact of the year, and one for each company whose figures they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class YearFact(Event):
    """What every fact about a year says."""

    OBJECT: ClassVar[str] = "usage_year"
    year: int


@dataclass(frozen=True, kw_only=True)
class YearIssued(YearFact):
    """The figures of the year are shown to so many companies, which may object until `object_by`."""

    object_by: datetime
    companies: int


@dataclass(frozen=True, kw_only=True)
class StatementIssued(YearFact):
    """A company may look at its figures of the year, and object until `object_by`."""

    object_by: datetime


@dataclass(frozen=True, kw_only=True)
class YearWithdrawn(YearFact):
    """The year is a draft again: its figures are not settled, and nobody needs to object."""


@dataclass(frozen=True, kw_only=True)
class StatementsDue(YearFact):
    """So many companies are reminded, once, that they may object to their figures of the year until `object_by`."""

    object_by: datetime
    companies: int


@dataclass(frozen=True, kw_only=True)
class StatementDue(YearFact):
    """A company is reminded that it may object to its figures of the year until `object_by`."""

    object_by: datetime


@dataclass(frozen=True, kw_only=True)
class YearClosed(YearFact):
    """The figures of the year are written down for good; `digest` is the SHA-256 over their canonical lines."""

    digest: str
    companies: int


@dataclass(frozen=True, kw_only=True)
class StatementClosed(YearFact):
    """The figures of a company that used something in the year are written down for good."""


@dataclass(frozen=True, kw_only=True)
class ObjectionFact(Event):
    """What every fact about an objection says."""

    OBJECT: ClassVar[str] = "usage_objection"
    year: int
    person_id: int  # who objected


@dataclass(frozen=True, kw_only=True)
class ObjectionRaised(ObjectionFact):
    """A company has something against its figures of an issued year."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ObjectionAnswered(ObjectionFact):
    """The laboratory said what it makes of an objection."""

    answer: str


@dataclass(frozen=True, kw_only=True)
class UseCorrectedAfterClosing(YearFact):
    """Something of a closed year was corrected: by so many minutes and uses, as lines of the year `in_year`."""

    in_year: int
    booking_id: int
    instrument_id: int
    effective_minutes: int
    uses: int
    reason: str
