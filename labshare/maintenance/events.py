"""What can be announced of maintenance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class WindowFact(Event):
    """What every fact about a window says: which time of which instruments, and what is done then."""

    OBJECT: ClassVar[str] = "maintenance_window"
    instrument_ids: tuple[int, ...]
    kind_of_work: str  # preventive, calibration, repair, vendor_visit
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class WindowPlanned(WindowFact):
    """The laboratory needs the time; so many bookings were displaced for it."""

    displaced: int
    series_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class WindowChanged(WindowFact):
    """The window has another time, or something else is said of it; the old time stands here."""

    displaced: int
    old_starts_at: datetime
    old_ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class WindowCancelled(WindowFact):
    """The laboratory does not need the time after all, or not what was left of it."""

    was: str


@dataclass(frozen=True, kw_only=True)
class WindowOpened(WindowFact):
    """It has begun."""


@dataclass(frozen=True, kw_only=True)
class WindowClosed(WindowFact):
    """Its time is over."""


@dataclass(frozen=True, kw_only=True)
class WindowComingUp(WindowFact):
    """It begins within a day, and those who are there around it are reminded."""


@dataclass(frozen=True, kw_only=True)
class DocumentFact(Event):
    """What every fact about a window's document says."""

    OBJECT: ClassVar[str] = "maintenance_window"
    name: str
    size: int


@dataclass(frozen=True, kw_only=True)
class DocumentAdded(DocumentFact):
    """A file was put to the window."""


@dataclass(frozen=True, kw_only=True)
class DocumentRemoved(DocumentFact):
    """A file was taken away from the window."""


@dataclass(frozen=True, kw_only=True)
class OutageFact(Event):
    """What every fact about an outage says: of which instrument, and since when."""

    OBJECT: ClassVar[str] = "outage"
    instrument_id: int
    began_at: datetime


@dataclass(frozen=True, kw_only=True)
class OutageBegan(OutageFact):
    """The instrument broke down; its time is taken until `claimed_until`, and further from day to day."""

    claimed_until: datetime
    note: str
    displaced: int


@dataclass(frozen=True, kw_only=True)
class OutageExtended(OutageFact):
    """It is not repaired yet: more of its time is taken."""

    claimed_until: datetime
    displaced: int


@dataclass(frozen=True, kw_only=True)
class OutageEnded(OutageFact):
    """It works again."""

    ended_at: datetime
    remedy: str


@dataclass(frozen=True, kw_only=True)
class UtilityFact(Event):
    """What every fact about a shared utility says: what it is called and what depends on it."""

    OBJECT: ClassVar[str] = "utility"
    name_en: str
    name_zh: str
    instrument_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class UtilityAdded(UtilityFact):
    """There is one more utility that instruments depend on."""


@dataclass(frozen=True, kw_only=True)
class UtilityChanged(UtilityFact):
    """It is called otherwise, or other instruments depend on it."""


@dataclass(frozen=True, kw_only=True)
class UpkeepFact(Event):
    """What every fact about an instrument's upkeep says: what it needs, and how often."""

    OBJECT: ClassVar[str] = "upkeep"
    instrument_id: int
    kind_of_work: str
    every_days: int | None
    every_hours: int | None


@dataclass(frozen=True, kw_only=True)
class UpkeepSet(UpkeepFact):
    """The instrument needs this so often from now on."""


@dataclass(frozen=True, kw_only=True)
class UpkeepRemoved(UpkeepFact):
    """Nobody needs to think of it any more."""


@dataclass(frozen=True, kw_only=True)
class UpkeepOverdue(UpkeepFact):
    """It should have been done by now; last done at `since`, with so many whole hours of use since then."""

    since: datetime
    hours_run: int
