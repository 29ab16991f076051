"""How a window of time comes again, every so many days, weeks or months; pure.

Which days: they are counted from the first window's, by the calendar of its site. Weeks begin on Monday, and of every
n-th one, counted from the first window's, the named weekdays count. Of every n-th month a day of the month counts, or
the first to fourth or last of one weekday; a month without that day is left out, never given another day instead.
Weekdays and a day that are not named are the first window's.

At what time: "09:00 to 12:00" is what the clock on the wall shows, so both ends keep their time of day when clocks
change. A time that the clocks skip falls as far after the gap as it stood into it, a time they show twice is its first.
Where the end would then not come after the start, the window lasts as long as the first one really did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MO, MONTHLY, WEEKLY, rrule, weekday

from labshare.instruments import words
from labshare.kernel.errors import N_, Text
from labshare.kernel.slots import Slot, local

DAY, WEEK, MONTH = EVERY = ("day", "week", "month")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST = -1
MOST_INTERVAL = 52
MOST_TIMES = 104
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)  # the days that can be said on the wire

_STEPS = {DAY: DAILY, WEEK: WEEKLY, MONTH: MONTHLY}
_GOES_WITH = {DAY: (), WEEK: ("weekdays",), MONTH: ("weekdays", "day", "nth")}
_NUMBERS = {"interval": (1, MOST_INTERVAL), "day": (1, 31), "nth": (LAST, 4), "times": (1, MOST_TIMES)}


@dataclass(frozen=True)
class Repeat:
    """Every `interval` days, weeks or months, until a day, included, or so many times, the first one counted.

    `weekdays` are numbers, Monday is 0; with `nth` (1 to 4, -1 for the last) there is one of them, and it is the n-th
    of its month.
    """

    every: str
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    day: int | None = None
    nth: int | None = None
    until: date | None = None
    times: int | None = None


def written(repeat: Repeat) -> dict[str, Any]:
    """The repeat as it goes over the wire and is kept: what was named and nothing else."""
    said = {
        "every": repeat.every,
        "interval": repeat.interval,
        "weekdays": [WEEKDAYS[number] for number in repeat.weekdays],
        "day": repeat.day,
        "nth": repeat.nth,
        "until": repeat.until.isoformat() if repeat.until else None,
        "times": repeat.times,
    }
    return {field: value for field, value in said.items() if value not in (None, [])}


def read(said: Mapping[str, Any]) -> Repeat:
    """The repeat that was written."""
    weekdays = tuple(WEEKDAYS.index(word) for word in said.get("weekdays", ()))
    until = date.fromisoformat(said["until"]) if "until" in said else None
    return Repeat(said["every"], said["interval"], weekdays, said.get("day"), said.get("nth"), until, said.get("times"))


# ---------------------------------------------------------------- whether it can be


def contradictions(repeat: Repeat) -> dict[str, list[Text]]:
    """What is wrong with a repeat whatever its first window is, by field."""
    found: dict[str, list[Text]] = {}

    def wrong(field: str, message: Text) -> None:
        found.setdefault(field, []).append(message)

    if repeat.every not in EVERY:
        wrong("every", N_("Must be one of: %(choices)s", choices=", ".join(EVERY)))
    for field, (low, high) in _NUMBERS.items():
        value = getattr(repeat, field)
        if value is not None and not low <= value <= high:
            wrong(field, N_("Must be from %(low)s to %(high)s.", low=low, high=high))
    for field in ("weekdays", "day", "nth"):
        if getattr(repeat, field) not in (None, ()) and field not in _GOES_WITH.get(repeat.every, (field,)):
            wrong(field, N_("This does not go with how often it comes."))
    if len(set(repeat.weekdays)) < len(repeat.weekdays) or not set(repeat.weekdays) <= set(range(7)):
        wrong("weekdays", N_("Name days of the week, each once."))
    if repeat.nth == 0:
        wrong("nth", N_("Must be 1 to 4, or -1 for the last."))
    if repeat.every == MONTH:
        for field, message in _month_faults(repeat):
            wrong(field, message)
    if (repeat.until is None) == (repeat.times is None):
        for field in ("until", "times"):
            wrong(field, N_("Say either until when or how many times."))
    if repeat.until is not None and not EARLIEST <= repeat.until <= LATEST:
        wrong("until", N_("Must lie in the years 2000 to 2100."))
    return found


def _month_faults(repeat: Repeat) -> Iterator[tuple[str, Text]]:
    if repeat.nth is None and repeat.weekdays:
        yield "nth", N_("Say which one of the month it is.")
    if repeat.nth is not None and len(repeat.weekdays) != 1:
        yield "weekdays", N_("Name one day of the week.")
    if repeat.nth is not None and repeat.day is not None:
        yield "day", N_("Name either a day of the month or a day of the week.")


def faults(repeat: Repeat, first: Slot, zone: ZoneInfo) -> dict[str, list[Text]]:
    """Why this window cannot come again like that, by field; empty where it can.

    What does not fit the first window is told before what the repeat would make of it.
    """
    return contradictions(repeat) or _misfits(repeat, first, zone) or _excesses(repeat, first, zone)


def _misfits(repeat: Repeat, first: Slot, zone: ZoneInfo) -> dict[str, list[Text]]:
    """Where the first window is not one of those the repeat speaks of."""
    found: dict[str, list[Text]] = {}
    day = first.start.astimezone(zone).date()
    if repeat.weekdays and day.weekday() not in repeat.weekdays:
        found["weekdays"] = [N_("The first one falls on another day of the week.")]
    if repeat.day not in (None, day.day):
        found["day"] = [N_("The first one falls on another day of the month.")]
    if repeat.nth is not None and not _is_nth(day, repeat.nth):
        found["nth"] = [N_("The first one is another one of its month.")]
    if repeat.until is not None and repeat.until < day:
        found["until"] = [N_("The end must come after the start.")]
    return found


def _is_nth(day: date, nth: int) -> bool:
    """Is it the n-th, or the last, of its weekday in its month?"""
    return (day + timedelta(days=7)).month != day.month if nth == LAST else (day.day + 6) // 7 == nth


def _excesses(repeat: Repeat, first: Slot, zone: ZoneInfo) -> dict[str, list[Text]]:
    """Where the repeat makes too much: too many, too late, or one before the other has ended."""
    found: dict[str, list[Text]] = {}
    made = _expanded(repeat, first, zone)
    if len(made) > MOST_TIMES:
        found["until"] = [N_("Until then it would come more than %(most)s times.", most=MOST_TIMES)]
    if repeat.times is not None and len(made) < repeat.times:
        found["times"] = [N_("The last one would lie after the year 2100.")]
    if any(one.end > other.start for one, other in pairwise(made)):
        found["every"] = [N_("It would come again before it has ended.")]
    return found


# ---------------------------------------------------------------- what it makes


def slots(first: Slot, repeat: Repeat, zone: ZoneInfo) -> list[Slot]:
    """The windows in order, the given one as the first; raises ValueError where `faults` has something to say."""
    if found := faults(repeat, first, zone):
        raise ValueError(f"no such repeat: {', '.join(found)}")
    return _expanded(repeat, first, zone)


def _expanded(repeat: Repeat, first: Slot, zone: ZoneInfo) -> list[Slot]:
    """The windows of a repeat that fits its first one; one more than there may be where there would be more."""
    began, ended = first.start.astimezone(zone), first.end.astimezone(zone)
    nights = ended.date() - began.date()
    # If the first began in the second of two equal hours, that says nothing about the others.
    opens, closes = began.time().replace(fold=0), ended.time().replace(fold=0)
    made = [first]
    for day in islice(_days(repeat, began.date()), 1, repeat.times or MOST_TIMES + 1):
        start, end = local(day, opens, zone), local(day + nights, closes, zone)
        made.append(Slot(start, end if end > start else start + (first.end - first.start)))
    return made


def _days(repeat: Repeat, first: date) -> Iterator[date]:
    """The days on which it begins, by dates alone: the library sees no time of day and no zone."""
    found = rrule(
        _STEPS[repeat.every],
        dtstart=datetime.combine(first, time()),
        interval=repeat.interval,
        wkst=MO,
        byweekday=[weekday(number, repeat.nth) for number in repeat.weekdays] or None,
        bymonthday=repeat.day,
        until=datetime.combine(repeat.until or LATEST, time()),
    )
    return (moment.date() for moment in found)


# ---------------------------------------------------------------- in words

_NTH = {
    1: lambda name: N_("the first %(weekday)s", weekday=name),
    2: lambda name: N_("the second %(weekday)s", weekday=name),
    3: lambda name: N_("the third %(weekday)s", weekday=name),
    4: lambda name: N_("the fourth %(weekday)s", weekday=name),
    LAST: lambda name: N_("the last %(weekday)s", weekday=name),
}


def in_words(repeat: Repeat) -> Text:
    """The repeat as people say it: every 2 weeks on Monday and Thursday, 10 times."""
    often = {DAY: _daily, WEEK: _weekly, MONTH: _monthly}[repeat.every](repeat)
    if repeat.until is not None:
        return N_("%(often)s, until %(day)s", often=often, day=repeat.until)
    if repeat.times == 1:
        return N_("%(often)s, once", often=often)
    return N_("%(often)s, %(n)s times", often=often, n=repeat.times)


def _daily(repeat: Repeat) -> Text:
    return N_("every day") if repeat.interval == 1 else N_("every %(n)s days", n=repeat.interval)


def _weekly(repeat: Repeat) -> Text:
    n, days = repeat.interval, _listed([words.WEEKDAYS[number] for number in sorted(repeat.weekdays)])
    if days is None:
        return N_("every week") if n == 1 else N_("every %(n)s weeks", n=n)
    return N_("every week on %(days)s", days=days) if n == 1 else N_("every %(n)s weeks on %(days)s", n=n, days=days)


def _listed(names: Sequence[Text]) -> Text | None:
    """Monday, Tuesday and Thursday."""
    if len(names) < 2:
        return names[0] if names else None
    listed = names[0]
    for name in names[1:-1]:
        listed = N_("%(days)s, %(weekday)s", days=listed, weekday=name)
    return N_("%(days)s and %(weekday)s", days=listed, weekday=names[-1])


def _monthly(repeat: Repeat) -> Text:
    n = repeat.interval
    often = N_("every month") if n == 1 else N_("every %(n)s months", n=n)
    if repeat.nth is not None:
        [number] = repeat.weekdays
        return N_("%(often)s on %(which)s", often=often, which=_NTH[repeat.nth](words.WEEKDAYS[number]))
    if repeat.day is None:
        return often
    if repeat.day > 28:
        return N_("%(often)s on day %(day)s, where there is one", often=often, day=repeat.day)
    return N_("%(often)s on day %(day)s", often=often, day=repeat.day)
