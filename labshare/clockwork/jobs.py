"""What the clockwork does for its own house: it throws away what nobody will ask for again, and checks every night."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import aliased

from labshare.clockwork.job import Job, Unsound
from labshare.clockwork.models import JobRun
from labshare.kernel.db import Model, purge, rows, snapshot
from labshare.kernel.errors import N_
from labshare.kernel.retry import Answer
from labshare.people.models import SignIn, SignInFailure

log = logging.getLogger("labshare.clockwork")
ANSWERS = timedelta(hours=48)
FAILURES = timedelta(days=1)
RUNS = timedelta(days=30)


def _old(now: datetime) -> dict[str, tuple[type[Model], sa.ColumnElement[bool]]]:
    later = aliased(JobRun)
    followed = sa.exists().where(later.job == JobRun.job, later.period > JobRun.period, later.finished_at.is_not(None))
    return {
        "answers": (Answer, Answer.at < now - ANSWERS),
        "sign_ins": (SignIn, SignIn.expires_at <= now),
        "sign_in_failures": (SignInFailure, SignInFailure.at < now - FAILURES),
        "job_runs": (JobRun, (JobRun.started_at < now - RUNS) & followed),
    }


def tidy_up(now: datetime) -> dict[str, int]:
    """Delete old answers, ended sessions, counted failures and runs that were followed by others, a few at a time."""
    return {name: purge(model, old) for name, (model, old) in _old(now).items()}


def preview_tidying(now: datetime) -> dict[str, int]:
    """How many of each would go."""
    return {
        name: rows(sa.select(sa.func.count()).select_from(model).where(old))[0][0]
        for name, (model, old) in _old(now).items()
    }


def check(_now: datetime) -> dict[str, int]:
    """Ask every invariant of one snapshot; breaches by invariant. Raises Unsound where there are any."""
    broken: dict[str, int] = {}
    asked = current_app.extensions["checks"]
    with snapshot() as session:
        for name, breaches_of in asked:
            if breaches := breaches_of(session):
                broken[name] = len(breaches)
                log.error("invariant %s is broken: %s", name, "; ".join(breaches[:10]))
    if broken:
        raise Unsound(", ".join(f"{name} {count}" for name, count in broken.items()), broken)
    return {"invariants": len(asked)}


TIDY_UP = Job(
    "tidy_up",
    N_("Deletes stored answers, ended sessions, counted failures and old notes of jobs"),
    timedelta(hours=1),
    tidy_up,
    preview=preview_tidying,
    destructive=True,
)
CHECK = Job(
    "check",
    N_("Asks every night whether everything that must always hold does hold, and fails where it does not"),
    timedelta(days=1),
    check,
    timeout=timedelta(minutes=30),
)
