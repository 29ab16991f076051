"""Running jobs: whatever is due, late rather than never; one failing job does not hold up the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.clockwork import pauses
from labshare.clockwork.events import JobFailed
from labshare.clockwork.job import HUNG, START, TRIES, Each, Job, Run, Unsound, due, in_a_line, is_given_up, tried
from labshare.clockwork.lease import Held, LeaseLost, confirm
from labshare.clockwork.models import PERIOD_TAKEN, JobRun, job_paused
from labshare.clockwork.policy import require_admin
from labshare.clockwork.queries import Line, jobs, last_runs, line, named
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import Transaction, table_of, transaction
from labshare.kernel.errors import N_, Conflict, Reason
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry

log = logging.getLogger("labshare.clockwork")
_runs = table_of(JobRun)
AT_ONCE = 50  # periods of one job in one tick, so that the others have their turn
Watch = Callable[[Job, Run], AbstractContextManager[None]]


class AlreadyDone(Exception):
    """Somebody else finished this period meanwhile; whatever was done for it here is undone."""


def _unwatched(_job: Job, _run: Run) -> AbstractContextManager[None]:
    return nullcontext()


def run_due(
    now: datetime, held: Held, stopping: Callable[[], bool] = lambda: False, watch: Watch = _unwatched
) -> list[str]:
    """Do every job that is due, the one that waited longest for its turn first; what ran. Raises LeaseLost.

    `watch` is told what is at hand while it is.
    """
    last, still, ran = last_runs(now), pauses.paused(), []

    def turn(job: Job) -> datetime:
        return last[job.name].started_at if job.name in last else START

    # One that hangs and takes its process down comes last in the next: it must not starve those behind it.
    for job in sorted((job for job in jobs() if job.name not in still), key=turn):
        before = last.get(job.name)
        if before is not None and is_given_up(before):
            _fail(job, before, held, f"its process ended {before.tries} times while it ran", now, died=True)
            continue
        for _ in range(AT_ONCE):
            period = due(job, before, now)
            if stopping() or period is None:
                break
            before = _once(job, period, before, now, held, watch)
            if before is None:
                break
            ran.append(job.name)
            if job.each is None or before.error is not None:
                break
    return ran


def run_job(actor: Actor, name: str, retry: Retry | None = None) -> Line:
    """Do one job now: a sweep whether its period is done or not, for it acts once; of periods those that wait.

    Raises Conflict `job_paused`.
    """
    require_admin(actor)
    job, now = named(name), clock.now()
    if retry is not None:
        retry.replay()
    if name in pauses.paused():
        raise job_paused()
    before = last_runs(now).get(name)
    for _ in range(AT_ONCE):
        period = job.period(now) if job.each is None else _waiting(job, before, now)
        if period is None:
            break
        before = _once(job, period, before, now, None, _unwatched)
        if job.each is None or before is None or before.error is not None:
            break
    with transaction(retry=retry) as tx:
        return tx.done(line(name, now))


def _waiting(job: Job, last: Run | None, now: datetime) -> datetime | None:
    """The next period that is not done yet, its tries used up or not."""
    if last is not None and last.finished_at is None:
        return last.period
    return due(job, last, now)


def preview_job(actor: Actor, name: str) -> Mapping[str, int]:
    """What a run would do now, by name, with nothing done. Raises Conflict `no_preview` where it cannot be told."""
    require_admin(actor)
    job = named(name)
    if job.preview is None:
        text = N_("This job cannot tell beforehand what it would do.")
        raise Conflict(text, code="no_preview", reasons=[Reason("no_preview", text)])
    return dict(job.preview(clock.now()))


def give_up(actor: Actor, job: Job, run: Run, held: Held) -> None:
    """Note that a run took too long; its process ends after this, for a thread cannot be ended."""
    require_admin(actor)
    said = f"{HUNG} {job.timeout.total_seconds():.0f} s and was ended"
    _fail(job, run, held, said, clock.now(), took=job.timeout.total_seconds(), died=True)


# ---------------------------------------------------------------- one run


def _once(job: Job, period: datetime, before: Run | None, now: datetime, held: Held | None, watch: Watch) -> Run | None:
    """Begin, do, note; the run as it ended, or None where there was nothing to do after all."""
    with transaction() as tx:
        if held is not None:
            confirm(tx, held)
        run = None if pauses.is_paused(tx, job) else _begin(tx, job, period, tried(before, period), now, held)
    if run is None:
        return None
    began = time.monotonic()
    try:
        with watch(job, run):
            if job.each is not None:
                return _whole(job.each, run, now, held, began)
            result = job.run(now) or {} if job.run else {}
    except LeaseLost:
        raise
    except AlreadyDone:
        return None
    except Exception as failure:  # whatever it is, it is recorded and the other jobs go on
        log.exception("job %s failed", job.name)
        counts = failure.counts if isinstance(failure, Unsound) else {}
        took = round(time.monotonic() - began, 3)
        return _fail(job, run, held, in_a_line(failure), now, counts=counts, took=took)
    with transaction() as tx:
        if held is not None:
            confirm(tx, held)
        return _end(tx, run, result, time.monotonic() - began)


def _begin(tx: Transaction, job: Job, period: datetime, tries: int, now: datetime, held: Held | None) -> Run | None:
    begun: dict[str, Any] = {"started_at": now, "finished_at": None, "error": None, "took": None}
    begun["fence"] = held.fence if held else None
    first = {"job": job.name, "period": period, "tries": tries + 1, "result": {}, **begun}
    number = tx.insert_or_nothing(_runs, first, PERIOD_TAKEN)
    if number is not None:
        return Run(number, period, now, None, tries + 1, begun["fence"], {}, None)
    own = sa.and_(_runs.c.job == job.name, _runs.c.period == period)
    if job.each is not None:  # a period that is done is done; a sweep is asked again what there is to do
        own &= _runs.c.finished_at.is_(None)
    tries_now = sa.case((_runs.c.finished_at.is_(None), _runs.c.tries + 1), else_=1)
    again = sa.update(_runs).where(own).values(tries=tries_now, **begun)
    row = tx.execute(again.returning(_runs.c.id, _runs.c.tries, _runs.c.result)).first()
    return None if row is None else Run(row.id, period, now, None, row.tries, begun["fence"], row.result, None)


def _whole(each: Each, run: Run, now: datetime, held: Held | None, began: float) -> Run:
    """A period's effect and the note that it is done, in one transaction: both or neither."""
    with transaction() as tx:
        result = each(tx, run.period, now) or {}
        if held is not None:  # last, so that a long effect keeps nobody from renewing the lead
            confirm(tx, held)
        if not _is_ours(tx, run):
            raise AlreadyDone
        return _end(tx, run, result, time.monotonic() - began)


def _is_ours(tx: Transaction, run: Run) -> bool:
    """Is this still the latest try of a period nobody has finished? Nobody else can finish it before we commit."""
    same = (_runs.c.id == run.id, _runs.c.tries == run.tries, _runs.c.finished_at.is_(None))
    return tx.execute(sa.select(_runs.c.id).where(*same).with_for_update()).first() is not None


def _end(tx: Transaction, run: Run, result: Mapping[str, int], took: float) -> Run:
    own = _runs.c.id == run.id
    before = tx.execute(sa.select(_runs.c.result).where(own).with_for_update()).scalar_one()
    total = {key: before.get(key, 0) + result.get(key, 0) for key in {**before, **result}}
    finished = {"finished_at": clock.now(), "result": total, "error": None, "took": round(took, 3)}
    tx.execute(sa.update(_runs).where(own).values(finished))
    return _now(run, **finished)


def _fail(
    job: Job,
    run: Run,
    held: Held | None,
    error: str,
    now: datetime,
    *,
    counts: Mapping[str, int] | None = None,
    took: float | None = None,
    died: bool = False,
) -> Run:
    """Note a failed try; the one that used up the last try raises the alarm, and stops a job that ends processes."""
    noted = {"error": error, "took": took, "result": dict(counts or run.result)}
    with transaction() as tx:
        if held is not None:
            confirm(tx, held)
        if _is_ours(tx, run):
            tx.execute(sa.update(_runs).where(_runs.c.id == run.id).values(noted))
            if run.tries == TRIES:
                fact = JobFailed(object_id=run.id, job=job.name, period=run.period, tries=run.tries, error=error)
                publish(tx, SYSTEM, fact, now)
            if died and run.tries >= TRIES:
                pauses.stop(tx, SYSTEM, job, error, now)
    return _now(run, **noted)


def _now(run: Run, **changed: Any) -> Run:
    return Run(**{**run.__dict__, **changed})
