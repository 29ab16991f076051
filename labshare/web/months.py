"""A month as a page: which one is asked for, what lies around it, and on which of its days a stretch of time lies."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from labshare.kernel.slots import Slot, day_of
from labshare.web.i18n import LOCAL

DAY = timedelta(days=1)
FIRST_MONTH, LAST_MONTH = date(2000, 2, 1), date(2100, 11, 1)


def asked_month(said: str, today: date) -> date:
    """The first day of the month that is named, else of this one; bounded to the years that can be said."""
    try:
        chosen = date.fromisoformat(f"{said[:7]}-01")
    except ValueError:
        chosen = today.replace(day=1)
    return min(max(chosen, FIRST_MONTH), LAST_MONTH)


def weeks_of(month: date) -> list[list[date]]:
    """The month's weeks, whole ones from Monday on."""
    return Calendar().monthdatescalendar(month.year, month.month)


def whole_of(weeks: list[list[date]]) -> Slot:
    """All the time that any zone has on the days of these weeks."""
    return Slot(day_of(weeks[0][0] - DAY, LOCAL).start, day_of(weeks[-1][-1] + DAY, LOCAL).end)


def around(month: date) -> dict[str, str | None]:
    """The months before and after as they stand in an address; None where there is none to be had."""
    before, after = (month - DAY).replace(day=1), (month + 31 * DAY).replace(day=1)
    return {
        "before": f"{before:%Y-%m}" if before >= FIRST_MONTH else None,
        "after": f"{after:%Y-%m}" if after <= LAST_MONTH else None,
    }


def by_days(slot: Slot, whole: Slot, zone: ZoneInfo) -> Iterator[tuple[date, str]]:
    """The days of a stretch that are shown, each with the times on it; empty where it takes the whole day."""
    piece = slot.meet(whole)
    for day, part in piece.by_local_day(zone) if piece else ():
        if part == day_of(day, zone):
            yield day, ""
            continue
        start, end = part.start.astimezone(zone), part.end.astimezone(zone)
        yield day, f"{start:%H:%M}–{'24:00' if end.date() > day else format(end, '%H:%M')}"
