"""Running jobs: whatever is due, late rather than never; one failing job does not hold up the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.clockwork.job import Job, in_a_line, is_due
from labshare.clockwork.lease import Held, confirm
from labshare.clockwork.models import PERIOD_TAKEN, JobRun
from labshare.clockwork.policy import require_admin
from labshare.clockwork.queries import Line, jobs, last_runs, line, named
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, transaction
from labshare.kernel.retry import Retry

log = logging.getLogger("labshare.clockwork")
_runs: sa.Table = JobRun.__table__  # type: ignore[assignment]  # a mapped class's __table__ is typed FromClause


def run_due(now: datetime, held: Held, stopping: Callable[[], bool] = lambda: False) -> list[str]:
    """Do every job whose present period is not done yet; the names of those that ran. Raises LeaseLost."""
    last, ran = last_runs(), []
    for job in jobs():
        if stopping():
            break
        if is_due(job, last.get(job.name), now):
            with transaction() as tx:
                _begin(tx, job, now, held)
            result, error = _attempt(job, now)
            with transaction() as tx:
                _end(tx, job, now, held, result, error)
            ran.append(job.name)
    return ran


def run_job(actor: Actor, name: str, retry: Retry | None = None) -> Line:
    """Do one job now, whether its period is done or not: it acts once, so again at once there is nothing to do."""
    require_admin(actor)
    job, now = named(name), clock.now()
    with transaction(retry=retry) as tx:
        _begin(tx, job, now, None)
    result, error = _attempt(job, now)
    with transaction(retry=retry) as tx:
        _end(tx, job, now, None, result, error)
        return tx.done(line(name, now))


def _attempt(job: Job, now: datetime) -> tuple[Mapping[str, int], str | None]:
    try:
        return job.run(now) or {}, None
    except Exception as failure:  # whatever it is, it is recorded and the other jobs go on
        log.exception("job %s failed", job.name)
        return {}, in_a_line(failure)


def _begin(tx: Transaction, job: Job, now: datetime, held: Held | None) -> None:
    if held is not None:
        confirm(tx, held)
    begun: dict[str, Any] = {"started_at": now, "finished_at": None, "error": None}
    begun["fence"] = held.fence if held else None
    first = {"job": job.name, "period": job.period(now), "tries": 1, "result": {}, **begun}
    if tx.insert_or_nothing(_runs, first, PERIOD_TAKEN) is None:
        tx.execute(sa.update(_runs).where(_own(job, now)).values(tries=_runs.c.tries + 1, **begun))


def _end(
    tx: Transaction, job: Job, now: datetime, held: Held | None, result: Mapping[str, int], error: str | None
) -> None:
    if held is not None:
        confirm(tx, held)
    own = _own(job, now)
    before = tx.execute(sa.select(_runs.c.result).where(own).with_for_update()).scalar_one()
    total = {key: before.get(key, 0) + result.get(key, 0) for key in {**before, **result}}
    finished = clock.now() if error is None else None
    tx.execute(sa.update(_runs).where(own).values(finished_at=finished, result=total, error=error))


def _own(job: Job, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(_runs.c.job == job.name, _runs.c.period == job.period(now))
