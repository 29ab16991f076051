"""A month of windows and outages, a day a cell; on a phone a list of the days on which there is something."""

from __future__ import annotations

from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import request, url_for

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, Text
from labshare.kernel.slots import Slot, day_of
from labshare.maintenance import access, queries, rules
from labshare.maintenance.pages import frame
from labshare.maintenance.pages.frame import pages
from labshare.web.guard import actor, first
from labshare.web.htmx import show
from labshare.web.i18n import LOCAL

DAY = timedelta(days=1)
FIRST_MONTH, LAST_MONTH = date(2000, 2, 1), date(2100, 11, 1)
OUT_OF_SERVICE = N_("Out of service")


@dataclass(frozen=True)
class Mark:
    """What stands in a day's cell: when on that day, what is done, of which instruments, and where it leads."""

    when: str
    what: Text
    codes: str
    href: str
    tone: str


@pages.get("/maintenance/calendar")
@first(access.planner)
def calendar() -> str:
    """A month by days; everything is read in its own site's zone."""
    today = clock.now().astimezone(LOCAL).date()
    month = _month(request.args.get("month", ""), today)
    weeks = Calendar().monthdatescalendar(month.year, month.month)
    whole = Slot(day_of(weeks[0][0] - DAY, LOCAL).start, day_of(weeks[-1][-1] + DAY, LOCAL).end)
    marks: dict[date, list[Mark]] = defaultdict(list)
    for day, mark in (*_windows(actor(), whole), *_outages(actor(), whole)):
        marks[day].append(mark)
    before, after = (month - DAY).replace(day=1), (month + 31 * DAY).replace(day=1)
    return show(
        "maintenance/calendar.html",
        weeks=weeks,
        month=month,
        today=today,
        marks=marks,
        before=f"{before:%Y-%m}" if before >= FIRST_MONTH else None,
        after=f"{after:%Y-%m}" if after <= LAST_MONTH else None,
        sections=frame.sections("maintenance.calendar"),
    )


def _month(said: str, today: date) -> date:
    """The first day of the month that is named, else of this one; bounded to the years that can be said."""
    try:
        chosen = date.fromisoformat(f"{said[:7]}-01")
    except ValueError:
        chosen = today.replace(day=1)
    return min(max(chosen, FIRST_MONTH), LAST_MONTH)


def _windows(who: Actor, whole: Slot) -> Iterator[tuple[date, Mark]]:
    for one in queries.during(who, whole):
        href, codes = url_for("maintenance.window", window_id=one.id), frame.few(one.instruments)
        for day, when in _days(one.slot, whole, one.tz):
            yield day, Mark(when, rules.KIND_WORDS[one.kind], codes, href, frame.TONES[one.state])


def _outages(who: Actor, whole: Slot) -> Iterator[tuple[date, Mark]]:
    for one in queries.outages_during(who, whole):
        until = max(one.ended_at or one.claimed_until, one.began_at + timedelta(minutes=1))
        for day, when in _days(Slot(one.began_at, until), whole, one.tz):
            href = (
                url_for("maintenance.outage", code=one.code) if one.ended_at is None else url_for("maintenance.outages")
            )
            yield day, Mark(when, OUT_OF_SERVICE, one.code, href, "bad")


def _days(slot: Slot, whole: Slot, zone: ZoneInfo) -> Iterator[tuple[date, str]]:
    """The days of a stretch that are shown, each with the times on it; empty where it takes the whole day."""
    piece = slot.meet(whole)
    for day, part in piece.by_local_day(zone) if piece else ():
        if part == day_of(day, zone):
            yield day, ""
            continue
        start, end = part.start.astimezone(zone), part.end.astimezone(zone)
        yield day, f"{start:%H:%M}–{'24:00' if end.date() > day else format(end, '%H:%M')}"
