"""The jobs as admins see them: what each did, why it stands still, what it would do; and a word where nothing runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.clockwork.job import Job
from labshare.clockwork.jobs import check
from labshare.clockwork.lease import take
from labshare.clockwork.models import JobRun
from labshare.clockwork.queries import last_runs, vitals
from labshare.clockwork.services import run_job
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import N_
from labshare.people.models import SignInFailure
from tests.cast import Cast

Statements = Callable[[], AbstractContextManager[list[str]]]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def old_failure() -> None:
    with transaction() as tx:
        tx.execute(sa.insert(SignInFailure).values(key="old", at=clock.now() - 3 * DAY))


def failures() -> int:
    return int(rows(sa.select(sa.func.count(SignInFailure.id)))[0][0])


def test_ada_pauses_a_job_with_a_reason_and_resumes_it(cast: Cast) -> None:
    ada = cast.browser("ada")
    empty = ada.post("/jobs/tidy_up/pause", data={"reason": " "})
    assert empty.status_code == 422
    assert "Missing data for required field." in empty.text or "Please fill this in." in empty.text
    paused = ada.post("/jobs/tidy_up/pause", data={"reason": "the auditors are here"})
    assert (paused.status_code, paused.headers["Location"]) == (303, "/jobs/tidy_up")
    shown = ada.get("/jobs/tidy_up").text
    assert "Paused by Ada" in shown
    assert "the auditors are here" in shown
    assert "the auditors are here" in ada.get("/jobs").text
    refused = ada.post("/jobs/tidy_up/run", follow_redirects=True)
    assert "This job is paused." in refused.text
    assert ada.post("/jobs/tidy_up/resume").status_code == 303
    assert "Paused by" not in ada.get("/jobs/tidy_up").text


def test_the_dry_run_says_what_would_go_and_nothing_goes(cast: Cast) -> None:
    old_failure()
    shown = cast.browser("ada").get("/jobs/tidy_up/preview")
    assert "A run would do now:" in shown.text
    assert "failed sign-ins 1" in shown.text
    assert cast.api("ada").get("/jobs/tidy_up/preview").json == {
        "counts": {"answers": 0, "sign_ins": 0, "sign_in_failures": 1, "job_runs": 0}
    }
    assert failures() == 1
    assert cast.api("ada").get("/jobs/check/preview").json["code"] == "no_preview"


def test_the_same_by_json(cast: Cast) -> None:
    ada = cast.api("ada")
    assert ada.get("/jobs/tidy_up").json["paused"] is None
    assert ada.post("/jobs/tidy_up/pause", json={}).status_code == 422
    answer = ada.post("/jobs/tidy_up/pause", json={"reason": "because"}).json["paused"]
    assert (answer["reason"], answer["by"]) == ("because", "Ada")
    for again in (ada.post("/jobs/tidy_up/run"), ada.post("/jobs/tidy_up/pause", json={"reason": "twice"})):
        assert (again.status_code, again.json["code"]) == (409, "job_paused")
    assert ada.post("/jobs/tidy_up/resume").json["paused"] is None
    assert ada.post("/jobs/tidy_up/resume").json["code"] == "job_not_paused"
    done = ada.post("/jobs/tidy_up/run").json
    assert done["duration_seconds"] >= 0
    assert done["last_success"] is not None


def test_others_find_no_such_doors(cast: Cast) -> None:
    for name in ("mei", "li"):
        for path in ("/jobs/tidy_up", "/jobs/tidy_up/preview"):
            assert cast.api(name).get(path).status_code == 403
            assert cast.browser(name).get(path).status_code == 403
        for move in ("pause", "resume"):
            assert cast.api(name).post(f"/jobs/tidy_up/{move}", json={"nonsense": 1}).status_code == 403
            assert cast.browser(name).post(f"/jobs/tidy_up/{move}").status_code == 403
    assert cast.browser("ada").get("/jobs/no_such_job").status_code == 404


def test_counts_lead_to_the_rows_they_count(app: Flask, cast: Cast) -> None:
    links = {"companies": ("people.companies", {})}
    job = Job("counting", N_("A job of the tests"), DAY, lambda _now: {"companies": 3, "stones": 2}, links=links)
    app.extensions["jobs"] = (job,)
    run_job(SYSTEM, "counting")
    for path in ("/jobs", "/jobs/counting"):
        shown = cast.browser("ada").get(path).text
        assert '<a href="/companies">companies 3</a>' in shown
        assert "stones 2" in shown


def test_runs_are_paged_and_the_page_costs_the_same_however_many_there_are(cast: Cast, statements: Statements) -> None:
    ada = cast.browser("ada")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    run = {"job": "tidy_up", "tries": 1, "result": {"answers": 1}}
    with transaction() as tx:
        moments = [start + n * HOUR for n in range(60)]
        tx.execute(sa.insert(JobRun), [{"period": at, "started_at": at, "finished_at": at, **run} for at in moments])
    with statements() as many:
        first = ada.get("/jobs/tidy_up").text
    assert first.count("answers 1") == 50
    more = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert ada.get(more).text.count("answers 1") == 10
    with statements() as few:
        ada.get("/jobs/check")
    assert len(few) == len(many)


def test_admins_read_on_every_page_that_nothing_runs_by_itself(cast: Cast) -> None:
    said = "Nothing runs by itself"
    assert said in cast.browser("ada").get("/instruments").text
    assert said not in cast.browser("mei").get("/instruments").text
    assert said not in cast.browser("li").get("/instruments").text
    take("anna", 60)
    assert said not in cast.browser("ada").get("/instruments").text
    with transaction() as tx:
        tx.execute(sa.text("UPDATE lease SET beat_at = '2026-01-01 00:00:00.000000'"))
    assert "the scheduler has been silent for" in cast.browser("ada").get("/instruments").text


def test_monitors_are_told_each_jobs_last_success_and_lag(app: Flask, cast: Cast) -> None:
    run_job(SYSTEM, "tidy_up")
    found = vitals()
    assert found["job_last_success_timestamp_seconds"]["tidy_up"] > 0
    assert found["job_last_success_timestamp_seconds"]["check"] is None
    client = app.test_client()
    assert client.get("/readyz").json["scheduler"]["job_lag_seconds"]["tidy_up"] == 0
    figures = client.get("/metrics").text
    assert 'labshare_scheduler_job_last_success_timestamp_seconds{name="tidy_up"}' in figures
    assert 'labshare_scheduler_job_last_success_timestamp_seconds{name="check"}' not in figures
    assert 'labshare_scheduler_job_paused{name="check"} 0.0' in figures


def test_the_nightly_check_asks_every_invariant_and_fails_loudly(app: Flask, cast: Cast) -> None:
    asked = len(app.extensions["checks"])
    assert check(clock.now()) == {"invariants": asked}
    app.extensions["checks"] = (("sound", lambda _session: []), ("torn", lambda _session: ["one", "two"]))
    shown = run_job(SYSTEM, "check")
    assert shown.failed
    run = last_runs(clock.now())["check"]
    assert (run.error, run.result) == ("Unsound: torn 2", {"torn": 2})


@pytest.mark.parametrize("path", ["/jobs", "/jobs/tidy_up", "/jobs/tidy_up/preview"])
def test_the_pages_stand_in_both_languages(cast: Cast, path: str) -> None:
    ada = cast.browser("ada")
    assert ada.get(path).status_code == 200
    ada.post("/language", data={"language": "zh", "next": path})
    assert ada.get(path).status_code == 200
