"""What a repeat makes, found by walking the calendar day by day; shares no code with labshare.

A repeat is what the wire says of it, a window two moments in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

Window = tuple[datetime, datetime]


def moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the wall clock first shows it; what it never shows is reckoned by the clock as it went before."""
    as_utc = wall.replace(tzinfo=UTC)
    before, after = ((as_utc + days * ONE_DAY).astimezone(zone).utcoffset() for days in (-2, 2))
    assert before is not None
    assert after is not None
    shown = [at for at in (as_utc - before, as_utc - after) if at.astimezone(zone).replace(tzinfo=None) == wall]
    return min(shown, default=as_utc - before)


def windows(first: Window, said: Mapping[str, Any], zone: ZoneInfo) -> list[Window]:
    """Every window until the year 2100, however many or how long they are."""
    opens, closes = (at.astimezone(zone).replace(tzinfo=None) for at in first)
    found = [first]
    for day in days(opens.date(), said):
        later = day - opens.date()
        if later:
            start, end = moment(opens + later, zone), moment(closes + later, zone)
            found.append((start, end if end > start else start + (first[1] - first[0])))
    return found


def days(first: date, said: Mapping[str, Any]) -> Iterator[date]:
    """Every day on which it begins."""
    until = date.fromisoformat(said.get("until") or "2100-12-31")
    day, left = first, said.get("times") or 100_000
    while day <= until and left:
        if begins(day, first, said):
            left -= 1
            yield day
        day += ONE_DAY


def begins(day: date, first: date, said: Mapping[str, Any]) -> bool:
    """Does it begin on this day?"""
    step = said.get("interval", 1)
    if said["every"] == "day":
        return (day - first).days % step == 0
    weekdays = said.get("weekdays") or [NAMES[first.weekday()]]
    if said["every"] == "week":
        # 1 January of the year 1 was a Monday.
        weeks = (day.toordinal() - 1) // 7 - (first.toordinal() - 1) // 7
        return weeks % step == 0 and NAMES[day.weekday()] in weekdays
    if ((day.year - first.year) * 12 + day.month - first.month) % step:
        return False
    if "nth" not in said:
        return day.day == said.get("day", first.day)
    alike = [other for other in of_month(day) if other.weekday() == day.weekday()]
    return NAMES[day.weekday()] in weekdays and day == alike[said["nth"] if said["nth"] < 0 else said["nth"] - 1]


def of_month(day: date) -> list[date]:
    """Every day of the month the day lies in."""
    around = [day + number * ONE_DAY for number in range(-31, 32)]
    return [other for other in around if (other.year, other.month) == (day.year, day.month)]
