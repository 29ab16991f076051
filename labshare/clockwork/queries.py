"""What is the case with the clockwork: each job's last run and lag, and how long ago the leader's heart beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app

from labshare.clockwork.job import Job, Run, lag
from labshare.clockwork.lease import NAME
from labshare.clockwork.models import JobRun, Lease
from labshare.clockwork.policy import require_admin
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import UtcDateTime, db_now, rows
from labshare.kernel.errors import N_, NotFound, Text


@dataclass(frozen=True)
class Line:
    """One job as the jobs page shows it."""

    job: Job
    last: Run | None
    lag_seconds: float
    next_run: datetime

    @property
    def failed(self) -> bool:
        return self.last is not None and self.last.error is not None

    def outcome(self) -> Text:
        """What the last run came to, in words."""
        if self.last is None:
            return N_("never ran")
        if self.last.error is not None:
            return N_("failed: %(error)s", error=self.last.error)
        if self.last.finished_at is None:
            return N_("not finished")
        counts = ", ".join(f"{name} {count}" for name, count in self.last.result.items() if count)
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


def last_runs() -> dict[str, Run]:
    """Each job's latest run, by the job's name: a few steps in an index, however many runs there were."""
    found = [_latest(job.name) for job in jobs()]
    if not found:
        return {}
    return {row[0]: Run(*list(row)[1:]) for row in rows(sa.select(sa.union_all(*found).subquery()))}


def _latest(name: str) -> sa.Select[*tuple[Any, ...]]:
    newest = sa.select(JobRun.period).where(JobRun.job == name).order_by(JobRun.period.desc()).limit(1)
    done = newest.where(JobRun.finished_at.is_not(None)).scalar_subquery().label("done")
    columns = (JobRun.period, JobRun.started_at, JobRun.finished_at, JobRun.tries, JobRun.fence)
    latest = sa.select(JobRun.job, *columns, JobRun.result, JobRun.error, done)
    return latest.where(JobRun.job == name, JobRun.period == newest.scalar_subquery())


def lines(now: datetime) -> list[Line]:
    """Every job with its last run, in the house's order."""
    last = last_runs()
    return [_line(job, last.get(job.name), now) for job in jobs()]


def line(name: str, now: datetime) -> Line:
    """One job with its last run. Raises NotFound."""
    return _line(named(name), last_runs().get(name), now)


def _line(job: Job, last: Run | None, now: datetime) -> Line:
    waits = last is None or last.period < job.period(now)
    following = job.period(now) + (job.every if not waits else 0 * job.every)
    return Line(job, last, lag(job, last, now).total_seconds(), following)


def vitals() -> dict[str, Any]:
    """Seconds since the leader's heart beat (None: never), and the longest any job has been waiting."""
    beat_at, present = Lease.beat_at, sa.type_coerce(db_now(), UtcDateTime).label("present")
    row = rows(sa.select(beat_at, Lease.fence, present).where(Lease.name == NAME))[0]
    age = (row.present - row.beat_at).total_seconds() if row.fence else None
    behind = max((line.lag_seconds for line in lines(clock.now())), default=0.0)
    return {"heartbeat_age_seconds": age, "lag_seconds": behind}
