"""The catalogue by JSON."""

from __future__ import annotations

from typing import Any

from labshare.instruments import queries, search, services
from labshare.instruments.api.frame import blp, keeper, keeper_of
from labshare.instruments.queries import Described
from labshare.instruments.schemas import (
    CatalogueArguments,
    DescribedOut,
    InstrumentIn,
    InstrumentPage,
    InstrumentPatch,
)
from labshare.instruments.search import Wanted
from labshare.kernel.retry import Retry
from labshare.web.guard import actor, first
from labshare.web.paging import Page


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
@first(keeper)
@blp.changes(201, DescribedOut, body=InstrumentIn)
def add(said: dict[str, Any], retry: Retry | None) -> Described:
    """Add an instrument; for lab managers of its site and admins."""
    return services.add(actor(), said, retry=retry)


@blp.patch("/instruments/<code>")
@first(keeper_of)
@blp.arguments(InstrumentPatch, error_status_code=422)
@blp.response(200, DescribedOut)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
def change(said: dict[str, Any], code: str) -> Described:
    """Change what is said of an instrument; for lab managers of its site and admins."""
    return services.change(actor(), code, said, version=said.pop("version", None))
