"""What is told of maintenance: to those who manage the instruments, and to those who are there around it."""

from __future__ import annotations

from datetime import timedelta

from labshare.kernel.errors import N_
from labshare.kernel.slots import Slot
from labshare.maintenance import events as maintenance
from labshare.maintenance.rules import REMIND_AHEAD
from labshare.notifications import sayings
from labshare.notifications.facts import Fact
from labshare.notifications.recipes.shape import HOLDERS, MAINTENANCE, MANAGERS, Recipe, always, plain

NEXT_DAYS = timedelta(days=7)  # who comes so soon is told of an outage


def _of_window(fact: Fact) -> Slot:
    """A day around the window, and around the time it had before."""
    start, end = fact.moment("starts_at"), fact.moment("ends_at")
    if "old_starts_at" in fact.data:
        start, end = min(start, fact.moment("old_starts_at")), max(end, fact.moment("old_ends_at"))
    return Slot(start - REMIND_AHEAD, end + REMIND_AHEAD)


def _of_outage(fact: Fact) -> Slot:
    return Slot(fact.at, fact.at + NEXT_DAYS)


def _planned(fact: Fact) -> tuple[str, ...]:
    """Who manages the instruments sees windows on the timeline; whom they hit must be told."""
    return (MANAGERS,) if fact.data["displaced"] else ()


def _changed(fact: Fact) -> tuple[str, ...]:
    if all(fact.data[name] == fact.data[f"old_{name}"] for name in ("starts_at", "ends_at")):
        return ()
    return (MANAGERS, HOLDERS) if _was_told(fact, "old_starts_at") else _planned(fact)


def _cancelled(fact: Fact) -> tuple[str, ...]:
    return (MANAGERS, HOLDERS) if _was_told(fact, "starts_at") else ()


def _was_told(fact: Fact, start: str) -> bool:
    """Was it so near that people were reminded of it?"""
    return fact.moment(start) - fact.at <= REMIND_AHEAD


RECIPES: dict[str, Recipe] = {
    maintenance.WindowPlanned.kind(): Recipe(
        MAINTENANCE,
        _planned,
        N_("Planned: %(work)s, %(instruments)s, %(slot)s"),
        plain(N_("%(who)s planned %(work)s of %(instruments)s, %(slot)s; bookings displaced: %(displaced)s.")),
    ),
    maintenance.WindowChanged.kind(): Recipe(
        MAINTENANCE,
        _changed,
        N_("Moved: %(work)s, %(instruments)s, now %(slot)s"),
        plain(N_("%(who)s moved %(work)s of %(instruments)s from %(old_slot)s to %(slot)s.")),
        around=_of_window,
    ),
    maintenance.WindowCancelled.kind(): Recipe(
        MAINTENANCE,
        _cancelled,
        N_("Not needed any more: %(work)s, %(instruments)s, %(slot)s"),
        sayings.window_cancelled,
        around=_of_window,
    ),
    maintenance.WindowComingUp.kind(): Recipe(
        MAINTENANCE,
        always(MANAGERS, HOLDERS),
        N_("Coming up: %(work)s, %(instruments)s, %(slot)s"),
        plain(N_("%(instruments)s will be maintained soon, %(slot)s: %(work)s.")),
        news_until="starts_at",
        around=_of_window,
    ),
    maintenance.OutageBegan.kind(): Recipe(
        MAINTENANCE,
        always(MANAGERS, HOLDERS),
        N_("Out of service: %(instruments)s"),
        plain(
            N_(
                "%(instruments)s is out of service since %(began_at)s, until %(claimed_until)s or longer. "
                "Whose time is needed is told."
            )
        ),
        around=_of_outage,
    ),
    maintenance.OutageEnded.kind(): Recipe(
        MAINTENANCE,
        always(MANAGERS, HOLDERS),
        N_("In service again: %(instruments)s"),
        plain(N_("%(instruments)s works again since %(ended_at)s.")),
        around=_of_outage,
    ),
    maintenance.UpkeepOverdue.kind(): Recipe(
        MAINTENANCE,
        always(MANAGERS),
        N_("Overdue: %(work)s, %(instruments)s"),
        plain(N_("%(work)s of %(instruments)s is overdue: counted from %(since)s, with %(hours_run)s h of use since.")),
    ),
}
