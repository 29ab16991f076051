"""A company's month, a day a cell; on a phone a list of the days on which something is booked."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext as _

from labshare.booking import lifecycle, queries
from labshare.booking.models import Booking
from labshare.booking.pages.frame import TONES, pages
from labshare.booking.pages.listing import tabs
from labshare.booking.queries import Seen
from labshare.kernel import clock
from labshare.kernel.db import rows
from labshare.kernel.errors import NotFound
from labshare.web.guard import actor
from labshare.web.htmx import show
from labshare.web.i18n import LOCAL
from labshare.web.months import around, asked_month, by_days, weeks_of, whole_of

PLAIN = (lifecycle.APPROVED, lifecycle.COMPLETED)  # what stands in a calendar is booked, unless it says otherwise


@pages.get("/bookings/calendar")
def calendar() -> str:
    """A month of the company's bookings, in one statement; each is read in its own site's zone."""
    who = actor()
    if who.company_id is None:
        raise NotFound
    today = clock.now().astimezone(LOCAL).date()
    month = asked_month(request.args.get("month", ""), today)
    mine = request.args.get("mine") == "1"
    weeks = weeks_of(month)
    whole = whole_of(weeks)
    statement = queries.during(who.company_id, whole)
    if mine:
        statement = statement.where(Booking.person_id == who.person_id)
    marks: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for one in (Seen(*row) for row in rows(statement)):
        for day, when in by_days(one.slot, whole, one.tz):
            marks[day].append({"booking": one, "when": when or _("all day"), "tone": TONES[one.state]})
    return show(
        "booking/month.html",
        weeks=weeks,
        month=month,
        today=today,
        marks=marks,
        mine="1" if mine else None,
        plain=PLAIN,
        tabs=tabs("month"),
        **around(month),
    )
