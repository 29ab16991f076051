"""What a company settles among its own people, by JSON."""

from __future__ import annotations

from typing import Any

from labshare.booking import policy, queries, services
from labshare.booking.api.asking import may
from labshare.booking.api.frame import blp
from labshare.booking.queries import Seen
from labshare.booking.schemas import BookingOut, EndorseIn, HandOverIn
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.kernel.retry import Retry
from labshare.web.guard import actor, first


def _of_the_company(who: Actor, booking_id: int) -> None:
    if not policy.may_ask_to_hand_over(who, queries.seen(who, booking_id)):
        raise Forbidden


@blp.post("/bookings/<id:booking_id>/endorse")
@may("endorse")
@blp.changes(200, BookingOut, body=EndorseIn)
def endorse(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Say the company's own yes, where it awaits that; then the laboratory is asked, if it has to be."""
    return services.endorse(actor(), booking_id, body.get("reason", ""), body.get("version"), retry)


@blp.post("/bookings/<id:booking_id>/hand-over")
@first(_of_the_company)
@blp.changes(200, BookingOut, body=HandOverIn)
def hand_over(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Give the booking to a colleague of the same company; its time and its hours stay."""
    return services.hand_over(actor(), booking_id, body["person"], body.get("version"), retry)
