"""The JSON door to maintenance."""

from __future__ import annotations

from typing import Any

from flask import Response

from labshare.instruments import queries as catalogue
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.kernel.retry import Retry
from labshare.maintenance import policy, queries, services, upkeep
from labshare.maintenance.models import Outage, Window
from labshare.maintenance.planner import Consequences
from labshare.maintenance.queries import Broken, Seen, Shared
from labshare.maintenance.schemas import (
    AddedOut,
    CancelIn,
    ChannelsIn,
    ConsequencesOut,
    DocumentIn,
    DocumentsOut,
    DoneOut,
    Foreseen,
    OutageIn,
    OutageOut,
    OutagesIn,
    OutagesOut,
    PlannedOut,
    RepairedIn,
    SuspensionIn,
    UpkeepIn,
    UpkeepOut,
    UpkeepsOut,
    UtilitiesOut,
    UtilityIn,
    UtilityOut,
    WindowIn,
    WindowOut,
    WindowPatch,
    WindowsIn,
    WindowsOut,
)
from labshare.maintenance.services import Draft, Planned
from labshare.maintenance.upkeep import Due
from labshare.people import queries as people
from labshare.web.api import Blueprint
from labshare.web.files import attachment
from labshare.web.guard import actor, first
from labshare.web.paging import page

blp = Blueprint("maintenance", "Time the laboratory takes for itself, and what that does to bookings")


def _planner(who: Actor) -> None:
    if not policy.may_plan_some(who):
        raise Forbidden


def _reader_of(who: Actor, window_id: int, **_rest: int) -> None:
    _planner(who)
    queries.window(who, window_id)


def _planner_of(who: Actor, window_id: int, **_rest: int) -> None:
    _planner(who)
    if not policy.may_plan(who, queries.window(who, window_id).site_ids):
        raise Forbidden


def _keeper_of(who: Actor, code: str) -> None:
    if not policy.may_plan(who, [catalogue.known(code).site_id]):
        raise Forbidden


def _mender_of(who: Actor, outage_id: int) -> None:
    _planner(who)
    queries.outage(who, outage_id)


def _user_of(who: Actor, utility_id: int) -> None:
    _planner(who)
    queries.utility(who, utility_id)


def _minder_of(who: Actor, upkeep_id: int) -> None:
    _planner(who)
    upkeep.one(who, upkeep_id)


def _foreseen(found: Consequences, windows: int = 1) -> Foreseen:
    known = catalogue.known_by_ids({place.instrument_id for place in found.places})
    return Foreseen(found, {one.id: one.code for one in known}, windows)


# ---------------------------------------------------------------- windows


@blp.get("/maintenance-windows")
@first(_planner)
@blp.refuses(403, 422)
@blp.arguments(WindowsIn, location="query", error_status_code=422)
@blp.response(200, WindowsOut)
def windows(said: dict[str, Any]) -> dict[str, Any]:
    """The windows of your sites, by start."""
    statement = queries.listed(actor(), coming=said["coming"], instrument=said["instrument"])
    found = page(statement, Window.starts_at, Window.id, said["limit"], said["cursor"])
    return {"items": queries.with_places(found.items), "next": found.next}


@blp.get("/maintenance-windows/<id:window_id>")
@first(_reader_of)
@blp.refuses(403, 404)
@blp.response(200, WindowOut)
def window(window_id: int) -> Seen:
    """One window."""
    return queries.window(actor(), window_id)


@blp.post("/maintenance-windows")
@first(_planner)
@blp.changes(201, PlannedOut, body=WindowIn)
def plan(draft: Draft, retry: Retry | None) -> Planned:
    """Plan maintenance: every booking in its way is displaced in the same act, its hours given back."""
    return services.plan(actor(), draft, retry)


@blp.post("/maintenance-windows/preview")
@first(_planner)
@blp.refuses(400, 403, 413, 415, 422)
@blp.arguments(WindowIn, error_status_code=422)
@blp.response(200, ConsequencesOut)
def preview(draft: Draft) -> Foreseen:
    """What planning it would do: whom it hits, by company, with hours, and where they could go instead."""
    found = services.preview(actor(), draft)
    return _foreseen(found.consequences, found.windows)


@blp.patch("/maintenance-windows/<id:window_id>")
@first(_planner_of)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(WindowPatch, error_status_code=422)
@blp.response(200, PlannedOut)
def change(said: dict[str, Any], window_id: int) -> Planned:
    """Give one window another time, or say something else of it; what that frees is free at once."""
    return services.change(actor(), window_id, **said)


@blp.delete("/maintenance-windows/<id:window_id>")
@first(_planner_of)
@blp.refuses(403, 404, 409, 422)
@blp.arguments(CancelIn, location="query", error_status_code=422)
@blp.response(200, WindowOut)
def cancel(said: dict[str, Any], window_id: int) -> Seen:
    """Call a window off; one that has begun ends now. Who was displaced is told."""
    return services.cancel(actor(), window_id, rest=said["series"])


# ---------------------------------------------------------------- documents


@blp.get("/maintenance-windows/<id:window_id>/documents")
@first(_reader_of)
@blp.refuses(403, 404)
@blp.response(200, DocumentsOut)
def documents(window_id: int) -> dict[str, Any]:
    """The files of a window."""
    return {"items": queries.documents(window_id), "next": None}


@blp.post("/maintenance-windows/<id:window_id>/documents")
@first(_planner_of)
@blp.changes(201, AddedOut, body=DocumentIn)
def add_document(said: dict[str, Any], window_id: int, retry: Retry | None) -> int:
    """Keep a file with a window."""
    return services.add_document(actor(), window_id, said["name"], said["content"], retry)


@blp.get("/maintenance-windows/<id:window_id>/documents/<id:document_id>")
@first(_reader_of)
@blp.refuses(403, 404)
@blp.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def document(window_id: int, document_id: int) -> Response:
    """One file as it was put there."""
    found = queries.document(actor(), window_id, document_id)
    return attachment(found.name, found.content)


@blp.delete("/maintenance-windows/<id:window_id>/documents/<id:document_id>")
@first(_planner_of)
@blp.refuses(403, 404)
@blp.response(204)
def remove_document(window_id: int, document_id: int) -> None:
    """Take a file away."""
    services.remove_document(actor(), window_id, document_id)


# ---------------------------------------------------------------- outages


@blp.get("/outages")
@first(_planner)
@blp.refuses(403, 422)
@blp.arguments(OutagesIn, location="query", error_status_code=422)
@blp.response(200, OutagesOut)
def outages(said: dict[str, Any]) -> dict[str, Any]:
    """The outages at your sites, the newest first."""
    statement = queries.outages(actor(), is_open=said["open"])
    found = page(statement, Outage.began_at, Outage.id, said["limit"], said["cursor"], newest_first=True)
    return {"items": [Broken(*row) for row in found.items], "next": found.next}


@blp.post("/outages")
@first(_planner)
@blp.changes(201, OutageOut, body=OutageIn)
def report(said: dict[str, Any], retry: Retry | None) -> Broken:
    """An instrument broke down: its use ends, who comes next is displaced, nobody new may come."""
    code = said.pop("instrument")
    return services.report(actor(), code, **said, retry=retry)


@blp.post("/outages/<id:outage_id>/repaired")
@first(_mender_of)
@blp.changes(200, OutageOut, body=RepairedIn)
def repaired(said: dict[str, Any], outage_id: int, retry: Retry | None) -> Broken:
    """It works again: the rest of its time is free at once."""
    return services.repaired(actor(), outage_id, **said, retry=retry)


# ---------------------------------------------------------------- utilities and upkeep


@blp.get("/utilities")
@first(_planner)
@blp.refuses(403)
@blp.response(200, UtilitiesOut)
def utilities() -> dict[str, Any]:
    """What instruments of your sites share."""
    return {"items": queries.utilities(actor()), "next": None}


@blp.post("/utilities")
@first(_planner)
@blp.changes(201, UtilityOut, body=UtilityIn)
def add_utility(said: dict[str, Any], retry: Retry | None) -> Shared:
    """Say what several instruments depend on."""
    return services.add_utility(actor(), said, said.pop("instruments"), retry)


@blp.put("/utilities/<id:utility_id>")
@first(_user_of)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(UtilityIn, error_status_code=422)
@blp.response(200, UtilityOut)
def change_utility(said: dict[str, Any], utility_id: int) -> Shared:
    """Say anew what it is called and what depends on it."""
    return services.change_utility(actor(), utility_id, said, said.pop("instruments"))


@blp.get("/upkeep")
@first(_planner)
@blp.refuses(403)
@blp.response(200, UpkeepsOut)
def upkeeps() -> dict[str, Any]:
    """What the instruments of your sites need again and again."""
    return {"items": upkeep.every(actor()), "next": None}


@blp.put("/instruments/<code>/upkeep")
@first(_keeper_of)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(UpkeepIn, error_status_code=422)
@blp.response(200, UpkeepOut)
def set_upkeep(said: dict[str, Any], code: str) -> Due:
    """Say how often an instrument needs a kind of work."""
    return services.set_upkeep(actor(), code, **said)


@blp.delete("/upkeep/<id:upkeep_id>")
@first(_minder_of)
@blp.refuses(403, 404)
@blp.response(204)
def remove_upkeep(upkeep_id: int) -> None:
    """Nobody needs to think of it any more."""
    services.remove_upkeep(actor(), upkeep_id)


# ---------------------------------------------------------------- out of the booking


@blp.post("/instruments/<code>/retirement/preview")
@first(_keeper_of)
@blp.refuses(403, 404)
@blp.response(200, ConsequencesOut)
def preview_retirement(code: str) -> Foreseen:
    """What retiring the instrument would do."""
    return _foreseen(services.preview_withdrawal(actor(), code))


@blp.post("/instruments/<code>/retirement")
@first(_keeper_of)
@blp.changes(200, DoneOut)
def retire(code: str, retry: Retry | None) -> Consequences:
    """Retire the instrument; every booking ahead is displaced in the same act."""
    return services.withdraw(actor(), code, retry=retry)


@blp.post("/instruments/<code>/channels/preview")
@first(_keeper_of)
@blp.refuses(400, 403, 404, 413, 415, 422)
@blp.arguments(ChannelsIn, error_status_code=422)
@blp.response(200, ConsequencesOut)
def preview_channels(said: dict[str, Any], code: str) -> Foreseen:
    """What leaving the instrument so many channels would do."""
    return _foreseen(services.preview_withdrawal(actor(), code, said["channels"]))


@blp.post("/instruments/<code>/channels")
@first(_keeper_of)
@blp.changes(200, DoneOut, body=ChannelsIn)
def take_channels(said: dict[str, Any], code: str, retry: Retry | None) -> Consequences:
    """Leave the instrument so many channels; bookings ahead on the others are displaced in the same act."""
    return services.withdraw(actor(), code, said["channels"], retry)


def _suspender(who: Actor, company_id: int) -> None:
    people.company(who, company_id)
    if not policy.may_suspend(who):
        raise Forbidden


@blp.post("/companies/<id:company_id>/suspension/preview")
@first(_suspender)
@blp.refuses(403, 404)
@blp.response(200, ConsequencesOut)
def preview_suspension(company_id: int) -> Foreseen:
    """What suspending the company would take back."""
    return _foreseen(services.preview_suspension(actor(), company_id))


@blp.post("/companies/<id:company_id>/suspension")
@first(_suspender)
@blp.changes(200, DoneOut, body=SuspensionIn)
def suspend(said: dict[str, Any], company_id: int, retry: Retry | None) -> Consequences:
    """Stop the company from booking; what it has ahead is taken back uncharged, in the same act."""
    return services.suspend(actor(), company_id, said["reason"], retry)
