"""The forms by which a company settles things among its own people: its own yes, and handing over."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from labshare.booking import policy, queries, services
from labshare.booking.pages.answering import answered, may
from labshare.booking.pages.frame import pages
from labshare.booking.schemas import EndorseIn, HandOverIn
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.web.guard import actor, first


def _of_the_company(who: Actor, booking_id: int) -> None:
    if not policy.may_ask_to_hand_over(who, queries.seen(who, booking_id)):
        raise Forbidden


@pages.post("/bookings/<id:booking_id>/endorse")
@may("endorse")
def endorse(booking_id: int) -> Any:
    """Say the company's own yes."""
    return answered(
        booking_id,
        EndorseIn(),
        _("Approved for the company."),
        lambda body, retry: services.endorse(actor(), booking_id, body.get("reason", ""), body.get("version"), retry),
    )


@pages.post("/bookings/<id:booking_id>/hand-over")
@first(_of_the_company)
def hand_over(booking_id: int) -> Any:
    """Give it to a colleague."""
    return answered(
        booking_id,
        HandOverIn(),
        _("Handed over; the time and the hours stay."),
        lambda body, retry: services.hand_over(actor(), booking_id, body["person"], body.get("version"), retry),
    )
