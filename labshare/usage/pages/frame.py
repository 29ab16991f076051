"""The blueprint all pages of yearly figures hang on, and how figures are written for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, request
from flask_babel import format_decimal, format_percent

from labshare.kernel import clock
from labshare.usage import queries
from labshare.usage.figures import CNY, DAY, FIGURES, HOURS, MEAN, PERCENT, RULES
from labshare.usage.schemas import InstrumentsIn
from labshare.web.bodies import load
from labshare.web.i18n import LOCAL, day, hours, money

pages = Blueprint("usage", __name__, template_folder="../templates")
FILTERS = ("year", "site", "category", "rated_hours")
NOTHING = "–"


def written(name: str, value: Any) -> str:
    """A figure as the reader writes it."""
    if value is None:
        return NOTHING
    unit = FIGURES[name].unit
    if unit in (HOURS, MEAN):
        return hours(value)
    if unit == PERCENT:
        return format_percent(value, "#,##0.0%")
    if unit == CNY:
        return money(value)
    if unit == DAY:
        return day(datetime.fromisoformat(value))
    return format_decimal(value)


def rounded(value: float) -> str:
    """Whole hours, where a tile has no room for more."""
    return hours(round(value))


def asked() -> dict[str, str]:
    """The filters as they stand in the address, empty ones left out."""
    return {name: value for name in FILTERS if (value := request.args.get(name, "").strip())}


def given(said: dict[str, str]) -> dict[str, Any]:
    """What is asked for by the filters, this year where none is said. Raises Invalid."""
    found: dict[str, Any] = load(InstrumentsIn(), said)
    return found | {"year": found["year"] or this_year()}


def this_year() -> int:
    """The year at the laboratory."""
    return clock.now().astimezone(LOCAL).year


def common(year: int) -> dict[str, Any]:
    """What every page of yearly figures says: the year, how far it is settled, and what figures mean."""
    known = {*queries.years(), this_year(), year}
    return {
        "year": year,
        "state": queries.state(year),
        "years": [(one, str(one)) for one in sorted(known, reverse=True)],
        "figures": FIGURES,
        "rules": RULES,
        "written": written,
        "rounded": rounded,
    }
