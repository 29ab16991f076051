"""Where a fact leads whoever is told it: to a page they may open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from labshare.notifications import recipes
from labshare.notifications.facts import Fact

Way = tuple[str, dict[str, Any]]  # a page's endpoint, and what its address names
_BEGINS = ("starts_at", "began_at", "since")


def way(fact: Fact, manages: Callable[[int], bool]) -> Way | None:
    """The page of what the fact is about, for a reader who `manages` such sites; None where there is none."""
    group = recipes.RECIPES[fact.kind].group
    if fact.booking is not None:
        return "bookings.show", {"booking_id": fact.booking.id}
    if fact.kind.startswith("waitlist_"):
        return "bookings.waitlist", {}
    if group == recipes.ALARMS:
        return "clockwork.jobs", {}
    if group == recipes.MAINTENANCE:
        return _of_maintenance(fact, all(manages(number) for number in fact.site_ids))
    if fact.company_id is None:
        return None
    if fact.kind.startswith(("statement_", "objection_")):
        return "usage.objections", {"year": fact.data["year"]}
    if fact.kind.startswith("restriction_"):
        return "bookings.conduct", {"company_id": fact.company_id}
    page = "accounts.statement" if group == recipes.HOURS else "people.company"
    return page, {"company_id": fact.company_id}


def _of_maintenance(fact: Fact, keeps: bool) -> Way | None:
    """Managers are led to the window, the outage or the list of what is due, all others to the instrument's week."""
    if not fact.instruments:
        return None
    first = fact.instruments[0]
    if keeps and fact.kind.startswith("window_"):
        return "maintenance.window", {"window_id": fact.object_id}
    if keeps:
        return ("maintenance.outage", {"code": first.code}) if "began_at" in fact.data else ("maintenance.upkeep", {})
    began = next(datetime.fromisoformat(fact.data[name]) for name in _BEGINS if name in fact.data)
    return "bookings.week", {"code": first.code, "day": began.astimezone(first.tz).date().isoformat()}
