"""The waiting list by JSON; time that is held for who waited is taken or declined as the booking it is."""

from __future__ import annotations

from typing import Any

from flask import Response

from labshare.booking import access, services, waitlist
from labshare.booking.api.frame import as_json, blp
from labshare.booking.models import WaitlistEntry
from labshare.booking.schemas import WaitIn, WaitOut, WaitsIn, WaitsOut, waits_listing
from labshare.booking.services.asking import Draft
from labshare.booking.waitlist import Wait
from labshare.kernel.retry import Retry
from labshare.web.guard import actor, first
from labshare.web.paging import page


@blp.post("/waitlist")
@blp.changes(201, WaitOut, body=WaitIn)
def join(draft: Draft, retry: Retry | None) -> Wait:
    """Wait for time that is taken: should it become free, the first who may have it is asked, then the next."""
    return services.join(actor(), draft, retry)


@blp.get("/waitlist")
@blp.refuses(422)
@blp.arguments(WaitsIn, location="query")
@blp.response(200, WaitsOut)
def waits(query: dict[str, Any]) -> Response:
    """The places in line the actor may see, the oldest first."""
    states = [query["state"]] if "state" in query else []
    statement = waitlist.listed(actor(), states, query.get("instrument"))
    found = page(statement, WaitlistEntry.created_at, WaitlistEntry.id, query["limit"], query["cursor"])
    return as_json(waits_listing([Wait(*row) for row in found.items], found.next))


@blp.get("/waitlist/<id:wait_id>")
@blp.refuses(404)
@blp.response(200, WaitOut)
def wait(wait_id: int) -> Wait:
    """One place in line."""
    return waitlist.seen(actor(), wait_id)


@blp.delete("/waitlist/<id:wait_id>")
@first(access.leaver_of)
@blp.refuses(403, 404, 409)
@blp.response(200, WaitOut)
def leave(wait_id: int) -> Wait:
    """Wait no more."""
    return services.leave(actor(), wait_id)
