"""The timeline as pages: one instrument's days, and all instruments' day or weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _

from labshare.booking import schedule
from labshare.booking.pages.drawing import Row, drawn, hours_shown, names
from labshare.booking.pages.frame import asked_day, pages
from labshare.booking.schedule import Shown
from labshare.instruments import hours
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.slots import Slot, day_of, union
from labshare.web.guard import actor
from labshare.web.htmx import show_anew
from labshare.web.i18n import LOCAL, day, own

DAY = timedelta(days=1)
SPANS = {"day": 1, "week": 7, "weeks": 14}  # days


@pages.get("/instruments/<code>/week")
def week(code: str) -> Response:
    """One instrument's week, or day or two weeks, a row a day."""
    known, now = catalogue.known(code), clock.now()
    span = _span("week")
    days = _days(asked_day(known.zone, now), span)
    window = Slot(day_of(days[0], known.zone).start, day_of(days[-1], known.zone).end)
    claims = schedule.shown(actor(), [known.id], window)
    opening = hours.of([known])[known.id]
    named = names()
    rows = [_by_day(Row(known, one, opening, actor(), now, named), claims) for one in days]
    return show_anew(
        "booking/week.html",
        "timeline",
        rows=rows,
        hours_shown=hours_shown(rows),
        known=known,
        days=days,
        **_around(days, span),
    )


def _by_day(row: Row, claims: Sequence[Shown]) -> dict[str, Any]:
    found = drawn(row, claims)
    href = f"{found['ask']}&day={row.day.isoformat()}" if found["ask"] else None
    note = _("provisional") if row.provisional else None
    return found | {"label": day(row.day, row.known.zone), "href": href, "note": note, "today": row.today}


@pages.get("/timeline")
def overview() -> Response:
    """All instruments' day, a row each; or their one or two weeks in hours."""
    now, span, named = clock.now(), _span("day"), names()
    every = catalogue.known_in_service()
    known = [one for one in every if _wanted(one)]
    zones = sorted({one.zone for one in known}, key=str) or [LOCAL]
    days = _days(asked_day(LOCAL, now), span)
    window = Slot(min(day_of(days[0], zone).start for zone in zones), max(day_of(days[-1], zone).end for zone in zones))
    claims: dict[str, list[Shown]] = defaultdict(list)
    for claim in schedule.shown(actor(), [one.id for one in known], window):
        claims[claim.instrument].append(claim)
    opening = hours.of(known) if span == "day" else {}
    if span == "day":
        drawing = [Row(one, days[0], opening[one.id], actor(), now, named) for one in known]
        rows = [_by_instrument(row, claims[row.known.code]) for row in drawing]
    else:
        rows = [_hours_taken(one, claims[one.code], days) for one in known]
    return show_anew(
        "booking/overview.html",
        "timeline",
        rows=rows,
        hours_shown=hours_shown(rows) if span == "day" else {},
        days=days,
        categories=sorted({(str(one.category_id), own(one.category_en, one.category_zh)) for one in every}),
        sites=sorted({(one.site_code, own(one.site_en, one.site_zh)) for one in every}),
        chosen={name: request.args.get(name, "") for name in ("category", "site")},
        **_around(days, span),
    )


def _by_instrument(row: Row, claims: Sequence[Shown]) -> dict[str, Any]:
    known = row.known
    notes = [own(known.name_en, known.name_zh)]
    if known.zone != LOCAL:
        notes.append(known.zone.key)
    if row.provisional:
        notes.append(_("provisional"))
    href = url_for("bookings.week", code=known.code, day=row.day.isoformat())
    return drawn(row, claims) | {"label": known.code, "href": href, "note": " · ".join(notes), "today": False}


def _hours_taken(known: Known, claims: Sequence[Shown], days: list[date]) -> dict[str, Any]:
    """Hours taken a day, of all channels together."""
    taken = []
    for one in days:
        whole = day_of(one, known.zone)
        by_channel: dict[int, list[Slot]] = defaultdict(list)
        for claim in claims:
            if piece := whole.meet(Slot(claim.starts_at, claim.ends_at)):
                by_channel[claim.channel].append(piece)
        busy = sum(slot.hours for slots in by_channel.values() for slot in union(slots))
        taken.append({"day": one, "hours": busy, "share": busy / (24 * known.channels)})
    return {"known": known, "days": taken}


def _wanted(known: Known) -> bool:
    category, site = request.args.get("category"), request.args.get("site")
    return (not category or category == str(known.category_id)) and (not site or site == known.site_code)


def _span(otherwise: str) -> str:
    said = request.args.get("span", "")
    return said if said in SPANS else otherwise


def _days(chosen: date, span: str) -> list[date]:
    """The chosen day, or the weeks that begin with its Monday."""
    first = chosen if span == "day" else chosen - chosen.weekday() * DAY
    return [first + number * DAY for number in range(SPANS[span])]


def _around(days: list[date], span: str) -> dict[str, Any]:
    """Where the buttons before and after lead."""
    step = len(days) * DAY
    return {"span": span, "before": (days[0] - step).isoformat(), "after": (days[0] + step).isoformat()}
