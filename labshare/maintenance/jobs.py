"""Windows open and close at their minute, broken instruments stay closed, people are reminded: as time passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.clockwork.job import Job
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.errors import N_, Conflict
from labshare.maintenance import lifecycle, rules, upkeep
from labshare.maintenance.models import Outage, Window
from labshare.maintenance.services import breaking, keeping
from labshare.quotas.account import Outdated

Act = Callable[[int], bool]


def keep_windows(now: datetime) -> dict[str, int]:
    """Open what begins, close what is over, and take more of a broken instrument's time."""
    closed = _done(_to_close(now), lambda number: keeping.close_window(SYSTEM, number, now))
    opened = _done(_to_open(now), lambda number: keeping.open_window(SYSTEM, number, now))
    extended = _done(_to_extend(now), lambda number: breaking.extend(SYSTEM, number, now))
    return {"opened": opened, "closed": closed, "extended": extended}


def _done(numbers: list[int], act: Act) -> int:
    return sum(_tried(number, act) for number in numbers)


def _tried(number: int, act: Act) -> bool:
    try:
        return act(number)
    except (Conflict, Outdated):  # called off, changed or repaired in this very moment
        return False


def _to_open(now: datetime) -> list[int]:
    due = sa.and_(Window.state == lifecycle.PLANNED, Window.starts_at <= now, Window.ends_at > now)
    return _numbers(sa.select(Window.id).where(due).order_by(Window.starts_at, Window.id))


def _to_close(now: datetime) -> list[int]:
    over = sa.and_(Window.state.in_(sorted(lifecycle.LIVE)), Window.ends_at <= now)
    return _numbers(sa.select(Window.id).where(over).order_by(Window.ends_at, Window.id))


def _to_extend(now: datetime) -> list[int]:
    soon = sa.and_(Outage.state == lifecycle.OPEN, Outage.claimed_until <= now + rules.BEFORE_IT_IS_UP)
    return _numbers(sa.select(Outage.id).where(soon).order_by(Outage.claimed_until, Outage.id))


def _to_keep(now: datetime) -> dict[str, int]:
    return {"opened": len(_to_open(now)), "closed": len(_to_close(now)), "extended": len(_to_extend(now))}


def remind_of_windows(now: datetime) -> dict[str, int]:
    """Remind of every window that begins within a day."""
    return {"reminded": _done(_to_remind(now), lambda number: keeping.remind_of_window(SYSTEM, number, now))}


def _to_remind(now: datetime) -> list[int]:
    told = sa.and_(Window.reminded_of.is_not(None), Window.reminded_of == Window.starts_at)
    soon = sa.and_(Window.starts_at > now, Window.starts_at <= now + rules.REMIND_AHEAD)
    due = sa.and_(Window.state == lifecycle.PLANNED, soon, sa.not_(told))
    return _numbers(sa.select(Window.id).where(due).order_by(Window.starts_at, Window.id))


def warn_of_upkeep(now: datetime) -> dict[str, int]:
    """Tell lab managers what their instruments have needed for some time, by date or by hours run."""
    return {"warned": sum(keeping.warn_of_upkeep(SYSTEM, due, now) for due in upkeep.to_warn_of(SYSTEM, now))}


def _numbers(statement: sa.Select[Any]) -> list[int]:
    return [number for (number,) in rows(statement)]


_WINDOWS = ("maintenance.windows", dict[str, str]())
KEEP_WINDOWS = Job(
    "keep_windows",
    N_("Opens and closes maintenance windows at their minute, and keeps broken instruments closed"),
    timedelta(minutes=1),
    keep_windows,
    preview=_to_keep,
    links={"opened": _WINDOWS, "closed": ("maintenance.windows", {"tab": "past"}), "extended": _WINDOWS},
    destructive=True,
)
REMIND_OF_WINDOWS = Job(
    "remind_of_windows",
    N_("Reminds of maintenance the day before"),
    timedelta(minutes=5),
    remind_of_windows,
    preview=lambda now: {"reminded": len(_to_remind(now))},
    links={"reminded": _WINDOWS},
)
WARN_OF_UPKEEP = Job(
    "warn_of_upkeep",
    N_("Warns lab managers of maintenance that is overdue, by date or by hours run"),
    timedelta(hours=1),
    warn_of_upkeep,
    preview=lambda now: {"warned": len(upkeep.to_warn_of(SYSTEM, now))},
    links={"warned": ("maintenance.upkeep", {})},
)
