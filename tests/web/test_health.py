"""Is it alive, can it book, how does it do: three doors for machines, and what each tells to whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from labshare.clockwork.lease import take
from labshare.kernel.db import db
from tests.guards import drop_overlap_guard

FAR = {"REMOTE_ADDR": "192.0.2.7"}


def test_alive_is_told_without_the_database(app: Flask, client: FlaskClient) -> None:
    app.extensions["readiness"] = {"broken": lambda: "never asked"}
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_a_sound_house_is_ready_and_says_that_its_scheduler_never_ran(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["checks"] == {"database": "ok", "migrations": "ok", "overlap_guard": "ok"}
    assert answer.json["scheduler"]["heartbeat_age_seconds"] is None


def test_the_schedulers_heartbeat_is_told_and_its_silence_closes_no_door(client: FlaskClient) -> None:
    take("anna", 0)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert 0 <= answer.json["scheduler"]["heartbeat_age_seconds"] < 5
    assert answer.json["scheduler"]["lag_seconds"] >= 0


def test_without_the_overlap_guard_nothing_is_booked_here(app: Flask, client: FlaskClient) -> None:
    drop_overlap_guard()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "ex_claim_overlap" in answer.json["checks"]["overlap_guard"]


@pytest.mark.parametrize(("version", "status"), [("0001", 503), ("9999", 200)])
def test_an_older_schema_closes_the_door_and_a_newer_one_does_not(
    client: FlaskClient, version: str, status: int
) -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    assert client.get("/readyz").status_code == status


def test_a_database_that_does_not_answer_is_no_crash(app: Flask, client: FlaskClient) -> None:
    def gone() -> Any:
        raise sa.exc.OperationalError("SELECT 1", {}, OSError("connection refused"))

    app.extensions["readiness"] = {"database": gone}
    app.extensions["vitals"] = {"scheduler": gone}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"] == {"database": "The database does not answer."}
    assert client.get("/metrics").status_code == 200


def test_figures_count_what_was_answered(client: FlaskClient) -> None:
    client.get("/healthz")
    client.get("/no-such-address")
    text = client.get("/metrics").text
    assert 'labshare_requests_total{endpoint="health.healthz",method="GET",status="200"}' in text
    assert 'labshare_requests_total{endpoint="none",method="any",status="404"}' in text
    assert 'labshare_request_seconds_count{endpoint="health.healthz"}' in text
    assert "labshare_process_cpu_seconds" in text
    assert "labshare_scheduler_lag_seconds" in text
    assert "no-such-address" not in text


def test_figures_are_for_this_machine_alone(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base=FAR).status_code == 403
    through_a_proxy = client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})
    assert through_a_proxy.status_code == 403


def test_whoever_has_the_token_reads_the_figures_from_afar(app: Flask, client: FlaskClient) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], metrics_token="sesame")
    for said, status in (("Bearer sesame", 200), ("Bearer open", 403), ("Bearer ", 403), ("Bearer s\xe9same", 403)):
        answer = client.get("/metrics", environ_base=FAR, headers={"Authorization": said})
        assert answer.status_code == status
