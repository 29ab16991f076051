"""What happens to accounts by itself, as time passes."""

from __future__ import annotations

from datetime import datetime, timedelta

from labshare.clockwork.job import Job
from labshare.kernel.actor import SYSTEM
from labshare.kernel.errors import N_, Conflict
from labshare.quotas import services, watch
from labshare.quotas.account import Outdated


def open_periods(now: datetime) -> dict[str, int]:
    """Open the periods that come within reach, and carry a changed default to the companies that follow it."""
    companies = watch.to_open(now)
    return {"accounts": len(companies), "periods": sum(_opened(one, now) for one in companies)}


def _opened(company_id: int, now: datetime) -> int:
    try:
        return services.open_account(SYSTEM, company_id, now)
    except (Conflict, Outdated):  # somebody opened it, or set its allowances, in this very moment
        return 0


def warn_of_limits(now: datetime) -> dict[str, int]:
    """Tell companies and the laboratory once that 80 and 100 per cent of a limit are spoken for."""
    return {"warned": sum(services.warn(SYSTEM, *due, now) for due in watch.to_warn(now))}


OPEN_PERIODS = Job(
    "open_periods",
    N_("Opens the accounts' next periods ahead, and carries a changed default allowance to those who follow it"),
    timedelta(minutes=5),
    open_periods,
    preview=lambda now: {"accounts": len(watch.to_open(now))},
    links={"accounts": ("accounts.overview", {})},
)
WARN_OF_LIMITS = Job(
    "warn_of_limits",
    N_("Tells companies and the laboratory when 80 and 100 per cent of an allowance are spoken for"),
    timedelta(minutes=5),
    warn_of_limits,
    preview=lambda now: {"warned": len(watch.to_warn(now))},
    links={"warned": ("accounts.overview", {})},
)
