"""Watching over the clockwork itself: that its clock did not jump, and that nothing waits for too long."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa

from labshare.clockwork import jumps, pauses
from labshare.clockwork.events import ClockJumped, JobLate
from labshare.clockwork.lease import NAME, Held, confirm
from labshare.clockwork.models import TOLD_LATE, JobLateness, Lease
from labshare.clockwork.queries import Line, jobs, lines
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows, table_of, transaction
from labshare.kernel.journal import publish

log = logging.getLogger("labshare.clockwork")
_lease, _late = table_of(Lease), table_of(JobLateness)


def watch_clock(actor: Actor, held: Held) -> datetime | None:
    """Before anything due is run: has the clock jumped? Then whatever takes something from somebody stands still.

    The moment this look vouches for, by which jobs may be done; None where there was no clear look. Raises LeaseLost.
    """
    known, seen = jumps.known(), jumps.look()
    if seen is None:
        return None
    far = jumps.moved(known, seen)
    jumped = abs(far) > jumps.JUMP
    if jumped or known.boot != seen.boot or abs(far) >= jumps.DRIFT:
        with transaction() as tx:
            confirm(tx, held)
            values = {"boot": seen.boot, "epoch": seen.epoch, "ahead": seen.ahead.total_seconds()}
            tx.execute(sa.update(_lease).where(_lease.c.name == NAME).values(values))
            if jumped:
                _alarm(tx, actor, held, far)
    return seen.now


def _alarm(tx: Transaction, actor: Actor, held: Held, far: timedelta) -> None:
    now, seconds = clock.now(), round(far.total_seconds())
    some = [job for job in jobs() if job.destructive]
    stopped = pauses.stop_all(tx, actor, some, f"the clock jumped by {seconds:+d} s", now)
    publish(tx, actor, ClockJumped(object_id=held.fence, seconds=seconds, paused=stopped), now)
    log.error("the clock jumped by %+d s; paused: %s", seconds, ", ".join(stopped) or "nothing")


def tell_late(actor: Actor, now: datetime, held: Held) -> list[str]:
    """Say once of each job that it is late, and forget it once it has caught up; the jobs told of. Raises LeaseLost."""
    told = {row.job for row in rows(sa.select(JobLateness.job))}
    named = []
    for line in lines(now):
        late = line.is_late and line.pause is None
        if late != (line.job.name in told):
            with transaction() as tx:
                confirm(tx, held)
                if late and _note(tx, actor, line, now):
                    named.append(line.job.name)
                elif not late:
                    tx.execute(sa.delete(_late).where(_late.c.job == line.job.name))
    return named


def _note(tx: Transaction, actor: Actor, line: Line, now: datetime) -> bool:
    if tx.insert_or_nothing(_late, {"job": line.job.name, "at": now}, TOLD_LATE) is None:
        return False
    fact = JobLate(object_id=line.job.number, job=line.job.name, lag_seconds=int(line.lag_seconds))
    publish(tx, actor, fact, now)
    return True
