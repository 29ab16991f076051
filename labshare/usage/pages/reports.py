"""The year as pages: of the laboratory, of companies, of instruments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import redirect, url_for
from flask_babel import gettext as _

from labshare.instruments import queries as catalogue
from labshare.usage import access, chart, queries
from labshare.usage.figures import OF_COMPANY, OF_INSTRUMENT, OF_MONTH
from labshare.usage.pages.frame import asked, common, given, pages
from labshare.usage.policy import may_see_all, may_see_whom
from labshare.usage.reports import MONTHS, Sought, figures_of
from labshare.usage.sums import NOTHING, Sum
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import own

FIRST = ("effective_hours", "booked_hours", "uses", "instruments", "people")  # what a reader looks for


@pages.get("/usage")
def overview() -> Any:
    """The year of the laboratory, for admins; everybody else is led to what is theirs."""
    who = actor()
    if not may_see_all(who):
        if who.is_staff or who.company_id is None:
            return redirect(url_for("usage.instruments"), 303)
        return redirect(url_for("usage.company", company_id=who.company_id), 303)
    said = asked()
    sought = _sought(given(said))
    found = queries.laboratory(who, sought)
    return show(
        "usage/overview.html",
        "report",
        **common(sought.year),
        **_filters(said, sought.year),
        lab=found,
        months=_chart(found.months, found.months_before),
        month_rows=_months(found.months),
        heat=found.terms.heat,
        shades=chart.shades(found.terms.heat),
        weekdays=[date(2024, 1, number) for number in range(1, 8)],
        top=found.companies[:10],
    )


@pages.get("/usage/companies")
@first(access.of_laboratory)
def companies() -> str:
    """Every company's year, those that used most first."""
    said = asked()
    sought = _sought(given(said))
    some = [(one, one.figures(), figures_of(one.before)) for one in queries.companies(actor(), sought)]
    columns = [*FIRST, *(name for name in OF_COMPANY if name not in (*FIRST, "first_use", "last_use"))]
    return show(
        "usage/companies.html",
        "report",
        **common(sought.year),
        **_filters(said, sought.year),
        rows=some,
        columns=columns,
    )


@pages.get("/companies/<id:company_id>/usage")
@first(access.of_company)
def company(company_id: int) -> str:
    """One company's year: its figures beside those of the year before, by month and by instrument."""
    year = given(asked())["year"]
    one, whole = queries.company(actor(), company_id, year)
    return show(
        "usage/company.html",
        None,
        **common(year),
        one=one,
        values=one.figures(),
        before=figures_of(one.before),
        names=OF_COMPANY,
        columns=OF_MONTH,
        months=_chart(whole.months, whole.months_before),
        month_rows=_months(whole.months),
        parts=[(part, figures_of(sums)) for part, sums in whole.parts],
        form=Form({"year": str(year)}),
    )


@pages.get("/usage/instruments")
@first(access.of_instruments)
def instruments() -> str:
    """Every instrument's year: for the laboratory, and for the company that owns it."""
    said = asked()
    sought = _sought(given(said))
    some = [(one, one.figures()) for one in queries.instruments_of(actor(), sought)]
    return show(
        "usage/instruments.html",
        "report",
        **common(sought.year),
        **_filters(said, sought.year),
        rows=some,
        columns=OF_INSTRUMENT,
        rated=sought.rated_hours or queries.rated_by_default(),
    )


@pages.get("/usage/instruments/<string:code>")
@first(access.of_instrument)
def instrument(code: str) -> str:
    """One instrument's year, by month, and for the laboratory by company."""
    wanted = given(asked())
    one, whole = queries.instrument(actor(), code, wanted["year"], wanted["rated_hours"])
    return show(
        "usage/instrument.html",
        None,
        **common(wanted["year"]),
        one=one,
        values=one.figures(),
        before=figures_of(one.before),
        names=OF_INSTRUMENT,
        columns=OF_MONTH,
        months=_chart(whole.months, whole.months_before),
        month_rows=_months(whole.months),
        parts=[(part, figures_of(sums)) for part, sums in whole.parts],
        sees_whom=may_see_whom(actor(), one.instrument.site_id),
        form=Form({"year": str(wanted["year"]), "rated_hours": wanted["rated_hours"] or ""}),
    )


def _sought(wanted: Mapping[str, Any]) -> Sought:
    return Sought(wanted["year"], wanted["site"], wanted["category"], wanted["rated_hours"])


def _filters(said: dict[str, str], year: int) -> dict[str, Any]:
    """The form of filters, and the same filters for the addresses of other pages."""
    sites = [(one.code, f"{one.code} · {own(one.name_en, one.name_zh)}") for one in catalogue.sites()]
    kinds = [(one.id, own(one.name_en, one.name_zh)) for one in catalogue.categories()]
    return {
        "form": Form({"year": str(year), **said}),
        "asked": said,
        "sites": [("", _("All sites")), *sites],
        "categories": [("", _("All categories")), *kinds],
    }


def _months(months: Mapping[int, Sum]) -> list[tuple[int, date, dict[str, Any]]]:
    return [(month, date(2000, month, 1), figures_of(months.get(month, NOTHING))) for month in MONTHS]


def _chart(months: Mapping[int, Sum], before: Mapping[int, Sum]) -> chart.Bars:
    return chart.bars(_hours(months), _hours(before))


def _hours(months: Mapping[int, Sum]) -> Sequence[float]:
    return [months.get(month, NOTHING).effective_minutes / 60 for month in MONTHS]
