"""Pausing a job and letting it go on."""

from __future__ import annotations

from labshare.clockwork import pauses
from labshare.clockwork.models import job_paused
from labshare.clockwork.policy import require_admin
from labshare.clockwork.queries import Line, line, named
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import transaction
from labshare.kernel.errors import N_, Conflict, Reason
from labshare.kernel.retry import Retry


def pause(actor: Actor, name: str, reason: str, retry: Retry | None = None) -> Line:
    """Let a job stand still until somebody resumes it. Raises Conflict `job_paused` where it does already."""
    require_admin(actor)
    job, now = named(name), clock.now()
    with transaction(retry=retry) as tx:
        if not pauses.stop(tx, actor, job, reason, now):
            raise job_paused()
        return tx.done(line(name, now))


def resume(actor: Actor, name: str, retry: Retry | None = None) -> Line:
    """Let a paused job run again; what it missed is due at once. Raises Conflict `job_not_paused`."""
    require_admin(actor)
    job, now = named(name), clock.now()
    with transaction(retry=retry) as tx:
        if not pauses.let_go(tx, actor, job, now):
            text = N_("This job is not paused.")
            raise Conflict(text, code="job_not_paused", reasons=[Reason("job_not_paused", text)])
        return tx.done(line(name, now))
