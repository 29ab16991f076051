"""The JSON door to companies' accounts of hours."""

from __future__ import annotations

from typing import Any

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.kernel.retry import Retry
from labshare.people import queries as people
from labshare.quotas import naming, policy, queries, services
from labshare.quotas.allowances import Caps
from labshare.quotas.models import Line
from labshare.quotas.queries import Sought, Standing
from labshare.quotas.schemas import (
    AccountIn,
    AccountOut,
    AllowancesIn,
    AllowancesOut,
    DefaultIn,
    DefaultOut,
    ExtendedOut,
    ExtendIn,
    account_out,
    set_out,
)
from labshare.web.api import Blueprint
from labshare.web.guard import actor, first
from labshare.web.i18n import LOCAL
from labshare.web.paging import page

blp = Blueprint("accounts", "A company's account of hours: what it may use, and what stands in it")


def _seen(who: Actor, company_id: int) -> None:
    people.company(who, company_id)


def _setter(who: Actor, company_id: int | None = None) -> None:
    if company_id is not None:
        people.company(who, company_id)
    if not policy.may_set(who):
        raise Forbidden


@blp.get("/companies/<id:company_id>/allowances")
@first(_seen)
@blp.refuses(404)
@blp.response(200, AllowancesOut)
def allowances(company_id: int) -> dict[str, Any]:
    """What the company may use, as it is set."""
    return set_out(queries.allowances_of(actor(), company_id))


@blp.put("/companies/<id:company_id>/allowances")
@first(_setter)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(AllowancesIn, error_status_code=422)
@blp.response(200, AllowancesOut)
def set_allowances(said: dict[str, Any], company_id: int) -> dict[str, Any]:
    """Give the company this set instead of the one it has, or let it follow the default again; for admins."""
    items = None if said["follows"] else naming.terms(said["items"])
    services.set_allowances(actor(), company_id, items, Caps(**said["caps"]), said["version"])
    return set_out(queries.allowances_of(actor(), company_id))


@blp.get("/companies/<id:company_id>/account")
@first(_seen)
@blp.refuses(404, 422)
@blp.arguments(AccountIn, location="query")
@blp.response(200, AccountOut)
def account(asked: dict[str, Any], company_id: int) -> dict[str, Any]:
    """A year of the company's account: its allowances, and its lines, newest first."""
    year = asked["year"] or clock.now().astimezone(LOCAL).year
    found = queries.statement(actor(), company_id, year)
    lines = queries.lines(actor(), company_id, Sought(year, asked["allowance"], asked["instrument"], asked["person"]))
    some = page(lines, Line.id, Line.id, asked["limit"], asked["cursor"], newest_first=True)
    return account_out(found, some.items, some.next)


@blp.post("/companies/<id:company_id>/account/extend")
@first(_setter)
@blp.changes(200, ExtendedOut, body=ExtendIn)
def extend(said: dict[str, Any], company_id: int, retry: Retry | None) -> Standing:
    """Add hours to one period of an allowance, once; for admins."""
    return services.extend(actor(), company_id, said["allowance"], said["hours"], said["reason"], retry=retry)


@blp.get("/default-allowances")
@first(_setter)
@blp.refuses(403)
@blp.response(200, DefaultOut)
def default() -> dict[str, Any]:
    """What companies without allowances of their own may use; for admins."""
    return set_out(queries.default())


@blp.put("/default-allowances")
@first(_setter)
@blp.refuses(400, 403, 409, 413, 415, 422)
@blp.arguments(DefaultIn, error_status_code=422)
@blp.response(200, DefaultOut)
def set_default(said: dict[str, Any]) -> dict[str, Any]:
    """Set what companies without allowances of their own may use; those who follow get it within minutes."""
    services.set_default(actor(), naming.terms(said["items"]), Caps(**said["caps"]), said["version"])
    return set_out(queries.default())
