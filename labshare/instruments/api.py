"""The JSON door to the catalogue."""

from __future__ import annotations

from typing import Any

from labshare.instruments import policy, queries, search, services
from labshare.instruments.queries import Described
from labshare.instruments.schemas import (
    CatalogueArguments,
    DescribedOut,
    InstrumentIn,
    InstrumentPage,
    InstrumentPatch,
)
from labshare.instruments.search import Wanted
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.kernel.retry import Retry
from labshare.web.api import Blueprint
from labshare.web.guard import actor, first
from labshare.web.paging import Page

blp = Blueprint("instruments", "Instruments and the rules of their slots.")


def _keeper(who: Actor) -> None:
    if not policy.may_keep_some(who):
        raise Forbidden


def _keeper_of(who: Actor, code: str) -> None:
    if not policy.may_keep(who, queries.by_code(who, code).site_id):
        raise Forbidden


@blp.get("/instruments")
@blp.arguments(CatalogueArguments, location="query", error_status_code=422)
@blp.response(200, InstrumentPage)
@blp.refuses(422)
def catalogue(said: dict[str, Any]) -> Page:
    """The catalogue, by code."""
    wanted: Wanted = said["wanted"]
    return search.catalogue(actor(), wanted, said["limit"], said["cursor"])


@blp.get("/instruments/<code>")
@blp.response(200, DescribedOut)
@blp.refuses(404)
def show(code: str) -> Described:
    """One instrument."""
    return queries.by_code(actor(), code)


@blp.post("/instruments")
@first(_keeper)
@blp.changes(201, DescribedOut, body=InstrumentIn)
def add(said: dict[str, Any], retry: Retry | None) -> Described:
    """Add an instrument; for lab managers of its site and admins."""
    return services.add(actor(), said, retry=retry)


@blp.patch("/instruments/<code>")
@first(_keeper_of)
@blp.arguments(InstrumentPatch, error_status_code=422)
@blp.response(200, DescribedOut)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
def change(said: dict[str, Any], code: str) -> Described:
    """Change what is said of an instrument; for lab managers of its site and admins."""
    return services.change(actor(), code, said, version=said.pop("version", None))
