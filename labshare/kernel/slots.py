"""Half-open intervals of time [start, end): overlap, minus, union, and cuts at a site's midnight.

All arithmetic is in UTC; a site's zone is consulted only to find where its days and years begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, order=True)
class Slot:
    """A stretch of time that includes its start and excludes its end; both aware, held in UTC.

    Raises ValueError for naive, reversed or zero-length times.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a slot needs aware times")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.start >= self.end:
            raise ValueError("a slot ends after it starts")

    @property
    def minutes(self) -> int:
        """Length in whole minutes, rounded down."""
        return (self.end - self.start) // MINUTE

    @property
    def hours(self) -> float:
        """Length in hours: whole minutes / 60, unrounded."""
        return self.minutes / 60

    def overlaps(self, other: Slot) -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: Slot) -> bool:
        return self.start <= other.start and other.end <= self.end

    def meet(self, other: Slot) -> Slot | None:
        """What both share, or None where they share nothing."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Slot(start, end) if start < end else None

    def padded(self, before: int, after: int) -> Slot:
        """The slot with `before` and `after` minutes of buffer around it."""
        return Slot(self.start - before * MINUTE, self.end + after * MINUTE)

    def minus(self, taken: Iterable[Slot]) -> list[Slot]:
        """What is left of this slot once every taken one is cut out, in order."""
        left: list[Slot] = []
        at = self.start
        for other in union(taken):
            if other.end <= at:
                continue
            if other.start >= self.end:
                break
            if other.start > at:
                left.append(Slot(at, other.start))
            at = max(at, other.end)
        if at < self.end:
            left.append(Slot(at, self.end))
        return left

    def by_local_day(self, zone: ZoneInfo) -> list[tuple[date, Slot]]:
        """The slot cut at each midnight of the zone, each piece with its local date."""
        pieces = []
        at = self.start
        while at < self.end:
            day = day_at(at, zone)
            cut = min(self.end, day_of(day, zone).end)
            pieces.append((day, Slot(at, cut)))
            at = cut
        return pieces

    def by_local_year(self, zone: ZoneInfo) -> list[tuple[int, Slot]]:
        """The slot cut at each New Year of the zone, each piece with its local year."""
        pieces = []
        at = self.start
        while at < self.end:
            year = at.astimezone(zone).year
            cut = min(self.end, local(date(year + 1, 1, 1), time(), zone))
            pieces.append((year, Slot(at, cut)))
            at = cut
        return pieces

    def by_local_month(self, zone: ZoneInfo) -> list[tuple[tuple[int, int], Slot]]:
        """The slot cut at the first midnight of each month of the zone, each piece with its year and month."""
        pieces = []
        at = self.start
        while at < self.end:
            year, month = local_month(at, zone)
            cut = min(self.end, local(date(year + month // 12, month % 12 + 1, 1), time(), zone))
            pieces.append(((year, month), Slot(at, cut)))
            at = cut
        return pieces


def union(slots: Iterable[Slot]) -> list[Slot]:
    """The same minutes as sorted slots that neither overlap nor touch."""
    merged: list[Slot] = []
    for slot in sorted(slots):
        if merged and slot.start <= merged[-1].end:
            if slot.end > merged[-1].end:
                merged[-1] = Slot(merged[-1].start, slot.end)
        else:
            merged.append(slot)
    return merged


def local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A wall-clock time of the zone as UTC; a time the clocks skip falls as far after the gap as it stood into it."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def day_of(day: date, zone: ZoneInfo) -> Slot:
    """One local day, midnight to midnight, as UTC: 23 to 25 hours where clocks change."""
    return Slot(local(day, time(), zone), local(day + timedelta(days=1), time(), zone))


def day_at(moment: datetime, zone: ZoneInfo) -> date:
    """The local day the moment belongs to; where clocks fall back over midnight, the day that began stays begun."""
    day = moment.astimezone(zone).date()
    tomorrow = day + timedelta(days=1)
    return tomorrow if local(tomorrow, time(), zone) <= moment else day


def local_month(moment: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The year and month of the zone that the moment belongs to."""
    here = moment.astimezone(zone)
    return here.year, here.month


def grid(slot: Slot, minutes: int, zone: ZoneInfo) -> Iterator[datetime]:
    """Every start inside the slot that lies on the grid counted from the zone's midnight."""
    for day, piece in slot.by_local_day(zone):
        midnight = local(day, time(), zone)
        past = (piece.start - midnight) // MINUTE
        exact = piece.start == midnight + past * MINUTE
        first = -(-past // minutes) if exact else past // minutes + 1
        at = midnight + first * minutes * MINUTE
        while at < piece.end:
            yield at
            at += minutes * MINUTE


def on_grid(moment: datetime, minutes: int, zone: ZoneInfo) -> bool:
    """Does the moment lie a whole number of grid steps after the zone's midnight?"""
    moment = moment.astimezone(UTC)
    midnight = local(day_at(moment, zone), time(), zone)
    return (moment - midnight) % (minutes * MINUTE) == timedelta(0)
