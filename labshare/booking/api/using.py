"""A use that goes on, by JSON."""

from __future__ import annotations

from typing import Any

from labshare.booking import access, services
from labshare.booking.api.frame import blp
from labshare.booking.queries import Seen
from labshare.booking.schemas import BookingOut, ChangeEndIn
from labshare.kernel.retry import Retry
from labshare.web.guard import actor, first


@blp.post("/bookings/<id:booking_id>/change-end")
@first(access.mover("change_end"))
@blp.changes(200, BookingOut, body=ChangeEndIn)
def change_end(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Let a use that goes on end later, where the time after it is free and the hours are left, or earlier."""
    word = {"waive": body["waive"], "reason": body.get("reason", ""), "version": body.get("version")}
    return services.change_end(actor(), booking_id, body["ends_at"], **word, retry=retry)
