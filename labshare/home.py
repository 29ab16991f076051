"""The start page of each role: what needs an answer, what comes next, where to go on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from labshare.booking import outcomes, queries, rules
from labshare.booking.models import Booking
from labshare.booking.queries import Seen
from labshare.kernel import clock
from labshare.kernel.db import rows
from labshare.notifications import queries as inbox
from labshare.people import queries as people
from labshare.web.guard import actor
from labshare.web.htmx import show

pages = Blueprint("home", __name__)


@pages.get("/")
def start() -> str:
    """The actor's own start page; a constant number of statements."""
    who, now = actor(), clock.now()
    upcoming = queries.listed(who).where(queries.ahead(now))
    shown: dict[str, Any] = {
        "upcoming": [Seen(*row) for row in rows(upcoming.order_by(Booking.starts_at, Booking.id).limit(8))],
        "state_words": rules.STATE_WORDS,
        "unread": inbox.unread(who),
    }
    if who.company_id is not None:
        shown["own_waiting"] = queries.count_own_waiting(who, now)
        shown["to_endorse"] = queries.count_to_endorse(who, now)
        shown["held"] = queries.count_offered(who.company_id)
        shown["offered"] = outcomes.count_offered(who.company_id)
    if who.is_staff:
        urgent = queries.waiting(who).where(Booking.starts_at > now).order_by(Booking.decide_by).limit(6)
        shown["waiting"] = [Seen(*row) for row in rows(urgent)]
        shown["waiting_count"] = queries.count_waiting(who, now)
    if who.is_admin:
        shown["companies"] = people.count_companies()
    return show("home.html", **shown)
