"""People's JSON door."""

from __future__ import annotations

from typing import Any

from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.people import policy, queries, services
from labshare.people.models import Company
from labshare.people.schemas import CompaniesArguments, CompaniesOut, CompanyOut, InHouseIn, MeOut, SitesOut
from labshare.web.api import Blueprint
from labshare.web.guard import actor, first
from labshare.web.paging import Page, page

blp = Blueprint("people", "Who somebody is, companies and sites")


@blp.get("/me")
@blp.response(200, MeOut)
@blp.refuses()
def me() -> dict[str, Any]:
    """Who the token is."""
    who = actor()
    company = {"id": who.company_id, "name": who.company_name} if who.company_id is not None else None
    return {
        "id": who.person_id,
        "email": who.email,
        "name": who.name,
        "roles": sorted(who.roles),
        "language": who.language,
        "company": company,
        "sites": queries.site_codes(who.site_ids),
    }


@blp.get("/companies")
@blp.arguments(CompaniesArguments, location="query")
@blp.response(200, CompaniesOut)
@blp.refuses(422)
def companies(given: dict[str, Any]) -> Page:
    """The companies the actor may see: staff all of them, everybody else their own."""
    found = queries.companies(actor(), given["q"], given["state"])
    return page(found, Company.name, Company.id, given["limit"], given["cursor"])


@blp.get("/companies/<id:company_id>")
@blp.response(200, CompanyOut)
@blp.refuses(404)
def company(company_id: int) -> Any:
    """One company."""
    return queries.company(actor(), company_id)


def _running(who: Actor, company_id: int) -> None:
    queries.company(who, company_id)
    if not policy.runs_company(who, company_id):
        raise Forbidden


@blp.put("/companies/<id:company_id>/in-house")
@first(_running)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(InHouseIn, error_status_code=422)
@blp.response(200, CompanyOut)
def set_in_house(said: dict[str, Any], company_id: int) -> Any:
    """Say from how many hours on the company's own admins approve its bookings first; for them and for admins."""
    services.set_in_house(actor(), company_id, said["hours"])
    return queries.company(actor(), company_id)


@blp.get("/sites")
@blp.response(200, SitesOut)
@blp.refuses()
def sites() -> Page:
    """Every site of the laboratory."""
    return Page(queries.sites(), None)
