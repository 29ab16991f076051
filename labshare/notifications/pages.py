"""The inbox."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from marshmallow import Schema

from labshare.booking.sentences import sentence
from labshare.kernel.journal import Entry
from labshare.notifications import queries, services
from labshare.web.bodies import Whole, form, load
from labshare.web.guard import actor
from labshare.web.htmx import show
from labshare.web.paging import page

pages = Blueprint("inbox", __name__, template_folder="templates")


class ReadIn(Schema):
    """Up to which fact the reader has read."""

    seen_id = Whole(1, 10**18, required=True)


@pages.get("/inbox")
def listed() -> str:
    """What others did to the actor's bookings, newest first."""
    who = actor()
    found = page(queries.news(who), Entry.id, Entry.id, 50, request.args.get("cursor"), newest_first=True)
    read = queries.seen_id(who)
    items = [
        {
            "id": row.id,
            "at": row.at,
            "zone": ZoneInfo(row.zone),
            "unread": row.id > read,
            "booking_id": row.booking_id,
            "title": f"{row.instrument} · {row.company}",
            "text": sentence(row.kind, row.data, row.who, ZoneInfo(row.zone)),
        }
        for row in found.items
    ]
    more = url_for("inbox.listed", cursor=found.next) if found.next else None
    return show("notifications/inbox.html", items=items, more=more)


@pages.post("/inbox/read")
def read() -> Any:
    """Mark everything up to a fact as read."""
    services.mark_read(actor(), load(ReadIn(), form("seen_id"))["seen_id"])
    return redirect(url_for("inbox.listed"), 303)
