"""Yearly figures as CSV: one header line of the names on the wire, one line each; no cell of it is a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from defusedcsv import csv

from labshare.kernel.actor import Actor
from labshare.usage import queries
from labshare.usage.figures import OF_COMPANY, OF_INSTRUMENT
from labshare.usage.reports import CompanyYear, InstrumentYear, Sought
from labshare.web.i18n import own

COMPANY = ("company_id", "company", "org_id", "kind")
INSTRUMENT = ("code", "instrument", "owner_id", "owner", "site", "category")
_FORMULA = "=+-@|%"


def companies(actor: Actor, sought: Sought) -> str:
    """The companies of the year that the actor may see. Raises Forbidden."""
    some = queries.companies(actor, sought)
    return text([(*COMPANY, *OF_COMPANY), *((*names_of_company(one), *_figures(one, OF_COMPANY)) for one in some)])


def instruments(actor: Actor, sought: Sought) -> str:
    """The instruments whose year the actor may see. Raises Forbidden."""
    some = queries.instruments_of(actor, sought)
    lines = ((*names_of_instrument(one), *_figures(one, OF_INSTRUMENT)) for one in some)
    return text([(*INSTRUMENT, *OF_INSTRUMENT), *lines])


def names_of_company(one: CompanyYear) -> tuple[Any, ...]:
    """What a company is called, as COMPANY has it."""
    said = one.company
    return said.id, said.name, said.org_id, said.kind


def names_of_instrument(one: InstrumentYear) -> tuple[Any, ...]:
    """What an instrument is called, as INSTRUMENT has it."""
    said = one.instrument
    names = own(said.name_en, said.name_zh), said.owner_id, said.owner_name, said.site_code
    return said.code, *names, own(said.category_en, said.category_zh)


def text(lines: Iterable[Sequence[Any]]) -> str:
    """Lines of CSV; numbers as they are, text so that no spreadsheet takes it for a formula."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([_plain(value) for value in line] for line in lines)
    return out.getvalue()


def _plain(value: Any) -> Any:
    # The library looks at the first sign only; some spreadsheets skip white space before they look.
    if isinstance(value, str) and value[:1].isspace() and value.lstrip()[:1] in tuple(_FORMULA):
        return f"'{value}"
    return value


def _figures(one: CompanyYear | InstrumentYear, names: Iterable[str]) -> list[Any]:
    figures = one.figures()
    return [figures[name] for name in names]
