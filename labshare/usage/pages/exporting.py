"""The year as files: sheets, workbooks, and the national service record with what is missing in it."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from labshare.usage import access, exports, service_record
from labshare.usage.exports import CSV, XLSX
from labshare.usage.pages.frame import asked, common, given, pages
from labshare.usage.reports import Sought
from labshare.usage.schemas import ServiceRecordsIn
from labshare.web.bodies import load
from labshare.web.files import BOM
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show


@pages.get("/usage/companies.csv")
@first(access.of_companies)
def companies_csv() -> Response:
    """The companies of the year that the reader may see, as a sheet."""
    return exports.companies(actor(), _sought(), CSV, BOM)


@pages.get("/usage/companies.xlsx")
@first(access.of_companies)
def companies_xlsx() -> Response:
    """The same as a workbook of the year."""
    return exports.companies(actor(), _sought(), XLSX)


@pages.get("/usage/instruments.csv")
@first(access.of_instruments)
def instruments_csv() -> Response:
    """The instruments whose year the reader may see, as a sheet."""
    return exports.instruments(actor(), _sought(), CSV, BOM)


@pages.get("/usage/instruments.xlsx")
@first(access.of_instruments)
def instruments_xlsx() -> Response:
    """The same as a workbook of the year."""
    return exports.instruments(actor(), _sought(), XLSX)


@pages.get("/companies/<id:company_id>/usage.xlsx")
@first(access.of_company)
def company_xlsx(company_id: int) -> Response:
    """A company's statement of the year."""
    return exports.company(actor(), company_id, given(asked())["year"])


@pages.get("/usage/instruments/<string:code>.xlsx")
@first(access.of_instrument)
def instrument_xlsx(code: str) -> Response:
    """An instrument's statement of the year."""
    wanted = given(asked())
    return exports.instrument(actor(), code, wanted["year"], wanted["rated_hours"])


@pages.get("/usage/service-record", endpoint="service_record")
@first(access.of_laboratory)
def service_record_page() -> str:
    """How many records the year has, what is missing in how many of them, and in which."""
    said: dict[str, Any] = {name: value for name in ("year", "cursor") if (value := request.args.get(name, "").strip())}
    wanted = load(ServiceRecordsIn(), said)
    year = given(asked())["year"]
    some = service_record.lines(actor(), year, wanted["limit"], wanted["cursor"])
    total, missing = service_record.count(actor(), year)
    return show(
        "usage/service_record.html",
        "records",
        **common(year),
        total=total,
        size=service_record.size(list(some.items), total),
        missing=missing,
        titles=service_record.TITLES,
        items=[(values, service_record.gaps(values)) for values in some.items],
        more=url_for("usage.service_record", year=year, cursor=some.next) if some.next else None,
        form=Form({"year": str(year)}),
    )


@pages.get("/usage/service-record.csv")
@first(access.of_laboratory)
def service_record_csv() -> Response:
    """The year's service record as a sheet, sent piece by piece."""
    return exports.service_records(actor(), given(asked())["year"], CSV, BOM)


@pages.get("/usage/service-record.xlsx")
@first(access.of_laboratory)
def service_record_xlsx() -> Response:
    """The same as a workbook."""
    return exports.service_records(actor(), given(asked())["year"], XLSX)


def _sought() -> Sought:
    wanted = given(asked())
    return Sought(wanted["year"], wanted["site"], wanted["category"], wanted["rated_hours"])
