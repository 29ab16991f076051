"""The yearly figures by JSON; sheets and workbooks of them too."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response

from labshare.kernel import clock
from labshare.usage import access, exports, queries, service_record
from labshare.usage.api.frame import blp
from labshare.usage.reports import Sought
from labshare.usage.schemas import (
    JSON,
    InstrumentsIn,
    ReportIn,
    ServiceRecordsIn,
    ServiceRecordsOut,
    StatementIn,
    UsageOfCompaniesOut,
    UsageOfCompanyOut,
    UsageOfInstrumentOut,
    UsageOfInstrumentsOut,
    company_out,
    instrument_out,
    whole_out,
)
from labshare.web.files import CSV, XLSX
from labshare.web.guard import actor, first
from labshare.web.i18n import LOCAL

_View = TypeVar("_View", bound=Callable[..., Any])


def _year(asked: dict[str, Any]) -> int:
    return asked["year"] or clock.now().astimezone(LOCAL).year


def _written(year: int, items: list[dict[str, Any]]) -> Response:
    """The list as it is: a hundred companies with all their figures take longer to look over than to read and write."""
    said = {"year": year, "state": queries.state(year), "items": items}
    return Response(json.dumps(said, ensure_ascii=False, separators=(",", ":")), content_type="application/json")


def _also(*types: str) -> Callable[[_View], _View]:
    """Document the other forms of an answer."""

    def document(view: _View) -> _View:
        for kind in types:
            said = {"type": "string", **({} if kind == CSV else {"format": "binary"})}
            view = blp.alt_response(200, schema=said, content_type=kind.partition(";")[0])(view)
        return view

    return document


@blp.get("/usage/companies")
@first(access.of_companies)
@blp.refuses(403, 422)
@blp.arguments(ReportIn, location="query")
@blp.response(200, UsageOfCompaniesOut)
@_also(CSV, XLSX)
def companies(asked: dict[str, Any]) -> Any:
    """Every company's year; a company sees its own."""
    sought = Sought(_year(asked), asked["site"], asked["category"])
    if asked["format"] != JSON:
        return exports.companies(actor(), sought, asked["format"])
    some = queries.companies(actor(), sought)
    return _written(sought.year, [company_out(one) for one in some])


@blp.get("/usage/companies/<id:company_id>")
@first(access.of_company)
@blp.refuses(403, 404, 422)
@blp.arguments(StatementIn, location="query")
@blp.response(200, UsageOfCompanyOut)
@_also(XLSX)
def company(asked: dict[str, Any], company_id: int) -> Any:
    """One company's year, by month and by instrument."""
    year = _year(asked)
    if asked["format"] != JSON:
        return exports.company(actor(), company_id, year)
    one, whole = queries.company(actor(), company_id, year)
    return {"year": year, "state": queries.state(year), **company_out(one), **whole_out(whole)}


@blp.get("/usage/instruments")
@first(access.of_instruments)
@blp.refuses(403, 422)
@blp.arguments(InstrumentsIn, location="query")
@blp.response(200, UsageOfInstrumentsOut)
@_also(CSV, XLSX)
def instruments(asked: dict[str, Any]) -> Any:
    """Every instrument's year; managers see those of their sites, a company those it owns."""
    sought = Sought(_year(asked), asked["site"], asked["category"], asked["rated_hours"])
    if asked["format"] != JSON:
        return exports.instruments(actor(), sought, asked["format"])
    some = queries.instruments_of(actor(), sought)
    return _written(sought.year, [instrument_out(one) for one in some])


@blp.get("/usage/instruments/<string:code>")
@first(access.of_instrument)
@blp.refuses(403, 404, 422)
@blp.arguments(StatementIn, location="query")
@blp.response(200, UsageOfInstrumentOut)
@_also(XLSX)
def instrument(asked: dict[str, Any], code: str) -> Any:
    """One instrument's year, by month, and for the laboratory by company."""
    year = _year(asked)
    if asked["format"] != JSON:
        return exports.instrument(actor(), code, year)
    one, whole = queries.instrument(actor(), code, year)
    return {"year": year, "state": queries.state(year), **instrument_out(one), **whole_out(whole)}


@blp.get("/usage/service-records")
@first(access.of_laboratory)
@blp.refuses(403, 409, 422)
@blp.arguments(ServiceRecordsIn, location="query")
@blp.response(200, ServiceRecordsOut)
@_also(CSV, XLSX)
def service_records(asked: dict[str, Any]) -> Any:
    """The year's completed uses as the national form asks for them, each with what is missing in it."""
    year = _year(asked)
    if asked["format"] != JSON:
        return exports.service_records(actor(), year, asked["format"])
    return service_record.lines(actor(), year, asked["limit"], asked["cursor"])
