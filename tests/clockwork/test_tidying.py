"""Tidying up: what nobody will ask for again goes, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from labshare.clockwork.jobs import tidy_up
from labshare.clockwork.models import JobRun
from labshare.kernel.db import rows, transaction
from labshare.kernel.db.purging import AT_ONCE
from labshare.kernel.retry import Answer
from labshare.people.models import SignIn, SignInFailure
from tests.cast import Cast

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def put(model: Any, *found: dict[str, Any]) -> None:
    with transaction() as tx:
        tx.execute(sa.insert(model), list(found))


def left(model: Any, column: Any) -> set[Any]:
    return {row[0] for row in rows(sa.select(column).select_from(model))}


def test_old_answers_go_and_young_ones_stay(app: Flask) -> None:
    shared = {"person_id": 1, "fingerprint": "", "status": 200, "body": ""}
    put(Answer, {"key": "old", "at": NOW - 49 * HOUR, **shared}, {"key": "young", "at": NOW - 47 * HOUR, **shared})
    assert tidy_up(NOW)["answers"] == 1
    assert left(Answer, Answer.key) == {"young"}


def test_ended_sessions_and_old_failures_go(cast: Cast) -> None:
    shared = {"person_id": cast.people["mei"], "created_at": NOW - DAY, "agent": ""}
    put(
        SignIn,
        {"secret_hash": "ended", "expires_at": NOW, **shared},
        {"secret_hash": "alive", "expires_at": NOW + HOUR, **shared},
    )
    put(SignInFailure, {"key": "old", "at": NOW - DAY - HOUR}, {"key": "young", "at": NOW - HOUR})
    done = tidy_up(NOW)
    assert (done["sign_ins"], done["sign_in_failures"]) == (1, 1)
    assert left(SignIn, SignIn.secret_hash) == {"alive"}
    assert left(SignInFailure, SignInFailure.key) == {"young"}


def test_however_many_there_are_all_go_and_twice_is_once(app: Flask) -> None:
    many = 2 * AT_ONCE + 1
    put(SignInFailure, *({"key": str(n), "at": NOW - 2 * DAY} for n in range(many)))
    assert tidy_up(NOW)["sign_in_failures"] == many
    assert tidy_up(NOW)["sign_in_failures"] == 0


def test_the_last_run_of_a_job_is_kept_however_old(app: Flask) -> None:
    def run(job: str, days: int) -> dict[str, Any]:
        at = NOW - days * DAY
        return {"job": job, "period": at, "started_at": at, "finished_at": at, "tries": 1, "result": {}, "error": None}

    put(JobRun, run("yearly", 300), run("daily", 40), run("daily", 35), run("daily", 1))
    assert tidy_up(NOW)["job_runs"] == 2
    kept = {(row.job, (NOW - row.period).days) for row in rows(sa.select(JobRun.job, JobRun.period))}
    assert kept == {("yearly", 300), ("daily", 1)}
