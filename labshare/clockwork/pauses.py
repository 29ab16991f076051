"""Which jobs stand still, and how one is stopped or let go; in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from labshare.clockwork.events import JobPaused, JobResumed
from labshare.clockwork.job import Job
from labshare.clockwork.models import PAUSED, JobPause, JobRun
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows, table_of
from labshare.kernel.journal import publish
from labshare.people.models import Person

_pauses, _runs = table_of(JobPause), table_of(JobRun)


@dataclass(frozen=True)
class Pause:
    """Since when a job stands still, why, and who said so; None where the clockwork itself did."""

    reason: str
    by: str | None
    at: datetime


def paused() -> dict[str, Pause]:
    """Every job that stands still, by name."""
    statement = sa.select(JobPause.job, JobPause.reason, Person.name, JobPause.at)
    found = rows(statement.outerjoin(Person, Person.id == JobPause.person_id))
    return {row.job: Pause(row.reason, row.name, row.at) for row in found}


def is_paused(tx: Transaction, job: Job) -> bool:
    """Does it stand still, as this transaction sees it?"""
    return tx.execute(sa.select(_pauses.c.id).where(_pauses.c.job == job.name)).first() is not None


def stop(tx: Transaction, actor: Actor, job: Job, reason: str, now: datetime) -> bool:
    """Let the job stand still; False where it does already."""
    row = {"job": job.name, "reason": reason, "person_id": actor.person_id, "at": now}
    if tx.insert_or_nothing(_pauses, row, PAUSED) is None:
        return False
    publish(tx, actor, JobPaused(object_id=job.number, job=job.name, reason=reason), now)
    return True


def stop_all(tx: Transaction, actor: Actor, some: Iterable[Job], reason: str, now: datetime) -> tuple[str, ...]:
    """Let these jobs stand still; the names of those that ran until now."""
    return tuple(job.name for job in some if stop(tx, actor, job, reason, now))


def let_go(tx: Transaction, actor: Actor, job: Job, now: datetime) -> bool:
    """Let the job run again, its tries given back; False where it runs anyway."""
    if not tx.execute(sa.delete(_pauses).where(_pauses.c.job == job.name)).rowcount:
        return False
    unfinished = sa.and_(_runs.c.job == job.name, _runs.c.finished_at.is_(None))
    tx.execute(sa.update(_runs).where(unfinished).values(tries=0))
    publish(tx, actor, JobResumed(object_id=job.number, job=job.name), now)
    return True
