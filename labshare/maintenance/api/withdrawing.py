"""The JSON door to taking instruments, channels and companies out of the booking."""

from __future__ import annotations

from typing import Any

from labshare.kernel.retry import Retry
from labshare.maintenance import access, services
from labshare.maintenance.api.frame import blp, foreseen
from labshare.maintenance.planner import Consequences
from labshare.maintenance.schemas import (
    ChannelsIn,
    ConsequencesOut,
    DoneOut,
    Foreseen,
    SuspensionIn,
)
from labshare.web.guard import actor, first


@blp.post("/instruments/<code>/retirement/preview")
@first(access.keeper_of)
@blp.refuses(403, 404)
@blp.response(200, ConsequencesOut)
def preview_retirement(code: str) -> Foreseen:
    """What retiring the instrument would do."""
    return foreseen(services.preview_withdrawal(actor(), code))


@blp.post("/instruments/<code>/retirement")
@first(access.keeper_of)
@blp.changes(200, DoneOut)
def retire(code: str, retry: Retry | None) -> Consequences:
    """Retire the instrument; every booking ahead is displaced in the same act."""
    return services.withdraw(actor(), code, retry=retry)


@blp.post("/instruments/<code>/channels/preview")
@first(access.keeper_of)
@blp.refuses(400, 403, 404, 413, 415, 422)
@blp.arguments(ChannelsIn, error_status_code=422)
@blp.response(200, ConsequencesOut)
def preview_channels(said: dict[str, Any], code: str) -> Foreseen:
    """What leaving the instrument so many channels would do."""
    return foreseen(services.preview_withdrawal(actor(), code, said["channels"]))


@blp.post("/instruments/<code>/channels")
@first(access.keeper_of)
@blp.changes(200, DoneOut, body=ChannelsIn)
def take_channels(said: dict[str, Any], code: str, retry: Retry | None) -> Consequences:
    """Leave the instrument so many channels; bookings ahead on the others are displaced in the same act."""
    return services.withdraw(actor(), code, said["channels"], retry)


@blp.post("/companies/<id:company_id>/suspension/preview")
@first(access.suspender)
@blp.refuses(403, 404)
@blp.response(200, ConsequencesOut)
def preview_suspension(company_id: int) -> Foreseen:
    """What suspending the company would take back."""
    return foreseen(services.preview_suspension(actor(), company_id))


@blp.post("/companies/<id:company_id>/suspension")
@first(access.suspender)
@blp.changes(200, DoneOut, body=SuspensionIn)
def suspend(said: dict[str, Any], company_id: int, retry: Retry | None) -> Consequences:
    """Stop the company from booking; what it has ahead is taken back uncharged, in the same act."""
    return services.suspend(actor(), company_id, said["reason"], retry)
