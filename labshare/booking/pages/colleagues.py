"""The forms by which a company settles things among its own people: its own yes, and handing over."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from labshare.booking import access, services
from labshare.booking.pages.answering import answered
from labshare.booking.pages.frame import pages
from labshare.booking.schemas import EndorseIn, HandOverIn
from labshare.web.guard import actor, first


@pages.post("/bookings/<id:booking_id>/endorse")
@first(access.mover("endorse"))
def endorse(booking_id: int) -> Any:
    """Say the company's own yes."""
    return answered(
        booking_id,
        EndorseIn(),
        _("Approved for the company."),
        lambda body, retry: services.endorse(actor(), booking_id, body.get("reason", ""), body.get("version"), retry),
    )


@pages.post("/bookings/<id:booking_id>/hand-over")
@first(access.colleague_of)
def hand_over(booking_id: int) -> Any:
    """Give it to a colleague."""
    return answered(
        booking_id,
        HandOverIn(),
        _("Handed over; the time and the hours stay."),
        lambda body, retry: services.hand_over(actor(), booking_id, body["person"], body.get("version"), retry),
    )
