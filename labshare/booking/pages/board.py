"""Today's board as a page that renews itself: the laboratory as its staff would see it by walking round."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _

from labshare.booking import access
from labshare.booking import board as today
from labshare.booking.board import (
    BROKEN,
    CLOSED,
    FREE,
    LATE,
    MAINTAINED,
    OUT,
    OVERRUNNING,
    RUNNING,
    STANDINGS,
    TAKEN,
    Line,
)
from labshare.booking.pages.frame import pages
from labshare.kernel import clock
from labshare.web.guard import actor, first
from labshare.web.htmx import show_anew
from labshare.web.i18n import own

TONES = {
    OVERRUNNING: "bad",
    LATE: "wait",
    RUNNING: "info",
    BROKEN: "bad",
    MAINTAINED: "wait",
    TAKEN: "neutral",
    FREE: "good",
    CLOSED: "neutral",
    OUT: "neutral",
}
SHUT = (CLOSED, OUT)


@pages.get("/board")
@first(access.answerer)
def board() -> Response:
    """Who is on what now, who is late, what is free and who comes next, by site."""
    now = clock.now()
    found = today.lines(actor(), now)
    sites = {code: list(some) for code, some in groupby(found, key=lambda line: line.known.site_code)}
    chosen = request.args.get("site", "")
    chosen = chosen if chosen in sites else ""
    shown = [some for code, some in sites.items() if chosen in ("", code)]
    return show_anew(
        "booking/board.html",
        "board",
        sites=[_site(some, now) for some in shown],
        counts=today.count(line for some in shown for line in some),
        tabs=_tabs(sites, chosen),
        words=STANDINGS,
        tones=TONES,
    )


def _site(lines: list[Line], now: datetime) -> dict[str, Any]:
    """One site, those instruments apart at which nobody could be."""
    known = lines[0].known
    return {
        "known": known,
        "today": now.astimezone(known.zone).date(),
        "here": [line for line in lines if line.standing not in SHUT],
        "shut": [line for line in lines if line.standing in SHUT],
    }


def _tabs(sites: Mapping[str, list[Line]], chosen: str) -> list[tuple[str, str, bool]]:
    """All sites or one of them, where there is a choice."""
    if len(sites) < 2:
        return []
    each = [(code, own(some[0].known.site_en, some[0].known.site_zh)) for code, some in sites.items()]
    every = (url_for("bookings.board"), _("All sites"), not chosen)
    return [every, *((url_for("bookings.board", site=code), name, code == chosen) for code, name in each)]
