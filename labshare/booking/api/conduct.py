"""The conduct record by JSON."""

from __future__ import annotations

from typing import Any

from flask import Response

from labshare.booking import access, conduct, services
from labshare.booking.api.frame import as_json, blp
from labshare.booking.conduct import Barred, Entry
from labshare.booking.models import ConductEntry, Restriction
from labshare.booking.schemas.conduct import (
    CompanyConductOut,
    ConductEntriesOut,
    ConductEntryOut,
    ConductIn,
    LiftIn,
    ObjectIn,
    RestrictionOut,
    RestrictionsIn,
    RestrictionsOut,
    entries_out,
    restrictions_out,
    rules_out,
    tally_out,
)
from labshare.kernel import clock
from labshare.kernel.retry import Retry
from labshare.web.guard import actor, first
from labshare.web.paging import page


@blp.get("/conduct")
@blp.refuses(422)
@blp.arguments(ConductIn, location="query")
@blp.response(200, ConductEntriesOut)
def record_of_conduct(query: dict[str, Any]) -> Response:
    """What is held against people, as far as the actor may see it, the newest first."""
    live_at = clock.now() if query["live"] else None
    statement = conduct.listed(actor(), query.get("company"), query.get("person"), live_at)
    found = page(statement, ConductEntry.id, ConductEntry.id, query["limit"], query["cursor"], newest_first=True)
    return as_json(entries_out([Entry(*row) for row in found.items], found.next))


@blp.get("/companies/<id:company_id>/conduct")
@first(access.reader_of)
@blp.refuses(404)
@blp.response(200, CompanyConductOut)
def company_conduct(company_id: int) -> dict[str, Any]:
    """How a company and each of its people stand, and whom that keeps from asking for time."""
    now = clock.now()
    tally, each = conduct.standings_in(company_id, now)
    told = [{"person": {"id": number, "name": name}, **tally_out(one)} for number, name, one in each]
    running = conduct.running_in(company_id, now)
    return {**tally_out(tally), "people": told, "restrictions": running, "rules": rules_out()}


@blp.post("/conduct/<id:entry_id>/object")
@first(access.objector_to)
@blp.changes(200, ConductEntryOut, body=ObjectIn)
def object_to(body: dict[str, Any], entry_id: int, retry: Retry | None) -> Entry:
    """Say once why it should not be held against anybody; for the person, and the company's admins."""
    return services.object_to(actor(), entry_id, body["objection"], body.get("version"), retry)


@blp.post("/conduct/<id:entry_id>/lift")
@first(access.lifter_of)
@blp.changes(200, ConductEntryOut, body=LiftIn)
def lift_entry(body: dict[str, Any], entry_id: int, retry: Retry | None) -> Entry:
    """Let it count no more; for the lab managers of its site. A restriction without enough to rest on is over."""
    return services.lift_entry(actor(), entry_id, body["reason"], body.get("version"), retry)


@blp.get("/restrictions")
@blp.refuses(422)
@blp.arguments(RestrictionsIn, location="query")
@blp.response(200, RestrictionsOut)
def restrictions(query: dict[str, Any]) -> Response:
    """Who may not ask for time, and until when, as far as the actor may see it; the newest first."""
    runs_at = clock.now() if query["running"] else None
    statement = conduct.restrictions(actor(), query.get("company"), runs_at)
    found = page(statement, Restriction.id, Restriction.id, query["limit"], query["cursor"], newest_first=True)
    return as_json(restrictions_out([Barred(*row) for row in found.items], found.next))


@blp.post("/restrictions/<id:restriction_id>/lift")
@first(access.ender_of)
@blp.changes(200, RestrictionOut, body=LiftIn)
def lift_restriction(body: dict[str, Any], restriction_id: int, retry: Retry | None) -> Barred:
    """Let them ask again before its end; for lab managers, whatever their site."""
    return services.lift_restriction(actor(), restriction_id, body["reason"], body.get("version"), retry)
