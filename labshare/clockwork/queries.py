"""What is the case with the clockwork: each job's last run and lag, and how long ago the leader's heart beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from labshare.clockwork.job import Job, Run, due, in_words, is_late, lag
from labshare.clockwork.lease import NAME
from labshare.clockwork.models import JobRun, Lease
from labshare.clockwork.pauses import Pause, paused
from labshare.clockwork.policy import may_run, require_admin
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import UtcDateTime, db_now, rows
from labshare.kernel.errors import N_, NotFound, Text
from labshare.web.paging import Page, page

SILENT = timedelta(minutes=1)  # a clockwork whose heart has not beaten for so long does not run


@dataclass(frozen=True)
class Line:
    """One job as the jobs page shows it."""

    job: Job
    last: Run | None
    pause: Pause | None
    lag: timedelta
    next_run: datetime

    @property
    def lag_seconds(self) -> float:
        return self.lag.total_seconds()

    @property
    def is_late(self) -> bool:
        return is_late(self.job, self.lag)

    @property
    def failed(self) -> bool:
        return self.last is not None and self.last.error is not None

    def behind(self) -> Text:
        """How far it lags behind, in words."""
        return in_words(self.lag)

    def outcome(self) -> Text:
        """What the last run came to, in words."""
        return N_("never ran") if self.last is None else outcome(self.last)


def outcome(run: Run) -> Text:
    """What a run came to, in words."""
    if run.error is not None:
        return N_("failed: %(error)s", error=run.error)
    if run.finished_at is None:
        return N_("not finished")
    counts = ", ".join(f"{name} {count}" for name, count in run.result.items() if count)
    return N_("done: %(counts)s", counts=counts) if counts else N_("nothing to do")


def jobs() -> Sequence[Job]:
    """Every job this house has."""
    return current_app.extensions["jobs"]


def named(name: str) -> Job:
    """The job of this name. Raises NotFound."""
    found = next((job for job in jobs() if job.name == name), None)
    if found is None:
        raise NotFound
    return found


def require_named(actor: Actor, name: str) -> None:
    """Raises Forbidden for whom jobs are none of their business, NotFound where there is no such job."""
    require_admin(actor)
    named(name)


_RUN = (
    *(JobRun.id, JobRun.period, JobRun.started_at, JobRun.finished_at, JobRun.tries, JobRun.fence),
    *(JobRun.result, JobRun.error, JobRun.took),
)


def last_runs(now: datetime) -> dict[str, Run]:
    """Each job's latest run, by the job's name: a few steps in an index, however many runs there were.

    Runs of periods that are still to come were noted by a clock that has gone back since; they hold up nothing.
    """
    found = [_latest(job.name, now) for job in jobs()]
    if not found:
        return {}
    return {row[0]: Run(*list(row)[1:]) for row in rows(sa.select(sa.union_all(*found).subquery()))}


def _latest(name: str, now: datetime) -> sa.Select[*tuple[Any, ...]]:
    past = sa.select(JobRun.period).where(JobRun.job == name, JobRun.period <= now)
    newest = past.order_by(JobRun.period.desc()).limit(1)
    done = newest.where(JobRun.finished_at.is_not(None)).scalar_subquery().label("done")
    oldest = sa.select(JobRun.started_at).where(JobRun.job == name).order_by(JobRun.period).limit(1)
    latest = sa.select(JobRun.job, *_RUN, done, oldest.scalar_subquery().label("oldest"))
    return latest.where(JobRun.job == name, JobRun.period == newest.scalar_subquery())


def history(name: str, limit: int, cursor: str | None) -> Page:
    """The runs of this job, the latest period first."""
    statement: Any = sa.select(*_RUN).where(JobRun.job == name)
    found = page(statement, JobRun.period, JobRun.id, limit, cursor, newest_first=True)
    return Page([Run(*row) for row in found.items], found.next)


def lines(now: datetime) -> list[Line]:
    """Every job with its last run, in the house's order."""
    last, still = last_runs(now), paused()
    return [_line(job, last.get(job.name), still.get(job.name), now) for job in jobs()]


def line(name: str, now: datetime) -> Line:
    """One job with its last run. Raises NotFound."""
    return _line(named(name), last_runs(now).get(name), paused().get(name), now)


def _line(job: Job, last: Run | None, pause: Pause | None, now: datetime) -> Line:
    following = due(job, last, now) or job.following(now)
    return Line(job, last, pause, lag(job, last, now), following)


def heartbeat() -> timedelta | None:
    """How long ago the leader's heart beat, by the database's clock; None where none ever did."""
    present = sa.type_coerce(db_now(), UtcDateTime).label("present")
    found = rows(sa.select(Lease.beat_at, present).where(Lease.name == NAME, Lease.fence > 0))
    return max(timedelta(0), found[0].present - found[0].beat_at) if found else None


def silence(actor: Actor) -> Text | None:
    """What admins are told on every page while nothing runs by itself."""
    if not may_run(actor):
        return None
    age = heartbeat()
    if age is None:
        return N_("Nothing runs by itself: no scheduler was ever started. Start it with “labshare scheduler”.")
    if age > SILENT:
        return N_("Nothing runs by itself: the scheduler has been silent for %(time)s.", time=in_words(age))
    return None


def vitals() -> dict[str, Any]:
    """Seconds since the leader's heart beat (None: never), how far jobs lag, which are paused, when each last did well.

    A paused job lags by somebody's will, so it is left out of the longest lag.
    """
    age, found = heartbeat(), lines(clock.now())
    done = {line.job.name: line.last.done if line.last else None for line in found}
    return {
        "heartbeat_age_seconds": None if age is None else age.total_seconds(),
        "lag_seconds": max((line.lag_seconds for line in found if line.pause is None), default=0.0),
        "job_lag_seconds": {line.job.name: line.lag_seconds for line in found},
        "job_paused": {line.job.name: float(line.pause is not None) for line in found},
        "job_last_success_timestamp_seconds": {name: at.timestamp() if at else None for name, at in done.items()},
    }
