"""What can be announced of an instrument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class InstrumentFact(Event):
    """What every fact about an instrument says: which one, by the code people know it by."""

    OBJECT: ClassVar[str] = "instrument"
    code: str


@dataclass(frozen=True, kw_only=True)
class InstrumentAdded(InstrumentFact):
    """The catalogue has one more instrument."""

    name_en: str
    name_zh: str
    site_id: int


@dataclass(frozen=True, kw_only=True)
class InstrumentChanged(InstrumentFact):
    """Something in the catalogue is said differently: field -> [old, new]; no values for long texts."""

    changes: Mapping[str, list[Any]]


@dataclass(frozen=True, kw_only=True)
class OpeningHoursSet(Event):
    """A site, or one instrument there, has other weekly hours from a day on; without `week` the site's."""

    OBJECT: ClassVar[str] = "opening_pattern"
    site_id: int
    instrument_id: int | None
    valid_from: str
    week: list[Any] | None
    holidays: bool
    unattended: bool


@dataclass(frozen=True, kw_only=True)
class OpeningExceptionFact(Event):
    """What facts about an exception say: where, and on which day."""

    OBJECT: ClassVar[str] = "opening_exception"
    site_id: int
    instrument_id: int | None
    day: str


@dataclass(frozen=True, kw_only=True)
class OpeningExceptionAdded(OpeningExceptionFact):
    """On one day other hours hold; none of them: it is closed."""

    intervals: list[Any]
    note: str


@dataclass(frozen=True, kw_only=True)
class OpeningExceptionRemoved(OpeningExceptionFact):
    """The usual hours hold again on that day."""


@dataclass(frozen=True, kw_only=True)
class CalendarFact(Event):
    """What facts about a year of a site's calendar of workdays say."""

    OBJECT: ClassVar[str] = "calendar_year"
    site_id: int
    year: int


@dataclass(frozen=True, kw_only=True)
class CalendarYearPublished(CalendarFact):
    """The days of a year are known, from the library or from its notice: day -> kind."""

    source: str
    days: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CalendarYearForgotten(CalendarFact):
    """The days of a year are not known any more; its weekdays are provisional."""


@dataclass(frozen=True, kw_only=True)
class CalendarDaySet(CalendarFact):
    """Somebody said of one day by hand what it is; without `is_now` it is again what its weekday says."""

    day: str
    is_now: str | None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class CalendarRechecked(CalendarFact):
    """The bookings on a year's days were looked at after it changed: what became of how many."""

    counts: Mapping[str, int]
