"""The timeline as pages: one instrument's week by days, and all instruments' day or week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_babel import gettext as _

from labshare.booking import lifecycle, schedule
from labshare.booking.pages.frame import asked_day, minutes_into, pages
from labshare.booking.schedule import Shown
from labshare.instruments import hours, timeline
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.instruments.rules.opening import Hours
from labshare.kernel import clock
from labshare.kernel.slots import Slot, day_of, union
from labshare.web.guard import actor
from labshare.web.htmx import show
from labshare.web.i18n import LOCAL, day, own

DAY = timedelta(days=1)


@pages.get("/instruments/<code>/week")
def week(code: str) -> str:
    """One instrument's week, a row a day."""
    known, now = catalogue.known(code), clock.now()
    chosen = asked_day(known.zone, now)
    monday = chosen - chosen.weekday() * DAY
    days = [monday + number * DAY for number in range(7)]
    window = Slot(day_of(days[0], known.zone).start, day_of(days[-1], known.zone).end)
    claims = schedule.shown(actor(), [known.id], window)
    opening = hours.of([known])[known.id]
    today = now.astimezone(known.zone).date()
    rows = [
        {
            "label": day(one, known.zone),
            "href": url_for("bookings.new", instrument=code, day=one.isoformat()) if one >= today else None,
            "today": one == today,
            "claims": _closed(opening, one) + _of_day(claims, one, known.zone),
            "note": _("provisional") if opening.of_day(one)[1] else None,
        }
        for one in days
    ]
    return show(
        "booking/week.html",
        known=known,
        rows=rows,
        days=days,
        now=minutes_into(today, now, known.zone),
        before=(monday - 7 * DAY).isoformat(),
        after=(monday + 7 * DAY).isoformat(),
        today=today,
    )


@pages.get("/timeline")
def overview() -> str:
    """All instruments' day, a row each; or their week in hours."""
    now = clock.now()
    chosen = asked_day(LOCAL, now)
    wide = request.args.get("span") == "week"
    every = catalogue.known_in_service()
    known = [one for one in every if _wanted(one)]
    monday = chosen - chosen.weekday() * DAY
    days = [monday + number * DAY for number in range(7)] if wide else [chosen]
    zone = known[0].zone if known else LOCAL
    window = Slot(day_of(days[0], zone).start, day_of(days[-1], zone).end)
    claims: dict[str, list[Shown]] = defaultdict(list)
    for claim in schedule.shown(actor(), [one.id for one in known], window):
        claims[claim.instrument].append(claim)
    opening = {} if wide else hours.of(known)
    step = 7 if wide else 1
    return show(
        "booking/overview.html",
        rows=[
            _busy_week(one, claims[one.code], days)
            if wide
            else _busy_day(one, claims[one.code], opening[one.id], chosen)
            for one in known
        ],
        wide=wide,
        days=days,
        chosen=chosen,
        today=now.astimezone(zone).date(),
        now=minutes_into(chosen, now, zone),
        before=(chosen - step * DAY).isoformat(),
        after=(chosen + step * DAY).isoformat(),
        categories=sorted({(str(one.category_id), own(one.category_en, one.category_zh)) for one in every}),
        sites=sorted({(one.site_code, own(one.site_en, one.site_zh)) for one in every}),
        chosen_filters={name: request.args.get(name, "") for name in ("category", "site")},
    )


def _wanted(known: Known) -> bool:
    category, site = request.args.get("category"), request.args.get("site")
    return (not category or category == str(known.category_id)) and (not site or site == known.site_code)


def _busy_day(known: Known, claims: Sequence[Shown], opening: Hours, chosen: date) -> dict[str, Any]:
    name = own(known.name_en, known.name_zh)
    return {
        "label": known.code,
        "note": f"{name} · {_('provisional')}" if opening.of_day(chosen)[1] else name,
        "href": url_for("bookings.week", code=known.code, day=chosen.isoformat()),
        "claims": _closed(opening, chosen) + _few(known, _of_day(claims, chosen, known.zone)),
        "today": False,
    }


def _closed(opening: Hours, one: date) -> list[dict[str, Any]]:
    """The stretches of the day in which the instrument is not open, as the timeline draws them."""
    whole = day_of(one, opening.zone)
    return [
        _stretch("closed", slot.start, slot.end, one, opening.zone, _("closed")) for slot in opening.closed_in(whole)
    ]


def _few(known: Known, bars: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of an instrument with many channels, the own bars and one line for how many others are busy."""
    others = [bar for bar in bars if bar["kind"] == "busy"]
    if known.channels <= 4 or len(others) < 2:
        return bars
    start, end = min(bar["start"] for bar in others), max(bar["start"] + bar["minutes"] for bar in others)
    text = _("%(n)s of %(all)s channels busy", n=len(others), all=known.channels)
    together = {"kind": "busy", "start": start, "minutes": end - start, "text": text, "title": text, "href": None}
    return [bar for bar in bars if bar["kind"] != "busy"] + [together]


def _busy_week(known: Known, claims: Sequence[Shown], days: list[date]) -> dict[str, Any]:
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


def _of_day(claims: Sequence[Shown], one: date, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The day's claims as the timeline draws them: own bookings with their buffers apart, others as busy."""
    whole = day_of(one, zone)
    drawn = []
    for claim in claims:
        if whole.meet(Slot(claim.starts_at, claim.ends_at)) is None:
            continue
        if claim.booked_from is None or claim.booked_to is None:
            drawn.append(_bar(claim, claim.starts_at, claim.ends_at, one, zone))
            continue
        if claim.booked_from > claim.starts_at:
            drawn.append(_bar(claim, claim.starts_at, claim.booked_from, one, zone, "buffer"))
        if whole.meet(Slot(claim.booked_from, claim.booked_to)):
            drawn.append(_bar(claim, claim.booked_from, claim.booked_to, one, zone))
        if claim.ends_at > claim.booked_to:
            drawn.append(_bar(claim, claim.booked_to, claim.ends_at, one, zone, "buffer"))
    return drawn


def _bar(
    claim: Shown, start: datetime, end: datetime, one: date, zone: ZoneInfo, kind: str | None = None
) -> dict[str, Any]:
    kind = kind or _kind(claim)
    names = {
        "busy": _("busy"),
        "buffer": _("warm-up or cool-down"),
        "maintenance": _("maintenance"),
        "outage": _("out of service"),
        "offer": _("held for %(company)s", company=claim.company or ""),
    }
    linked = claim.booking_id if kind != "buffer" else None
    bar = _stretch(kind, start, end, one, zone, names.get(kind) or claim.company or "")
    return bar | {"href": url_for("bookings.show", booking_id=linked) if linked else None}


def _stretch(kind: str, start: datetime, end: datetime, one: date, zone: ZoneInfo, what: str) -> dict[str, Any]:
    """A stretch of time as the day's row has it, cut at the day's ends."""
    whole = day_of(one, zone)
    first, last = max(start, whole.start), min(end, whole.end)
    begin = minutes_into(one, first, zone)
    until = minutes_into(one, last, zone) if last < whole.end else 1440
    shown = f"{first.astimezone(zone):%H:%M}–{'24:00' if until == 1440 else format(last.astimezone(zone), '%H:%M')}"
    text = f"{shown} {what}"
    return {
        "kind": kind,
        "start": begin,
        "minutes": max(until - begin, 1),
        "text": text,
        "title": text,
        "href": None,
    }


def _kind(claim: Shown) -> str:
    if claim.booking_id is None or claim.kind == timeline.OFFER:
        return claim.kind
    return "waiting" if claim.state == lifecycle.REQUESTED else "own"
