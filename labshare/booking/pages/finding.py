"""Find me time: the earliest free slots of a length, on any instrument that fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from flask import request, url_for

from labshare.booking import free
from labshare.booking.free import Alternative
from labshare.booking.pages.frame import asked_day, pages
from labshare.instruments import queries as catalogue
from labshare.instruments import search
from labshare.instruments.models import MODES
from labshare.instruments.queries import Known
from labshare.instruments.words import MODE_NAMES, length
from labshare.kernel import clock
from labshare.kernel.errors import N_
from labshare.kernel.slots import Slot, day_of
from labshare.web.guard import actor
from labshare.web.htmx import show
from labshare.web.i18n import LOCAL, own, say
from labshare.web.wall import as_local

LENGTHS = (15, 30, 60, 90, 120, 180, 240, 360, 480, 720, 1440)  # minutes
USUAL = 120
DAYS, MOST_DAYS = 7, 31
SHOWN = 30  # first slots of a day on an instrument
_ALL = N_("All")
FILTERS = ("q", "category", "site", "mode")


@pages.get("/find")
def find() -> str:
    """The first free slot of each day on each instrument that fits, the earliest first."""
    now = clock.now()
    asked: dict[str, Any] = {name: request.args.get(name, "").strip() for name in FILTERS}
    minutes = min(max(request.args.get("minutes", USUAL, type=int), 1), 7 * 1440)
    first, last = _days(asked_day(LOCAL, now))
    bookable = search.bookable(actor(), asked["category"], asked["site"])
    fitting = [one for one in bookable if _fits(one, asked["q"].casefold().split()[:8], asked["mode"])]
    within = Slot(day_of(first, LOCAL).start, day_of(last, LOCAL).end)
    return show(
        "booking/find.html",
        "found",
        slots=[_shown(one) for one in _firsts(free.of_instruments(fitting, within, minutes, now))],
        asked={**asked, "minutes": minutes, "day": first.isoformat(), "until": last.isoformat()},
        none_fits=not fitting,
        too_short=[one for one in fitting if not one.min_minutes <= minutes <= one.max_minutes],
        later=url_for("bookings.find", **asked, minutes=minutes, day=(last + timedelta(days=1)).isoformat()),
        lengths=[(one, say(length(one))) for one in sorted({*LENGTHS, minutes})],
        categories=[("", say(_ALL))] + [(str(row.id), own(row.name_en, row.name_zh)) for row in catalogue.categories()],
        sites=[("", say(_ALL))] + [(site.code, own(site.name_en, site.name_zh)) for site in catalogue.sites()],
        length_words=lambda one: say(length(one)),
        modes=[("", say(_ALL))] + [(mode, say(MODE_NAMES[mode])) for mode in MODES],
    )


def _days(first: date) -> tuple[date, date]:
    """From the day asked for to the last one looked at."""
    last = first + timedelta(days=DAYS - 1)
    with suppress(ValueError):
        last = date.fromisoformat(request.args.get("until", ""))
    return first, min(max(last, first), first + timedelta(days=MOST_DAYS - 1))


def _fits(known: Known, words: Sequence[str], mode: str) -> bool:
    said = " ".join(
        (
            known.code,
            known.name_en,
            known.name_zh,
            known.category_en,
            known.category_zh,
            known.manufacturer,
            known.model,
        )
    ).casefold()
    return all(word in said for word in words) and (not mode or mode in known.booking_modes)


def _firsts(found: Iterable[Alternative]) -> list[Alternative]:
    """Of each instrument and day the first, so many at most."""
    firsts: dict[tuple[int, date], Alternative] = {}
    for one in found:
        day = one.slot.start.astimezone(one.instrument.zone).date()
        firsts.setdefault((one.instrument.id, day), one)
        if len(firsts) == SHOWN:
            break
    return list(firsts.values())


def _shown(one: Alternative) -> dict[str, Any]:
    known, slot = one.instrument, one.slot
    return {
        "known": known,
        "slot": slot,
        "price": known.rate_cny_per_hour * slot.minutes / 60,
        "href": url_for(
            "bookings.new",
            instrument=known.code,
            starts_at=as_local(slot.start, known.zone),
            ends_at=as_local(slot.end, known.zone),
            _anchor="ask",
        ),
    }
