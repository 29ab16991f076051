"""When an instrument is open: patterns, exceptions and the calendar of workdays, reckoned to stretches of time; pure.

An exception goes before everything else, the instrument's own before the site's. Else the latest pattern that is
valid counts, the instrument's own before the site's; where nobody said any hours it is open around the clock. A
pattern that follows the calendar is closed on days off, has a weekday's hours on weekend days that are worked, and is
provisional on weekdays of a year whose notice is not published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from labshare.instruments.rules.week import ALL_WEEK, DAY, WHOLE_DAY, Stretches, Week
from labshare.kernel.slots import MINUTE, Slot, day_at, local, union

OPEN, CLOSED, UNKNOWN = "open", "closed", "unknown"
OFF = frozenset({"holiday", "restday"})
ONE_DAY, INSTANT = timedelta(days=1), MINUTE / 60


@dataclass(frozen=True)
class Pattern:
    """The hours of a week, from a day on; without `week`, the site's."""

    valid_from: date
    week: Week | None = ALL_WEEK
    holidays: bool = False  # the calendar changes nothing
    unattended: bool = False  # a use must only begin within the hours


def workday(day: date, kinds: Mapping[date, str], published: frozenset[int]) -> str:
    """Is the day worked, by the calendar alone? `open`, `closed`, or `unknown` until its notice is out."""
    kind = kinds.get(day)
    if kind is not None:
        return CLOSED if kind in OFF else OPEN
    if day.year not in published:
        return UNKNOWN
    return OPEN if day.weekday() < 5 else CLOSED


@dataclass(frozen=True)
class Hours:
    """An instrument's hours; asked of stretches of time for whose days everything that counts was read."""

    zone: ZoneInfo
    site: Sequence[Pattern] = ()
    own: Sequence[Pattern] = ()
    exceptions: Mapping[date, Stretches] = field(default_factory=dict)
    kinds: Mapping[date, str] = field(default_factory=dict)  # days that are not what their weekday says
    published: frozenset[int] = frozenset()  # years
    _reckoned: dict[date, tuple[Stretches, bool]] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def always(self) -> bool:
        """Has nobody said any hours?"""
        return not (self.site or self.own or self.exceptions)

    def without_calendar(self) -> Hours:
        """The same, if no day were a holiday and none were worked instead."""
        site, own = ([replace(one, holidays=True) for one in some] for some in (self.site, self.own))
        return replace(self, site=site, own=own)

    # ------------------------------------------------------------ of a day

    def pattern(self, day: date) -> Pattern | None:
        """The pattern that counts on the day; None where nobody has said any."""
        own, site = (_latest(some, day) for some in (self.own, self.site))
        if own is not None and own.week is None:
            return replace(own, week=site.week if site is not None else ALL_WEEK)
        return own or site

    def of_day(self, day: date) -> tuple[Stretches, bool]:
        """When it is open on the day, and whether that is provisional."""
        if day not in self._reckoned:
            self._reckoned[day] = self._reckon(day)
        return self._reckoned[day]

    def _reckon(self, day: date) -> tuple[Stretches, bool]:
        if day in self.exceptions:
            return self.exceptions[day], False
        pattern = self.pattern(day)
        if pattern is None or pattern.week is None:
            return WHOLE_DAY, False
        usual = pattern.week[day.weekday()]
        if pattern.holidays:
            return usual, False
        works, weekend = workday(day, self.kinds, self.published), day.weekday() > 4
        if day in self.kinds:
            if works == CLOSED:
                return (), False
            return (next(filter(None, pattern.week[:5]), ()) if weekend else usual), False
        return usual, works == UNKNOWN and not weekend and bool(usual)

    def unattended(self, day: date) -> bool:
        """Must a use that begins on the day only begin within the hours?"""
        pattern = self.pattern(day)
        return pattern is not None and pattern.unattended

    # ------------------------------------------------------------ of a stretch of time

    def open_in(self, within: Slot) -> list[Slot]:
        """When it is open in this time, in stretches that do not touch, cut at its ends."""
        if self.always:
            return [within]
        return [piece for one in union(self._pieces(within)) if (piece := one.meet(within))]

    def closed_in(self, within: Slot) -> list[Slot]:
        """When it is not."""
        return within.minus(self.open_in(within))

    def offered_minutes(self, within: Slot) -> int:
        """Whole minutes in which it is open."""
        return sum(one.minutes for one in self.open_in(within))

    def provisional_days(self, within: Slot) -> list[date]:
        """The days on which it is open unless a notice that is to come says otherwise."""
        return [] if self.always else [day for day in _days(within, self.zone) if self.of_day(day)[1]]

    def lets(self, slot: Slot) -> bool:
        """May an instrument be used then, as far as its hours go?"""
        if self.always:
            return True
        if self.unattended(day_at(slot.start, self.zone)):
            first = Slot(slot.start, slot.start + INSTANT)
            return self.open_in(first) == [first]
        return self.open_in(slot) == [slot]

    def is_provisional(self, slot: Slot) -> bool:
        """Does it stand only until a notice that is to come says otherwise?"""
        if self.always:
            return False
        if self.unattended(day_at(slot.start, self.zone)):
            return self.of_day(day_at(slot.start, self.zone))[1]
        return bool(self.provisional_days(slot))

    def starts(self, within: Slot, length: timedelta) -> list[Slot]:
        """When a use of this length may begin so that all of it lies in this time; each stretch has its last start."""
        last = within.end - length
        if last < within.start:
            return []
        whole = Slot(within.start, last + INSTANT)
        if self.always:
            return [whole]
        found = [
            Slot(one.start, one.end - length + INSTANT) for one in self.open_in(within) if one.end - length >= one.start
        ]
        for day in _days(whole, self.zone):
            if self.unattended(day):
                found += self._of_day(day)
        return [piece for one in union(found) if (piece := one.meet(whole))]

    def _pieces(self, within: Slot) -> list[Slot]:
        return [piece for day in _days(within, self.zone) for piece in self._of_day(day)]

    def _of_day(self, day: date) -> list[Slot]:
        pieces = ((_moment(day, start, self.zone), _moment(day, end, self.zone)) for start, end in self.of_day(day)[0])
        return [Slot(start, end) for start, end in pieces if start < end]  # a clock may skip all of it


def _latest(patterns: Sequence[Pattern], day: date) -> Pattern | None:
    return max((one for one in patterns if one.valid_from <= day), key=lambda one: one.valid_from, default=None)


def _days(within: Slot, zone: ZoneInfo) -> list[date]:
    """The local days that this time touches."""
    first, last = day_at(within.start, zone), day_at(within.end - timedelta.resolution, zone)
    return [first + number * ONE_DAY for number in range((last - first).days + 1)]


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    if minute == DAY:
        return local(day + ONE_DAY, time(), zone)
    return local(day, time(minute // 60, minute % 60), zone)


def meets(some: Sequence[Slot], others: Sequence[Slot]) -> list[Slot]:
    """What lies in both; each is sorted, and its own stretches do not overlap."""
    found: list[Slot] = []
    one = other = 0
    while one < len(some) and other < len(others):
        if piece := some[one].meet(others[other]):
            found.append(piece)
        if some[one].end <= others[other].end:
            one += 1
        else:
            other += 1
    return found


ALWAYS = Hours(ZoneInfo("UTC"))
