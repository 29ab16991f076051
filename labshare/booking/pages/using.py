"""Check-in and check-out as pages: on the booking, and at the instrument, where its QR code leads."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import segno
from flask import current_app, url_for
from flask_babel import gettext as _

from labshare.booking import access, lifecycle, queries, schedule, services
from labshare.booking.models import Booking
from labshare.booking.pages.answering import answered
from labshare.booking.pages.frame import another_end, pages
from labshare.booking.queries import Seen
from labshare.booking.schemas import ChangeEndIn, CheckOutIn, UsageIn, VersionIn
from labshare.instruments import policy as keeping
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows
from labshare.kernel.errors import Forbidden
from labshare.kernel.slots import MINUTE, Slot
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.retrying import new_key
from labshare.web.wall import as_local

AHEAD = timedelta(hours=24)
MOST = 8  # that many next bookings are listed at an instrument


@pages.post("/bookings/<id:booking_id>/check-in")
@first(access.mover("check_in"))
def check_in(booking_id: int) -> Any:
    """Begin to use what was booked."""
    return answered(
        booking_id,
        VersionIn(),
        _("Checked in: the instrument is yours."),
        lambda body, retry: services.check_in(actor(), booking_id, body.get("version"), retry),
    )


@pages.post("/bookings/<id:booking_id>/check-out")
@first(access.mover("check_out"))
def check_out(booking_id: int) -> Any:
    """End the use."""
    return answered(
        booking_id,
        CheckOutIn(),
        _("Checked out. Thank you for leaving it to the next one."),
        lambda body, retry: services.check_out(actor(), booking_id, **body, retry=retry),
    )


@pages.post("/bookings/<id:booking_id>/change-end")
@first(access.mover("change_end"))
def change_end(booking_id: int) -> Any:
    """Let the use end later, or earlier."""
    return answered(
        booking_id,
        ChangeEndIn(),
        _("The use ends at another time now."),
        lambda body, retry: services.change_end(
            *(actor(), booking_id, body["ends_at"]),
            *(body["waive"], body.get("reason", ""), body.get("version"), retry),
        ),
    )


@pages.post("/bookings/<id:booking_id>/usage")
@first(access.mover("record"))
def record(booking_id: int) -> Any:
    """Enter or correct what was used."""
    return answered(
        booking_id,
        UsageIn(),
        _("Recorded."),
        lambda body, retry: services.record(
            actor(), booking_id, Slot(body.pop("starts_at"), body.pop("ends_at")), **body, retry=retry
        ),
    )


@pages.get("/instruments/<code>/here")
def here(code: str) -> str:
    """What somebody with a phone sees in front of the instrument: what is on now, and their own button."""
    known, now = catalogue.known(code), clock.now()
    claims = schedule.shown(actor(), [known.id], Slot(now, now + AHEAD))
    mine = _mine(actor(), known, now)
    opens = mine.starts_at - known.check_in_minutes * MINUTE if mine else now
    return show(
        "booking/here.html",
        known=known,
        current=[one for one in claims if one.starts_at <= now],
        following=[one for one in claims if one.starts_at > now][:MOST],
        mine=mine,
        opens=opens,
        open=opens <= now,
        keeps=keeping.may_keep(actor(), known.site_id) and known.state != "retired",
        **(another_end(actor(), mine, known, now) if mine else {}),
        form=Form({"ends_at": as_local(mine.ends_at, known.zone)} if mine else {}),
        retry_key=new_key(),
    )


def _mine(who: Actor, known: Known, now: datetime) -> Seen | None:
    """The booking the reader can check in to or out of: the one in use, else the next one."""
    near = queries.listed(who, instrument=known.code, mine=True).where(
        (Booking.state == lifecycle.IN_USE)
        | ((Booking.state == lifecycle.APPROVED) & (Booking.ends_at > now) & (Booking.starts_at < now + AHEAD))
    )
    found = [Seen(*row) for row in rows(near.order_by(Booking.starts_at, Booking.id).limit(MOST))]
    return next((one for one in found if one.state == lifecycle.IN_USE), found[0] if found else None)


@pages.get("/instruments/<code>/label")
def label(code: str) -> str:
    """A label to print and stick on the instrument."""
    known = catalogue.known(code)
    if not keeping.may_keep(actor(), known.site_id):
        raise Forbidden
    address = current_app.extensions["settings"].base_url + url_for("bookings.here", code=code)
    picture = segno.make(address, micro=False, error="m").svg_data_uri(scale=8, border=2)
    return show("booking/label.html", known=known, address=address, picture=picture)
