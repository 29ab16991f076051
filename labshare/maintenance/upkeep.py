"""What instruments need again and again, when it was last done, and whether it is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.booking.models import UsageRecord
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows
from labshare.kernel.errors import NotFound
from labshare.maintenance import lifecycle, rules
from labshare.maintenance.models import Upkeep, UpkeepWarning, Window, WindowPlace


@dataclass(frozen=True)
class Due:
    """An upkeep, when it was last done (or has been counted from), and how long the instrument has run since."""

    id: int
    instrument_id: int
    code: str
    name_en: str
    name_zh: str
    site_id: int
    kind: str
    every_days: int | None
    every_hours: int | None
    note: str
    version: int
    since: datetime
    minutes_run: int
    next_at: datetime | None  # the next window of its kind that is planned

    @property
    def due_on(self) -> datetime | None:
        """By when it is due by date."""
        return None if self.every_days is None else self.since + timedelta(days=self.every_days)

    def is_overdue(self, now: datetime) -> bool:
        """Should it have been done by now?"""
        return rules.overdue(self.since, self.minutes_run, self.every_days, self.every_hours, now)


def _windows(moment: Any, *states: str) -> sa.ScalarSelect[Any]:
    of = sa.and_(WindowPlace.instrument_id == Upkeep.instrument_id, Window.kind == Upkeep.kind)
    statement = sa.select(moment).join(WindowPlace, WindowPlace.window_id == Window.id)
    return statement.where(of, Window.state.in_(states)).correlate(Upkeep).scalar_subquery()


_DONE = _windows(sa.func.max(Window.ends_at), lifecycle.DONE)
_SINCE = sa.case((Upkeep.since < _DONE, _DONE), else_=Upkeep.since)
_RUN = (
    sa.select(sa.func.coalesce(sa.func.sum(UsageRecord.minutes), 0))
    .where(UsageRecord.instrument_id == Upkeep.instrument_id, UsageRecord.starts_at >= _SINCE)
    .correlate(Upkeep)
    .scalar_subquery()
)
_DUE: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
        *(Upkeep.id, Upkeep.instrument_id, Instrument.code, Instrument.name_en, Instrument.name_zh),
        *(Instrument.site_id, Upkeep.kind, Upkeep.every_days, Upkeep.every_hours, Upkeep.note, Upkeep.version),
        *(_SINCE, _RUN, _windows(sa.func.min(Window.starts_at), lifecycle.PLANNED, lifecycle.OPEN)),
    )
    .join(Instrument, Instrument.id == Upkeep.instrument_id)
    .where(Instrument.state != "retired")
    .order_by(Instrument.code, Upkeep.kind)
)


def every(actor: Actor) -> list[Due]:
    """What the instruments of the actor's sites need, in one statement; of all sites for admins and the clockwork."""
    if actor.is_admin or actor.is_system:
        return [Due(*row) for row in rows(_DUE)]
    mine = Instrument.site_id.in_(sorted(actor.site_ids))
    return [Due(*row) for row in rows(_DUE.where(mine))] if actor.is_staff else []


def one(actor: Actor, upkeep_id: int) -> Due:
    """One of these; raises NotFound."""
    for due in every(actor):
        if due.id == upkeep_id:
            return due
    raise NotFound


def to_warn_of(actor: Actor, now: datetime) -> list[Due]:
    """What is overdue and was not told yet."""
    told = set(rows(sa.select(UpkeepWarning.upkeep_id, UpkeepWarning.since)))
    return [due for due in every(actor) if due.is_overdue(now) and (due.id, due.since) not in told]
