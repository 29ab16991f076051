"""What stands in the workbooks of a year: which sheets, which columns, and what is said about them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, Text
from labshare.usage import yearbook
from labshare.usage.figures import (
    CNY,
    COUNT,
    DAY,
    FIGURES,
    HOURS,
    MEAN,
    OF_COMPANY,
    OF_INSTRUMENT,
    OF_MONTH,
    PERCENT,
    RULES,
)
from labshare.usage.lifecycle import CLOSED, DRAFT, ISSUED
from labshare.usage.policy import may_see_all, may_see_whom
from labshare.usage.reports import MONTHS, CompanyYear, InstrumentYear, Sought, Whole, figures_of
from labshare.usage.sheet import names_of_company, names_of_instrument
from labshare.usage.spreadsheet import TEXT, Cell, Column, Workbook, figure
from labshare.usage.sums import NOTHING, Sum
from labshare.usage.yearbook import Corrected, Standing, Yearbook
from labshare.web.i18n import own, say

STATES: dict[str, Text] = {DRAFT: N_("Draft"), ISSUED: N_("Issued"), CLOSED: N_("Closed")}
UNITS: dict[str, Text] = {
    COUNT: N_("number"),
    HOURS: N_("hours"),
    MEAN: N_("hours, on average"),
    PERCENT: N_("per cent"),
    CNY: N_("CNY"),
    DAY: N_("day"),
}
_COMPANY = (
    (N_("Company's number"), COUNT, 0),
    (N_("Company"), TEXT, 36),
    (N_("Organisation code"), TEXT, 0),
    (N_("Kind"), TEXT, 14),
)
_INSTRUMENT = (
    (N_("Code"), TEXT, 14),
    (N_("Instrument"), TEXT, 36),
    (N_("Owner's number"), COUNT, 0),
    (N_("Owner"), TEXT, 30),
    (N_("Site"), TEXT, 12),
    (N_("Category"), TEXT, 0),
)
_CORRECTED = (
    *("uses", "samples", "effective_hours", "external_hours", "external_uses", "credited_hours", "late_cancels"),
    "estimate_cny",
)
About = list[tuple[Text, Any]]


def of_year(actor: Actor, sought: Sought, *, instruments_first: bool = False) -> bytes:
    """The year of all companies and instruments the actor may see. Raises Forbidden for who may see none."""
    it = yearbook.of_year(actor, sought)
    out = io.BytesIO()
    book = Workbook(out)
    if instruments_first:
        _instruments(book, it.instruments or [])
    if it.companies is not None:
        _companies(book, it.companies)
    if it.instruments and not instruments_first:  # a company that owns none has no use for an empty sheet
        _instruments(book, it.instruments)
    if it.companies is not None:
        _months_of_companies(book, it.companies, it.months)
        _corrections(book, it.corrections or [])
    _definitions(book)
    _about(book, it.standing, [*_filters(it), (N_("For"), _reader(actor, it))])
    book.close()
    return out.getvalue()


def of_company(actor: Actor, company_id: int, year: int) -> bytes:
    """A company's statement of a year. Raises NotFound, Forbidden."""
    standing, one, whole = yearbook.of_company(actor, company_id, year)
    out = io.BytesIO()
    book = Workbook(out)
    _figures(book, one, OF_COMPANY)
    _months(book, whole)
    parts = [(part.code, own(part.name_en, part.name_zh), total) for part, total in whole.parts]
    _parts(book, N_("Instruments"), (N_("Code"), N_("Instrument")), parts)
    _definitions(book)
    said = one.company
    _about(book, standing, [(N_("Company"), said.name), (N_("Organisation code"), said.org_id), (N_("For"), said.name)])
    book.close()
    return out.getvalue()


def of_instrument(actor: Actor, code: str, year: int, rated_hours: int | None = None) -> bytes:
    """An instrument's statement of a year; by company for whom that is to know. Raises NotFound, Forbidden."""
    standing, one, whole = yearbook.of_instrument(actor, code, year, rated_hours)
    out = io.BytesIO()
    book = Workbook(out)
    said, of_laboratory = one.instrument, may_see_whom(actor, one.instrument.site_id)
    _figures(book, one, OF_INSTRUMENT)
    _months(book, whole)
    if of_laboratory:
        parts = [(part.name, part.org_id, total) for part, total in whole.parts]
        _parts(book, N_("Companies"), (N_("Company"), N_("Organisation code")), parts)
    _definitions(book)
    names: About = [(N_("Code"), said.code), (N_("Instrument"), own(said.name_en, said.name_zh))]
    reader = N_("The laboratory") if of_laboratory else said.owner_name
    _about(book, standing, [*names, (N_("Owner"), said.owner_name), (N_("For"), reader)])
    book.close()
    return out.getvalue()


# ---------------------------------------------------------------- sheets of a year


def _companies(book: Workbook, some: Iterable[CompanyYear]) -> None:
    columns = [*_named(_COMPANY), *map(figure, OF_COMPANY)]
    lines = ((*names_of_company(one), *_values(one.figures(), OF_COMPANY)) for one in some)
    book.sheet(say(N_("Companies")), columns, lines, still=2)


def _instruments(book: Workbook, some: Iterable[InstrumentYear]) -> None:
    columns = [*_named(_INSTRUMENT), *map(figure, OF_INSTRUMENT)]
    lines = ((*names_of_instrument(one), *_values(one.figures(), OF_INSTRUMENT)) for one in some)
    book.sheet(say(N_("Instruments")), columns, lines, still=2)


def _months_of_companies(book: Workbook, some: Iterable[CompanyYear], months: Mapping[tuple[int, int], Sum]) -> None:
    columns = [*_named(_COMPANY[:3]), Column(say(N_("Month")), COUNT), *map(figure, OF_MONTH)]
    lines = (
        (*names_of_company(one)[:3], month, *_values(figures_of(months[one.company.id, month]), OF_MONTH))
        for one in some
        for month in MONTHS
        if (one.company.id, month) in months
    )
    book.sheet(say(N_("Months")), columns, lines, still=2)


def _corrections(book: Workbook, some: Iterable[Corrected]) -> None:
    columns = [
        *(Column(say(N_("Corrected on")), DAY), Column(say(N_("Of the year")), COUNT), Column(say(N_("Month")), COUNT)),
        *_named(_COMPANY[:3]),
        *(Column(say(N_("Code"))), Column(say(N_("Booking")), COUNT)),
        *map(figure, _CORRECTED),
        Column(say(N_("Reason")), width=48),
    ]
    lines = (
        (
            *(one.at, one.of_year, one.of_month, one.company_id, one.company, one.org_id, one.instrument),
            *(one.booking_id, *_values(figures_of(one.sum), _CORRECTED), one.reason),
        )
        for one in some
    )
    book.sheet(say(N_("Corrections of closed years")), columns, lines)


# ---------------------------------------------------------------- sheets of a statement


def _figures(book: Workbook, one: CompanyYear | InstrumentYear, names: Sequence[str]) -> None:
    columns = [Column(say(N_("Figure")), width=32), Column(say(N_("Value")), width=16), Column(say(N_("Unit")))]
    figures = one.figures()
    lines = ((say(FIGURES[name].title), Cell(FIGURES[name].unit, figures[name]), _unit(name)) for name in names)
    book.sheet(say(N_("Year")), columns, lines)


def _months(book: Workbook, whole: Whole) -> None:
    columns = [Column(say(N_("Month")), COUNT), *map(figure, OF_MONTH)]
    lines = ((month, *_values(figures_of(whole.months.get(month, NOTHING)), OF_MONTH)) for month in MONTHS)
    book.sheet(say(N_("Months")), columns, lines)


def _parts(book: Workbook, title: Text, names: Iterable[Text], parts: Iterable[tuple[str, str, Sum]]) -> None:
    columns = [*(Column(say(name), width=30) for name in names), *map(figure, OF_MONTH)]
    lines = ((one, other, *_values(figures_of(total), OF_MONTH)) for one, other, total in parts)
    book.sheet(say(title), columns, lines, still=2)


# ---------------------------------------------------------------- sheets of every workbook


def _definitions(book: Workbook) -> None:
    columns = [
        *(Column(say(N_("Figure")), width=32), Column(say(N_("Name in data"))), Column(say(N_("Unit")))),
        Column(say(N_("Meaning")), width=96),
    ]
    figures = ((say(one.title), one.name, _unit(one.name), say(one.meaning)) for one in FIGURES.values())
    rules = ((say(N_("Rule")), None, None, say(one)) for one in RULES)
    book.sheet(say(N_("Definitions")), columns, [*figures, *rules])


def _about(book: Workbook, it: Standing, more: About) -> None:
    """Nothing here tells when the workbook was made: a closed year prints the same for ever."""
    said: About = [(N_("Year"), Cell(COUNT, it.year)), (N_("State"), STATES[it.state])]
    if it.digest:
        said.append((N_("Digest (SHA-256)"), it.digest))
    columns = [Column(say(N_("About")), width=28), Column(say(N_("Value")), width=72)]
    book.sheet(say(N_("About")), columns, [(say(what), say(value)) for what, value in (*said, *more)])


def _filters(it: Yearbook) -> About:
    sought = it.sought
    said: About = []
    if sought.site is not None:
        said.append((N_("Site"), sought.site))
    if sought.category is not None:
        some = [one.instrument for one in it.instruments or () if one.instrument.category_id == sought.category]
        name = own(some[0].category_en, some[0].category_zh) if some else Cell(COUNT, sought.category)
        said.append((N_("Category"), name))
    if sought.rated_hours is not None:
        said.append((N_("Rated hours"), Cell(COUNT, sought.rated_hours)))
    return said


def _reader(actor: Actor, it: Yearbook) -> Any:
    """Whom it is for, called as the year's book calls them."""
    if may_see_all(actor):
        return N_("The laboratory")
    if it.reader:
        return it.reader
    sites = sorted({one.instrument.site_code for one in it.instruments or ()})
    return N_("The lab managers of %(sites)s", sites=", ".join(sites))


def _named(columns: Iterable[tuple[Text, str, int]]) -> list[Column]:
    return [Column(say(title), unit, width) for title, unit, width in columns]


def _values(figures: Mapping[str, Any], names: Iterable[str]) -> list[Any]:
    return [figures[name] for name in names]


def _unit(name: str) -> str:
    said: str = say(UNITS[FIGURES[name].unit])
    return said
