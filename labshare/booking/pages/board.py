"""Today's board as a page that renews itself: the laboratory as its staff would see it by walking round."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _

from labshare.booking import access
from labshare.booking import board as today
from labshare.booking.board import BROKEN, CLOSED, FREE, LATE, MAINTAINED, OUT, OVERRUNNING, RUNNING, STANDINGS, TAKEN
from labshare.booking.pages.frame import pages
from labshare.kernel import clock
from labshare.web.guard import actor, first
from labshare.web.htmx import show_anew
from labshare.web.i18n import LOCAL, own

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


@pages.get("/board")
@first(access.answerer)
def board() -> Response:
    """Who is on what now, who is late, what is free and who comes next, by site."""
    now = clock.now()
    found = today.lines(actor(), now)
    sites = [(code, list(some)) for code, some in groupby(found, key=lambda line: line.known.site_code)]
    chosen = request.args.get("site", "")
    chosen = chosen if chosen in dict(sites) else ""
    shown = [(code, some) for code, some in sites if chosen in ("", code)]
    return show_anew(
        "booking/board.html",
        "board",
        sites=shown,
        counts=today.count(line for _code, some in shown for line in some),
        tabs=_tabs(sites, chosen),
        today=now.astimezone(LOCAL).date(),
        words=STANDINGS,
        tones=TONES,
    )


def _tabs(sites: list[tuple[str, Any]], chosen: str) -> list[tuple[str, str, bool]]:
    """All sites or one of them, where there is a choice."""
    if len(sites) < 2:
        return []
    each = [(code, own(some[0].known.site_en, some[0].known.site_zh)) for code, some in sites]
    every = (url_for("bookings.board"), _("All sites"), not chosen)
    return [every, *((url_for("bookings.board", site=code), name, code == chosen) for code, name in each)]
