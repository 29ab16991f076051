"""What stands behind a figure, row by row, each with the way to its booking."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request, url_for

from labshare.booking.rules import STATE_WORDS
from labshare.people import queries as people
from labshare.usage import access
from labshare.usage.pages.frame import common, pages, this_year
from labshare.usage.records import BOOKED, USES, WHAT, Sought, statement
from labshare.usage.schemas import RecordsIn
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import show
from labshare.web.i18n import own, say
from labshare.web.paging import page

NAMES = ("year", "month", "company", "instrument", "what")


@pages.get("/usage/records")
@first(access.of_instruments)
def records() -> str:
    """The uses or bookings behind a figure that the reader may see, the earliest first."""
    said: dict[str, Any] = {"year": str(this_year())} | {
        name: value for name in NAMES if (value := request.args.get(name, "").strip())
    }
    paged = {"cursor": request.args["cursor"]} if request.args.get("cursor") else {}
    given = load(RecordsIn(), said | paged)
    sought: Sought = given["sought"]
    if sought.company is not None:
        people.company(actor(), sought.company)
    rows = statement(actor(), sought).subquery()
    some = page(sa.select(rows), rows.c.starts_at, rows.c.id, given["limit"], given["cursor"])
    return show(
        "usage/records.html",
        "rows",
        **common(sought.year),
        sought=sought,
        what=say(WHAT[sought.what]),
        states=STATE_WORDS,
        by_the_minute=sought.what in (USES, BOOKED),
        rows=[(row, own(row.name_en, row.name_zh), sought.piece(row.starts_at, row.ends_at)) for row in some.items],
        more=url_for("usage.records", **said, cursor=some.next) if some.next else None,
    )
