"""Where a line of the journal leads an admin: to the page of what it is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labshare.audit.names import INSTRUMENT, SITE
from labshare.audit.sentences.shape import Line

Way = tuple[str, dict[str, Any]]  # a page's endpoint, and what its address names


def way(line: Line) -> Way | None:
    """The page of what the line is about; None where there is none."""
    found = _WAYS.get(line.object)
    if found is None:
        return None
    endpoint, named = found(line)
    return (endpoint, named) if all(value is not None for value in named.values()) else None


def _code(line: Line) -> str | None:
    known = next((line.names.of(INSTRUMENT, number) for number in line.instrument_ids[:1]), None)
    return known.code if known else None


def _site(line: Line) -> str | None:
    known = line.names.of(SITE, line.data.get("site_id"))
    return known.code if known else None


def _booking(line: Line) -> Way:
    return "bookings.show", {"booking_id": line.booking_id}


def _conduct(line: Line) -> Way:
    return "bookings.conduct", {"company_id": line.company_id}


def _hours(line: Line) -> Way:
    if line.data.get("instrument_id"):
        return "instruments.instrument_hours", {"code": _code(line)}
    return "instruments.site_hours", {"site": _site(line)}


def _account(line: Line) -> Way:
    if line.company_id is None:
        return "accounts.default", {}
    return "accounts.statement", {"company_id": line.company_id}


_WAYS: dict[str, Callable[[Line], Way]] = {
    "site": lambda line: ("people.site", {"site_id": line.object_id}),
    "company": lambda line: ("people.company", {"company_id": line.object_id}),
    "person": lambda line: ("people.person", {"person_id": line.object_id}),
    "token": lambda line: ("people.person", {"person_id": line.data.get("person_id")}),
    "invitation": lambda line: ("people.company", {"company_id": line.company_id}),
    "job": lambda line: ("clockwork.job", {"name": line.data.get("job")}),
    "job_run": lambda line: ("clockwork.job", {"name": line.data.get("job")}),
    "lease": lambda _line: ("clockwork.jobs", {}),
    "instrument": lambda line: ("instruments.show", {"code": _code(line)}),
    "opening_pattern": _hours,
    "opening_exception": _hours,
    "calendar_year": lambda line: ("instruments.calendar", {"site": _site(line), "year": line.data.get("year")}),
    "account": _account,
    "booking": _booking,
    "displacement": _booking,
    "usage_record": _booking,
    "reminder": _booking,
    "conduct_entry": _conduct,
    "restriction": _conduct,
    "waitlist_entry": lambda _line: ("bookings.waitlist", {}),
    "maintenance_window": lambda line: ("maintenance.window", {"window_id": line.object_id}),
    "outage": lambda line: ("maintenance.outage", {"code": _code(line)}),
    "utility": lambda line: ("maintenance.utility", {"utility_id": line.object_id}),
    "upkeep": lambda _line: ("maintenance.upkeep", {}),
    "totals": lambda _line: ("usage.overview", {}),
    "usage_year": lambda _line: ("usage.years", {}),
    "usage_objection": lambda line: ("usage.objections", {"year": line.data.get("year")}),
    "delivery": lambda _line: ("inbox.deliveries", {}),
}
