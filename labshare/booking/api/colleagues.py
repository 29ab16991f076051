"""What a company settles among its own people, by JSON."""

from __future__ import annotations

from typing import Any

from labshare.booking import access, services
from labshare.booking.api.frame import blp
from labshare.booking.queries import Seen
from labshare.booking.schemas import BookingOut, EndorseIn, HandOverIn
from labshare.kernel.retry import Retry
from labshare.web.guard import actor, first


@blp.post("/bookings/<id:booking_id>/endorse")
@first(access.mover("endorse"))
@blp.changes(200, BookingOut, body=EndorseIn)
def endorse(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Say the company's own yes, where it awaits that; then the laboratory is asked, if it has to be."""
    return services.endorse(actor(), booking_id, body.get("reason", ""), body.get("version"), retry)


@blp.post("/bookings/<id:booking_id>/hand-over")
@first(access.colleague_of)
@blp.changes(200, BookingOut, body=HandOverIn)
def hand_over(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Give the booking to a colleague of the same company; its time and its hours stay."""
    return services.hand_over(actor(), booking_id, body["person"], body.get("version"), retry)
