"""The jobs by JSON and as a page: admins see and run them, to others they are closed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from labshare.clockwork.models import JobRun
from labshare.kernel.db import transaction
from tests.cast import Cast

Statements = Callable[[], AbstractContextManager[list[str]]]
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEYS = {
    *("name", "purpose", "schedule", "last_run", "last_result", "lag_seconds", "next_run", "counts", "failed"),
    *("last_success", "duration_seconds", "late", "paused", "can_preview"),
}


def test_ada_sees_every_job_with_its_schedule_and_lag(cast: Cast) -> None:
    answer = cast.api("ada").get("/jobs")
    assert answer.status_code == 200
    assert answer.json["next"] is None
    items = {item["name"]: item for item in answer.json["items"]}
    assert {"check", "tidy_up"} <= set(items)
    assert set(items["tidy_up"]) == KEYS
    assert items["tidy_up"]["last_run"] is None
    assert items["tidy_up"]["last_result"] == "never ran"
    assert items["tidy_up"]["schedule"] == "every hour"


def test_running_a_job_again_at_once_finds_nothing_to_do(cast: Cast) -> None:
    api = cast.api("ada")
    for _ in range(2):
        answer = api.post("/jobs/tidy_up/run")
        assert answer.status_code == 200
        assert answer.json["last_result"] == "nothing to do"
        assert answer.json["failed"] is False
        assert answer.json["last_run"] is not None


def test_a_retried_run_is_answered_with_the_same_bytes(cast: Cast) -> None:
    api = cast.api("ada")
    first, again = (api.post("/jobs/tidy_up/run", headers={"Idempotency-Key": "k-1"}) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.data == again.data


def test_jobs_are_the_admins_business_alone(cast: Cast) -> None:
    for name in ("mei", "chen", "bo", "li"):
        assert cast.api(name).get("/jobs").status_code == 403
        assert cast.api(name).post("/jobs/tidy_up/run").status_code == 403
        assert cast.api(name).post("/jobs/no_such_job/run").status_code == 403
        assert cast.browser(name).get("/jobs").status_code == 403
        assert cast.browser(name).post("/jobs/tidy_up/run").status_code == 403
    assert cast.api(None).get("/jobs").status_code == 401
    assert cast.api("ada").post("/jobs/no_such_job/run").status_code == 404


def test_ada_runs_a_job_from_the_page_and_reads_what_came_of_it(cast: Cast) -> None:
    browser = cast.browser("ada")
    page = browser.get("/jobs")
    assert page.status_code == 200
    assert "never ran" in page.text
    answer = browser.post("/jobs/tidy_up/run")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/jobs")
    shown = browser.get("/jobs").text
    assert "tidy_up: nothing to do" in shown
    assert "never ran" in shown, "the scheduler still has not"


def test_the_list_costs_the_same_however_many_runs_are_noted(cast: Cast, statements: Statements) -> None:
    api = cast.api("ada")
    with statements() as few:
        api.get("/jobs")
    for days in range(40):
        with transaction() as tx:
            at = NOON - days * timedelta(days=1)
            run = {"period": at, "started_at": at, "finished_at": at, "tries": 1, "result": {}}
            tx.execute(sa.insert(JobRun), [{"job": name, **run} for name in ("check", "tidy_up")])
    with statements() as many:
        api.get("/jobs")
    assert len(many) == len(few)
