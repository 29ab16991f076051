"""How minutes are counted and when they do not suffice; pure.

A booking takes from every allowance it falls under, in the period its minutes lie in by the clock of the
instrument's site. Of a use that begins or ends within a minute the whole minutes count, from its start:
a piece of it has the minutes that were completed in the piece, so that the pieces add up to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from labshare.kernel.errors import N_, Reason, Text
from labshare.kernel.slots import MINUTE, Slot, day_at, local
from labshare.quotas.models import ALL, ASK, MONTH, QUARTER, REFUSE, WEEK, YEAR

AHEAD = timedelta(days=832)  # the longest horizon and the longest booking: so far ahead periods stand open
WARN_AT = (80, 100)  # per cent


@dataclass(frozen=True)
class Terms:
    """An allowance as it is set: the limit is minutes, None for none; days are inclusive."""

    scope: str
    scope_id: int | None
    period: str
    minutes: int | None
    when_exceeded: str
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def told(self) -> str:
        """In one word of a fact: scope, its id where it has one, period, minutes, what happens over them."""
        return f"{self.scope} {self.scope_id or ''} {self.period} {self.minutes} {self.when_exceeded}".replace(
            "  ", " "
        )


@dataclass(frozen=True)
class Share:
    """What a slot takes of one balance, and what is left there; minutes. `mine` the booking holds there already."""

    balance_id: int
    scope: str
    period: str
    when_exceeded: str
    starts_on: date
    minutes: int
    left: int | None  # None where there is no limit
    terms: int
    mine: int = 0

    @property
    def exceeds(self) -> bool:
        """Does it take more than is left?"""
        return self.left is not None and self.minutes > self.mine and self.minutes - self.mine > self.left

    @property
    def leaves(self) -> int | None:
        """What is left once it is taken; below zero where it exceeds."""
        return None if self.left is None else self.left + self.mine - self.minutes


# ---------------------------------------------------------------- periods


def period_of(kind: str, day: date) -> tuple[date, date]:
    """First day of the period the day lies in, and the day after its last."""
    if kind == WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=7)
    months = {MONTH: 1, QUARTER: 3, YEAR: 12}[kind]
    number = (day.year * 12 + day.month - 1) // months * months
    return date(number // 12, number % 12 + 1, 1), date((number + months) // 12, (number + months) % 12 + 1, 1)


def periods(kind: str, first: date, last: date) -> Iterator[tuple[date, date]]:
    """Every period that has one of the days, in order."""
    start, end = period_of(kind, first)
    while start <= last:
        yield start, end
        start, end = period_of(kind, end)


def days_of(slot: Slot, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last local day a slot touches."""
    return day_at(slot.start, zone), day_at(slot.end - timedelta.resolution, zone)


def pieces(
    start: datetime, end: datetime, kind: str, zone: ZoneInfo, first: date = date.min, last: date | None = None
) -> list[tuple[date, int]]:
    """The minutes of [start, end) that fall on days from `first` to `last`: first day of each period, whole minutes."""
    if end <= start:
        return []
    earliest, latest = days_of(Slot(start, end), zone)
    found = []
    for opens, closes in periods(kind, max(earliest, first), latest if last is None else min(latest, last)):
        begin = start if opens <= earliest and first <= earliest else max(start, local(max(opens, first), time(), zone))
        closes = closes if last is None else min(closes, last + timedelta(days=1))
        until = end if closes > latest else min(end, local(closes, time(), zone))
        minutes = (until - start) // MINUTE - (begin - start) // MINUTE
        if minutes > 0:
            found.append((opens, minutes))
    return found


def charged(minutes: int, percent: int) -> int:
    """So many per cent of the minutes, whole ones."""
    return minutes * percent // 100


# ---------------------------------------------------------------- whether they suffice


def exceeded(shares: Iterable[Share], then: str | None = None) -> list[Share]:
    """The shares that take more than is left, where that means `then`."""
    return [share for share in shares if share.exceeds and then in (None, share.when_exceeded)]


def over_quota(shares: Sequence[Share]) -> bool:
    """Must a manager be asked because of the hours? The request then holds none of them."""
    return bool(exceeded(shares, ASK))


def refusals(shares: Sequence[Share], waivable_by: str | None = None) -> list[Reason]:
    """A reason for each allowance that refuses."""
    return [Reason("quota_exceeded", short_of(share), waivable_by) for share in exceeded(shares, REFUSE)]


def short_of(share: Share) -> Text:
    """How much is left, and how much it would take."""
    left, wanted = hours(max(share.left or 0, 0)), hours(share.minutes - share.mine)
    return _SHORT[share.period](left, wanted)


def hours(minutes: int) -> str:
    """Minutes as people read them: 7.5 for 450."""
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".")


_SHORT = {
    WEEK: lambda left, wanted: N_(
        "The company has %(left)s h left of what it may use in that week; this takes %(wanted)s h.",
        left=left, wanted=wanted,
    ),
    MONTH: lambda left, wanted: N_(
        "The company has %(left)s h left of what it may use in that month; this takes %(wanted)s h.",
        left=left, wanted=wanted,
    ),
    QUARTER: lambda left, wanted: N_(
        "The company has %(left)s h left of what it may use in that quarter; this takes %(wanted)s h.",
        left=left, wanted=wanted,
    ),
    YEAR: lambda left, wanted: N_(
        "The company has %(left)s h left of what it may use in that year; this takes %(wanted)s h.",
        left=left, wanted=wanted,
    ),
}  # fmt: skip


# ---------------------------------------------------------------- what may be set

MOST_HOURS = 1_000_000
MOST_ALLOWANCES = 50
MOST_CAP = 10_000


def faults(items: Sequence[Terms]) -> dict[int, Text]:
    """What is wrong with a set of allowances, by their number in it."""
    found: dict[int, Text] = {}
    for number, one in enumerate(items):
        if (one.scope == ALL) != (one.scope_id is None):
            found[number] = N_("Name the category, the instrument or the site.")
        elif one.valid_from and one.valid_to and one.valid_to < one.valid_from:
            found[number] = N_("The end must come after the start.")
        elif any(_same(one, other) for other in items[:number]):
            found[number] = N_("Two allowances for the same, at the same time.")
    return found


def _same(one: Terms, other: Terms) -> bool:
    """Would both limit the same thing on the same day?"""
    if (one.scope, one.scope_id, one.period) != (other.scope, other.scope_id, other.period):
        return False
    starts_first, starts_later = sorted((one, other), key=lambda terms: terms.valid_from or date.min)
    return starts_first.valid_to is None or (starts_later.valid_from or date.min) <= starts_first.valid_to
