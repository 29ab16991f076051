"""How yearly figures are asked for and written on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load

from labshare.usage.facts import Company, Instrument
from labshare.usage.figures import CNY, COUNT, DAY, FIGURES, OF_COMPANY, OF_INSTRUMENT, OF_MONTH
from labshare.usage.records import USES, WHAT, Sought
from labshare.usage.reports import MONTHS, CompanyYear, InstrumentYear, Whole, figures_of
from labshare.usage.service_record import gaps
from labshare.usage.sums import NOTHING, Sum
from labshare.web.bodies import Line, Moment, OneOf
from labshare.web.bodies import Whole as Number
from labshare.web.i18n import own
from labshare.web.paging import PageArguments

FIRST_YEAR, LAST_YEAR = 2000, 2199
JSON, CSV, XLSX = FORMATS = ("json", "csv", "xlsx")


class YearIn(Schema):
    """Which year; none: this one."""

    year = Number(FIRST_YEAR, LAST_YEAR, load_default=None, metadata={"description": "The year; this one by default."})


class ReportIn(YearIn):
    """Which year and part of the laboratory, and in which form."""

    site = Line(30, load_default=None, metadata={"description": "Only instruments at the site of this code."})
    category = Number(1, 2**31 - 1, load_default=None, metadata={"description": "Only instruments of this category."})
    format = fields.String(
        load_default=JSON,
        validate=OneOf(FORMATS),
        metadata={"description": "csv: one header line, one line each. xlsx: the whole year on several sheets."},
    )


class InstrumentsIn(ReportIn):
    """Besides, by which base utilisation is measured."""

    rated_hours = Number(
        1, 8784, load_default=None, metadata={"description": "Rated hours a year and channel; by default the setting."}
    )


class StatementIn(YearIn):
    """Which year of one company or instrument, and in which form."""

    format = fields.String(
        load_default=JSON,
        validate=OneOf((JSON, XLSX)),
        metadata={"description": "xlsx: a workbook of the year, its months, its parts and what figures mean."},
    )


class ServiceRecordsIn(PageArguments, YearIn):
    """Which year's service records, and in which form."""

    format = fields.String(
        load_default=JSON,
        validate=OneOf(FORMATS),
        metadata={"description": "csv and xlsx: all lines of the year, whatever the limit and the cursor."},
    )


class RecordsIn(PageArguments):
    """Which figure's rows, and from where."""

    year = Number(FIRST_YEAR, LAST_YEAR, required=True)
    month = Number(1, 12, load_default=None)
    company = Number(1, 2**63 - 1, load_default=None)
    instrument = Line(40, load_default=None)
    what = fields.String(load_default=USES, validate=OneOf(tuple(WHAT)))

    @post_load
    def _sought(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        sought = Sought(**{name: data.pop(name) for name in ("year", "month", "company", "instrument", "what")})
        return {"sought": sought, **data}


class UsageCompany(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)


class UsageInstrument(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)


def _field(name: str) -> fields.Field[Any]:
    one = FIGURES[name]
    described = {"description": str(one.meaning.msgid)}
    if one.unit == COUNT:
        return fields.Integer(required=True, metadata=described)
    if one.unit == DAY:
        return fields.String(required=True, allow_none=True, metadata={**described, "format": "date-time"})
    return fields.Float(required=True, allow_none=one.unit != CNY, metadata=described)


def _all(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _field(name) for name in names}


CompanyFigures = Schema.from_dict(_all(OF_COMPANY), name="CompanyFigures")
InstrumentFigures = Schema.from_dict(_all(OF_INSTRUMENT), name="InstrumentFigures")
MonthFigures = Schema.from_dict(_all(OF_MONTH), name="MonthFigures")


class UsageBeforeOut(MonthFigures):  # type: ignore[valid-type, misc]  # a class that is made is one
    """The year before."""


class CompanyYearOut(CompanyFigures):  # type: ignore[valid-type, misc]  # likewise
    """A company's year."""

    company = fields.Nested(UsageCompany, required=True)
    org_id = fields.String(required=True)
    kind = fields.String(required=True)
    before = fields.Nested(UsageBeforeOut, required=True)


class UsageOfCompaniesOut(Schema):
    year = fields.Integer(required=True)
    state = fields.String(required=True, metadata={"description": "`draft`, `issued` or `closed`."})
    items = fields.List(fields.Nested(CompanyYearOut), required=True)


class InstrumentYearOut(InstrumentFigures):  # type: ignore[valid-type, misc]  # likewise
    """An instrument's year."""

    instrument = fields.Nested(UsageInstrument, required=True)
    owner = fields.Nested(UsageCompany, required=True)
    site = fields.String(required=True)
    category = fields.String(required=True)
    before = fields.Nested(UsageBeforeOut, required=True)


class UsageOfInstrumentsOut(Schema):
    year = fields.Integer(required=True)
    state = fields.String(required=True)
    items = fields.List(fields.Nested(InstrumentYearOut), required=True)


class UsageMonthOut(MonthFigures):  # type: ignore[valid-type, misc]  # likewise
    month = fields.Integer(required=True)


class UsagePartOut(MonthFigures):  # type: ignore[valid-type, misc]  # likewise
    """What one instrument, or one company, has of it."""

    instrument = fields.Nested(UsageInstrument)
    company = fields.Nested(UsageCompany)


class UsageOfCompanyOut(CompanyYearOut):
    """A company's year in full: by month and by instrument."""

    year = fields.Integer(required=True)
    state = fields.String(required=True)
    months = fields.List(fields.Nested(UsageMonthOut), required=True)
    parts = fields.List(fields.Nested(UsagePartOut), required=True)


class UsageOfInstrumentOut(InstrumentYearOut):
    """An instrument's year in full: by month, and for those who may know it by company."""

    year = fields.Integer(required=True)
    state = fields.String(required=True)
    months = fields.List(fields.Nested(UsageMonthOut), required=True)
    parts = fields.List(fields.Nested(UsagePartOut), required=True)


class ServiceRecordOut(Schema):
    """One completed use as the national form has it; null where LabShare does not know, which `gaps` lists."""

    booking_id = fields.Integer(required=True)
    instrument_no = fields.String(required=True)
    record_no = fields.Integer(required=True)
    amount_cny = fields.Float(required=True, metadata={"description": "The estimated price; no invoice."})
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    service_hours = fields.Float(required=True)
    content = fields.String(required=True)
    way = fields.String(required=True, allow_none=True, metadata={"example": "occupied"})
    object = fields.String(required=True, metadata={"description": "`internal`: by the owner of then; or `external`."})
    direction = fields.String(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)
    funding_source = fields.String(required=True, allow_none=True)
    field = fields.String(required=True, allow_none=True)
    agreement = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    applicant = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True)
    unit = fields.String(required=True, metadata={"description": "The applicant's company, as it was called then."})
    satisfaction = fields.String(required=True, allow_none=True)
    gaps = fields.Function(gaps, metadata={"type": "array", "items": {"type": "string"}})


class ServiceRecordsOut(Schema):
    """A page of the year's service records, the earliest first."""

    items = fields.List(fields.Nested(ServiceRecordOut), required=True)
    next = fields.String(allow_none=True, required=True)


def company_out(one: CompanyYear) -> dict[str, Any]:
    """A company's year as it is written."""
    said = one.company
    return {
        "company": {"id": said.id, "name": said.name},
        "org_id": said.org_id,
        "kind": said.kind,
        **one.figures(),
        "before": _monthly(one.before),
    }


def instrument_out(one: InstrumentYear) -> dict[str, Any]:
    """An instrument's year as it is written."""
    said = one.instrument
    return {
        "instrument": {"code": said.code, "name": own(said.name_en, said.name_zh)},
        "owner": {"id": said.owner_id, "name": said.owner_name},
        "site": said.site_code,
        "category": own(said.category_en, said.category_zh),
        **one.figures(),
        "before": _monthly(one.before),
    }


def whole_out(whole: Whole) -> dict[str, Any]:
    """Months and parts as they are written."""
    return {
        "months": [{"month": month, **_monthly(whole.months.get(month, NOTHING))} for month in MONTHS],
        "parts": [{**_named(part), **_monthly(sum)} for part, sum in whole.parts],
    }


def _monthly(one: Sum) -> dict[str, Any]:
    """The figures a month, a part or the year before is told by."""
    values = figures_of(one)
    return {name: values[name] for name in OF_MONTH}


def _named(part: Company | Instrument) -> dict[str, Any]:
    if isinstance(part, Company):
        return {"company": {"id": part.id, "name": part.name}}
    return {"instrument": {"code": part.code, "name": own(part.name_en, part.name_zh)}}
