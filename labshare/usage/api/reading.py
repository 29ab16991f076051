"""The yearly figures by JSON."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from labshare.kernel import clock
from labshare.usage import access, queries
from labshare.usage.api.frame import blp
from labshare.usage.queries import Sought
from labshare.usage.schemas import (
    InstrumentsIn,
    ReportIn,
    UsageOfCompaniesOut,
    UsageOfCompanyOut,
    UsageOfInstrumentOut,
    UsageOfInstrumentsOut,
    YearIn,
    company_out,
    instrument_out,
    whole_out,
)
from labshare.web.guard import actor, first
from labshare.web.i18n import LOCAL


def _year(asked: dict[str, Any]) -> int:
    return asked["year"] or clock.now().astimezone(LOCAL).year


def _written(year: int, items: list[dict[str, Any]]) -> Response:
    """The list as it is: a hundred companies with all their figures take longer to look over than to read and write."""
    said = {"year": year, "state": queries.state(year), "items": items}
    return Response(json.dumps(said, ensure_ascii=False, separators=(",", ":")), content_type="application/json")


@blp.get("/usage/companies")
@first(access.of_companies)
@blp.refuses(403, 422)
@blp.arguments(ReportIn, location="query")
@blp.response(200, UsageOfCompaniesOut)
def companies(asked: dict[str, Any]) -> Any:
    """Every company's year; a company sees its own."""
    sought = Sought(_year(asked), asked["site"], asked["category"])
    some = queries.companies(actor(), sought)
    return _written(sought.year, [company_out(one) for one in some])


@blp.get("/usage/companies/<id:company_id>")
@first(access.of_company)
@blp.refuses(403, 404, 422)
@blp.arguments(YearIn, location="query")
@blp.response(200, UsageOfCompanyOut)
def company(asked: dict[str, Any], company_id: int) -> dict[str, Any]:
    """One company's year, by month and by instrument."""
    year = _year(asked)
    one, whole = queries.company(actor(), company_id, year)
    return {"year": year, "state": queries.state(year), **company_out(one), **whole_out(whole)}


@blp.get("/usage/instruments")
@first(access.of_instruments)
@blp.refuses(403, 422)
@blp.arguments(InstrumentsIn, location="query")
@blp.response(200, UsageOfInstrumentsOut)
def instruments(asked: dict[str, Any]) -> Any:
    """Every instrument's year; managers see those of their sites, a company those it owns."""
    sought = Sought(_year(asked), asked["site"], asked["category"], asked["rated_hours"])
    some = queries.instruments_of(actor(), sought)
    return _written(sought.year, [instrument_out(one) for one in some])


@blp.get("/usage/instruments/<string:code>")
@first(access.of_instrument)
@blp.refuses(403, 404, 422)
@blp.arguments(YearIn, location="query")
@blp.response(200, UsageOfInstrumentOut)
def instrument(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """One instrument's year, by month, and for the laboratory by company."""
    year = _year(asked)
    one, whole = queries.instrument(actor(), code, year)
    return {"year": year, "state": queries.state(year), **instrument_out(one), **whole_out(whole)}
