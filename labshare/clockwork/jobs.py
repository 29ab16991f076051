"""What the clockwork does for its own house: it throws away what nobody will ask for again."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from labshare.clockwork.job import Job
from labshare.clockwork.models import JobRun
from labshare.kernel.db import Model, transaction
from labshare.kernel.errors import N_
from labshare.kernel.retry import Answer
from labshare.people.models import SignIn, SignInFailure

ANSWERS = timedelta(hours=48)
FAILURES = timedelta(days=1)
RUNS = timedelta(days=30)
AT_ONCE = 500


def tidy_up(now: datetime) -> dict[str, int]:
    """Delete old answers, ended sessions, counted failures and runs that were followed by others, a few at a time."""
    later = aliased(JobRun)
    followed = sa.exists().where(later.job == JobRun.job, later.period > JobRun.period, later.finished_at.is_not(None))
    return {
        "answers": _delete(Answer, Answer.at < now - ANSWERS),
        "sign_ins": _delete(SignIn, SignIn.expires_at <= now),
        "sign_in_failures": _delete(SignInFailure, SignInFailure.at < now - FAILURES),
        "job_runs": _delete(JobRun, (JobRun.started_at < now - RUNS) & followed),
    }


def _delete(model: type[Model], old: sa.ColumnElement[bool]) -> int:
    table = model.__table__
    some = sa.select(table.c.id).where(old).limit(AT_ONCE)
    total = 0
    while True:
        with transaction() as tx:
            gone = tx.execute(sa.delete(model).where(table.c.id.in_(some))).rowcount
        total += gone
        if gone < AT_ONCE:
            return total


TIDY_UP = Job(
    "tidy_up",
    N_("Deletes stored answers, ended sessions, counted failures and old notes of jobs"),
    timedelta(hours=1),
    tidy_up,
)
