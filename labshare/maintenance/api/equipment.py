"""The JSON door to outages, utilities and what instruments need again and again."""

from __future__ import annotations

from typing import Any

from labshare.kernel.retry import Retry
from labshare.maintenance import access, queries, services, upkeep
from labshare.maintenance.api.frame import blp
from labshare.maintenance.models import Outage
from labshare.maintenance.queries import Broken, Shared
from labshare.maintenance.schemas import (
    OutageIn,
    OutageOut,
    OutagesIn,
    OutagesOut,
    RepairedIn,
    UpkeepIn,
    UpkeepOut,
    UpkeepsOut,
    UtilitiesOut,
    UtilityIn,
    UtilityOut,
)
from labshare.maintenance.upkeep import Due
from labshare.web.guard import actor, first
from labshare.web.paging import page

# ---------------------------------------------------------------- outages


@blp.get("/outages")
@first(access.planner)
@blp.refuses(403, 422)
@blp.arguments(OutagesIn, location="query", error_status_code=422)
@blp.response(200, OutagesOut)
def outages(said: dict[str, Any]) -> dict[str, Any]:
    """The outages at your sites, the newest first."""
    statement = queries.outages(actor(), is_open=said["open"])
    found = page(statement, Outage.began_at, Outage.id, said["limit"], said["cursor"], newest_first=True)
    return {"items": [Broken(*row) for row in found.items], "next": found.next}


@blp.post("/outages")
@first(access.planner)
@blp.changes(201, OutageOut, body=OutageIn)
def report(said: dict[str, Any], retry: Retry | None) -> Broken:
    """An instrument broke down: its use ends, who comes next is displaced, nobody new may come."""
    code = said.pop("instrument")
    return services.report(actor(), code, **said, retry=retry)


@blp.post("/outages/<id:outage_id>/repaired")
@first(access.mender_of)
@blp.changes(200, OutageOut, body=RepairedIn)
def repaired(said: dict[str, Any], outage_id: int, retry: Retry | None) -> Broken:
    """It works again: the rest of its time is free at once."""
    return services.repaired(actor(), outage_id, **said, retry=retry)


# ---------------------------------------------------------------- utilities and upkeep


@blp.get("/utilities")
@first(access.planner)
@blp.refuses(403)
@blp.response(200, UtilitiesOut)
def utilities() -> dict[str, Any]:
    """What instruments of your sites share."""
    return {"items": queries.utilities(actor()), "next": None}


@blp.post("/utilities")
@first(access.planner)
@blp.changes(201, UtilityOut, body=UtilityIn)
def add_utility(said: dict[str, Any], retry: Retry | None) -> Shared:
    """Say what several instruments depend on."""
    return services.add_utility(actor(), said, said.pop("instruments"), retry)


@blp.put("/utilities/<id:utility_id>")
@first(access.user_of)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(UtilityIn, error_status_code=422)
@blp.response(200, UtilityOut)
def change_utility(said: dict[str, Any], utility_id: int) -> Shared:
    """Say anew what it is called and what depends on it."""
    return services.change_utility(actor(), utility_id, said, said.pop("instruments"))


@blp.get("/upkeep")
@first(access.planner)
@blp.refuses(403)
@blp.response(200, UpkeepsOut)
def upkeeps() -> dict[str, Any]:
    """What the instruments of your sites need again and again."""
    return {"items": upkeep.every(actor()), "next": None}


@blp.put("/instruments/<code>/upkeep")
@first(access.keeper_of)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(UpkeepIn, error_status_code=422)
@blp.response(200, UpkeepOut)
def set_upkeep(said: dict[str, Any], code: str) -> Due:
    """Say how often an instrument needs a kind of work."""
    return services.set_upkeep(actor(), code, **said)


@blp.delete("/upkeep/<id:upkeep_id>")
@first(access.minder_of)
@blp.refuses(403, 404)
@blp.response(204)
def remove_upkeep(upkeep_id: int) -> None:
    """Nobody needs to think of it any more."""
    services.remove_upkeep(actor(), upkeep_id)
