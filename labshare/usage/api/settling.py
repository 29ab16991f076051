"""Years by JSON: issued to companies, objected to, closed, and what was corrected of closed ones."""

from __future__ import annotations

from typing import Any

from labshare.kernel import clock
from labshare.kernel.errors import Forbidden
from labshare.kernel.retry import Retry
from labshare.usage import access, corrections, objections, services, settlement
from labshare.usage.api.frame import blp
from labshare.usage.corrections import Line
from labshare.usage.models import Correction, Objection
from labshare.usage.objections import Raised
from labshare.usage.schemas import (
    AnswerObjectionIn,
    CorrectionsIn,
    IssueIn,
    ObjectToYearIn,
    UsageCorrectionsOut,
    UsageObjectionOut,
    UsageObjectionsOut,
    UsageYearOut,
    UsageYearsOut,
    YearMoveIn,
    correction_out,
)
from labshare.usage.settlement import Settled
from labshare.web.guard import actor, first
from labshare.web.paging import PageArguments, page


@blp.get("/usage/years")
@first(access.of_years)
@blp.refuses(403)
@blp.response(200, UsageYearsOut)
def years() -> dict[str, Any]:
    """How far each year is settled, the latest first."""
    return {"items": settlement.years(actor(), clock.now())}


@blp.post("/usage/years/<int:year>/issue")
@first(access.settler_of)
@blp.changes(200, UsageYearOut, body=IssueIn)
def issue(said: dict[str, Any], year: int, retry: Retry | None) -> Settled:
    """Show the figures of a year that is over to its companies, which may object for some days; for admins."""
    return services.issue(actor(), year, said["days"], said.get("version"), retry)


@blp.post("/usage/years/<int:year>/withdraw")
@first(access.settler_of)
@blp.changes(200, UsageYearOut, body=YearMoveIn)
def withdraw(said: dict[str, Any], year: int, retry: Retry | None) -> Settled:
    """Make an issued year a draft again; for admins."""
    return services.withdraw(actor(), year, said.get("version"), retry)


@blp.post("/usage/years/<int:year>/close")
@first(access.settler_of)
@blp.changes(200, UsageYearOut, body=YearMoveIn)
def close(said: dict[str, Any], year: int, retry: Retry | None) -> Settled:
    """Write the figures of an issued year down for good, once nothing speaks against it; for admins."""
    return services.close(actor(), year, version=said.get("version"), retry=retry)


@blp.get("/usage/years/<int:year>/objections")
@first(access.of_objections)
@blp.refuses(403, 404, 422)
@blp.arguments(PageArguments, location="query")
@blp.response(200, UsageObjectionsOut)
def objections_of(asked: dict[str, Any], year: int) -> dict[str, Any]:
    """What companies have against their figures of the year, the newest first; a company's admins read their own."""
    statement = objections.listed(actor(), year)
    found = page(statement, Objection.id, Objection.id, asked["limit"], asked["cursor"], newest_first=True)
    return {"items": [Raised(*row) for row in found.items], "next": found.next}


@blp.post("/usage/years/<int:year>/objections")
@first(access.objector_to)
@blp.changes(201, UsageObjectionOut, body=ObjectToYearIn)
def object_to(said: dict[str, Any], year: int, retry: Retry | None) -> Raised:
    """Say what is wrong with your company's figures while the year is issued; for company admins."""
    company_id = actor().company_id
    if company_id is None:
        raise Forbidden
    return services.object_to(actor(), year, company_id, said["text"], retry)


@blp.post("/usage/objections/<id:objection_id>/answer")
@first(access.answerer_of)
@blp.changes(200, UsageObjectionOut, body=AnswerObjectionIn)
def answer(said: dict[str, Any], objection_id: int, retry: Retry | None) -> Raised:
    """Say what the laboratory makes of an objection, once; for admins."""
    return services.answer(actor(), objection_id, said["answer"], said.get("version"), retry)


@blp.get("/usage/corrections")
@first(access.of_corrections)
@blp.refuses(403, 422)
@blp.arguments(CorrectionsIn, location="query")
@blp.response(200, UsageCorrectionsOut)
def corrected(asked: dict[str, Any]) -> dict[str, Any]:
    """What was corrected of closed years, the newest first; a company reads its own."""
    statement = corrections.listed(actor(), asked["year"], asked["of_year"])
    found = page(statement, Correction.id, Correction.id, asked["limit"], asked["cursor"], newest_first=True)
    return {"items": [correction_out(Line(*row)) for row in found.items], "next": found.next}
