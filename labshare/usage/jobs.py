"""What happens to years by itself, as time passes."""

from __future__ import annotations

from datetime import datetime, timedelta

from labshare.clockwork.job import Job
from labshare.kernel.actor import SYSTEM
from labshare.kernel.errors import N_, Conflict
from labshare.usage import heat, services, settlement


def remind_of_statements(now: datetime) -> dict[str, int]:
    """Remind companies once, a week before, that the time to object to their figures will be over."""
    return {"reminded": sum(services.remind(SYSTEM, year, now) for year in settlement.to_remind(now))}


def close_years(now: datetime) -> dict[str, int]:
    """Close issued years whose time to object is over; `waiting` are those that something speaks against."""
    done = [_closed(year, now) for year in settlement.to_close(now)]
    return {"closed": done.count(True), "waiting": done.count(False)}


def _closed(year: int, now: datetime) -> bool | None:
    try:
        services.close(SYSTEM, year, now)
    except Conflict as refused:
        gone = any(reason.code == "wrong_state" for reason in refused.reasons)  # somebody was faster
        return None if gone else False
    return True


def _to_close(now: datetime) -> dict[str, int]:
    found = list(settlement.to_close(now).values())
    return {"closed": found.count(True), "waiting": found.count(False)}


def count_heat(now: datetime) -> dict[str, int]:
    """Count anew when in the week instruments were used, in every year that may still change."""
    return {"years": sum(services.count_heat(SYSTEM, year) for year in heat.to_count(now))}


REMIND_OF_STATEMENTS = Job(
    "remind_of_statements",
    N_("Reminds companies once, a week before the time to object to their yearly figures is over"),
    timedelta(hours=1),
    remind_of_statements,
    preview=lambda now: {
        "reminded": sum(len(settlement.with_figures(year)) for year in settlement.to_remind(now)),
    },
    links={"reminded": ("usage.years", {})},
)
CLOSE_YEARS = Job(
    "close_years",
    N_("Closes issued years once the time to object is over and nothing speaks against it"),
    timedelta(hours=1),
    close_years,
    preview=_to_close,
    links={"closed": ("usage.years", {}), "waiting": ("usage.years", {})},
    destructive=True,
)
COUNT_HEAT = Job(
    "count_heat",
    N_("Counts every night when in the week instruments are used, for the yearly figures"),
    timedelta(days=1),
    count_heat,
    preview=lambda now: {"years": sum(heat.has_changed(year) for year in heat.to_count(now))},
    links={"years": ("usage.overview", {})},
    timeout=timedelta(minutes=30),
)
