"""What must stand in accounts, reckoned minute by minute from what has happened, and by none of the product's rules.

It knows bookings and allowances as plain values. A later issue adds a way for bookings to end, or a kind of limit,
in `contribution` and `covers`; how days and periods are counted stands by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AHEAD = ("requested", "offered", "approved")  # these may come to be used
HOLDING = (*AHEAD, "in_use")  # these have their time to themselves


# ---------------------------------------------------------------- minutes, days and periods


@lru_cache(maxsize=20_000)
def minutes_by_day(start: datetime, end: datetime, zone: str) -> dict[date, int]:
    """Whole minutes from the start on, each counted on the local day in which it is over."""
    site, found, at = ZoneInfo(zone), Counter[date](), start + MINUTE
    while at <= end:
        found[(at - timedelta.resolution).astimezone(site).date()] += 1
        at += MINUTE
    return dict(found)


def first_of(period: str, day: date) -> date:
    """The first day of the period."""
    if period == "week":
        return day - DAY * day.weekday()
    return day.replace(day=1, month={"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[period])


def next_after(period: str, first: date) -> date:
    """The first day of the period that follows the one that begins so."""
    return first_of(period, first + DAY * {"week": 7, "month": 31, "quarter": 92, "year": 366}[period])


@lru_cache(maxsize=100_000)
def by_period(
    start: datetime, end: datetime, zone: str, period: str, since: date, until: date | None
) -> dict[date, int]:
    """The minutes that lie on the days from `since` until `until`, by the first day of their period."""
    found = Counter[date]()
    for day, minutes in minutes_by_day(start, end, zone).items():
        if since <= day and (until is None or day <= until):
            found[first_of(period, day)] += minutes
    return dict(found)


# ---------------------------------------------------------------- what is known


@dataclass(frozen=True)
class Place:
    """An instrument: where it is, of what category, and whether somebody has to say yes."""

    code: str
    id: int
    category: int
    site: int
    zone: str
    approval: bool


@dataclass(eq=False)
class Booked:
    """A booking as the oracle believes it to be."""

    id: int
    company: int
    place: Place
    start: datetime
    end: datetime
    state: str
    over: bool
    asked_at: datetime
    decide_by: datetime | None
    charge: int = 0
    used: tuple[datetime, datetime | None] | None = None
    waited: bool = False  # for this time, on the waiting list
    taken: bool = False  # what was offered
    freed: datetime | None = None  # when others could begin after this use; None while it goes on


@dataclass(eq=False)
class Limit:
    """An allowance as the oracle believes it to be; `history` are its limits, each from periods that end after a day.

    The one without a limit counts everything.
    """

    company: int
    scope: str
    scope_id: int | None
    period: str
    then: str
    since: date
    valid_from: date | None
    valid_to: date | None
    history: list[tuple[date, int]]
    extended: Counter[date] = field(default_factory=Counter)

    @property
    def identity(self) -> tuple[object, ...]:
        return self.scope, self.scope_id, self.period, self.valid_from, self.valid_to

    def covers(self, place: Place) -> bool:
        """Do the minutes of this instrument count in it?"""
        of = {"all": None, "category": place.category, "instrument": place.id, "site": place.site}
        return of[self.scope] == self.scope_id

    def room(self, first: date) -> int | None:
        """What may be held and used in the period that begins so; None for any amount."""
        ends = next_after(self.period, first)
        said = [minutes for day, minutes in self.history if day < ends]
        return said[-1] + self.extended[first] if said else None

    def counts(self, first: date, yesterday: date) -> bool:
        """Has the period that begins so days of it, and is it not over?"""
        ends = next_after(self.period, first)
        return ends > max(self.since, yesterday) and (self.valid_to is None or first <= self.valid_to)

    def takes(self, place: Place, start: datetime, end: datetime) -> dict[date, int]:
        """What a stretch of time takes of it."""
        if not self.covers(place):
            return {}
        return by_period(start, end, place.zone, self.period, self.since, self.valid_to)


@dataclass
class Oracle:
    """Everything that happened, as far as accounts are concerned."""

    bookings: dict[int, Booked] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)  # those in force

    # ------------------------------------------------------------ what stands

    @staticmethod
    def contribution(booking: Booked, limit: Limit) -> tuple[dict[date, int], dict[date, int]]:
        """What the booking holds and has used of the limit, by period."""
        if booking.company != limit.company:
            return {}, {}
        if booking.state in HOLDING:
            return ({} if booking.over else limit.takes(booking.place, booking.start, booking.end)), {}
        if booking.state == "completed" and booking.used is not None and booking.used[1] is not None:
            return {}, limit.takes(booking.place, booking.used[0], booking.used[1])
        taken = limit.takes(booking.place, booking.start, booking.end)  # and a charge for what was not used
        return {}, {first: minutes * booking.charge // 100 for first, minutes in taken.items()}

    def stands(self, limit: Limit) -> dict[date, tuple[int, int]]:
        """Held and used minutes by period, where there are any."""
        held, used = Counter[date](), Counter[date]()
        for booking in self.bookings.values():
            holds, has_used = self.contribution(booking, limit)
            held.update(holds)
            used.update(has_used)
        return {first: (held[first], used[first]) for first in held | used if held[first] or used[first]}

    def exceeded(self, company: int, place: Place, start: datetime, end: datetime, mine: Booked | None) -> set[str]:
        """What happens where the slot takes more than is left: "refuse", "ask", both or neither."""
        found = set()
        for limit in self.limits:
            if limit.company != company or not limit.history:
                continue
            wanted = limit.takes(place, start, end)
            if not wanted:
                continue
            own = self.contribution(mine, limit)[0] if mine else {}
            stands = self.stands(limit)
            for first, minutes in wanted.items():
                others = sum(stands.get(first, (0, 0))) - own.get(first, 0)
                room = limit.room(first)
                if room is not None and minutes > own.get(first, 0) and others + minutes > room:
                    found.add(limit.then)
        return found

    def taken(self, place: Place, start: datetime, end: datetime, but: Booked | None = None) -> bool:
        """Has somebody else the time?"""
        return any(
            one.place is place and one is not but and one.state in HOLDING and one.start < end and start < one.end
            for one in self.bookings.values()
        )

    def taken_over(self, booking: Booked) -> bool:
        """Did others come to have every minute of the time, whether they came or not?"""
        had = ("approved", "in_use", "completed", "missed")
        others = [one for one in self.bookings.values() if one.place is booking.place and one.state in had]
        minutes = (booking.start + number * MINUTE for number in range((booking.end - booking.start) // MINUTE))
        return all(any(one.start <= at < one.end for one in others) for at in minutes)

    def ahead(self, company: int, now: datetime) -> int:
        """How many bookings the company has ahead."""
        return sum(one.company == company and one.state in AHEAD and one.start > now for one in self.bookings.values())

    # ------------------------------------------------------------ what is set

    def allow(self, company: int, items: list[Limit], now: datetime) -> None:
        """Another set of limits for the company: what is the same stays, and all else goes or comes."""
        somewhere_still, added = (now - DAY).date(), list[Limit]()
        old = {one.identity: one for one in self.limits if one.company == company and one.history}
        for item in items:
            known = old.pop(item.identity, None)
            if known is None:
                running = first_of(item.period, somewhere_still)
                item.since = max(running, item.valid_from or running)
                added.append(item)
            else:
                known.then = item.then
                if known.history[-1][1] != item.history[0][1]:
                    known.history.append((somewhere_still, item.history[0][1]))
        gone = list(old.values())
        for item in added:  # what was added once to a period stays added where only the days of a limit are others
            for one in gone:
                if one.identity[:3] == item.identity[:3]:
                    item.extended.update(
                        {first: more for first, more in one.extended.items() if item.counts(first, somewhere_still)}
                    )
        self.limits = [one for one in self.limits if one not in gone] + added
