"""A month of windows and outages, a day a cell; on a phone a list of the days on which there is something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flask import request, url_for

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, Text
from labshare.kernel.slots import Slot
from labshare.maintenance import access, queries, rules
from labshare.maintenance.pages import frame
from labshare.maintenance.pages.frame import pages
from labshare.web.guard import actor, first
from labshare.web.htmx import show
from labshare.web.i18n import LOCAL
from labshare.web.months import around, asked_month, by_days, weeks_of, whole_of

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
    month = asked_month(request.args.get("month", ""), today)
    weeks = weeks_of(month)
    whole = whole_of(weeks)
    marks: dict[date, list[Mark]] = defaultdict(list)
    for day, mark in (*_windows(actor(), whole), *_outages(actor(), whole)):
        marks[day].append(mark)
    return show(
        "maintenance/calendar.html",
        weeks=weeks,
        month=month,
        today=today,
        marks=marks,
        sections=frame.sections("maintenance.calendar"),
        **around(month),
    )


def _windows(who: Actor, whole: Slot) -> Iterator[tuple[date, Mark]]:
    for one in queries.during(who, whole):
        href, codes = url_for("maintenance.window", window_id=one.id), frame.few(one.instruments)
        for day, when in by_days(one.slot, whole, one.tz):
            yield day, Mark(when, rules.KIND_WORDS[one.kind], codes, href, frame.TONES[one.state])


def _outages(who: Actor, whole: Slot) -> Iterator[tuple[date, Mark]]:
    for one in queries.outages_during(who, whole):
        until = max(one.ended_at or one.claimed_until, one.began_at + timedelta(minutes=1))
        for day, when in by_days(Slot(one.began_at, until), whole, one.tz):
            href = (
                url_for("maintenance.outage", code=one.code) if one.ended_at is None else url_for("maintenance.outages")
            )
            yield day, Mark(when, OUT_OF_SERVICE, one.code, href, "bad")
