"""All of it or nothing: whatever breaks in the middle of a change, the database stays as it was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from labshare import create_app
from labshare.config import Settings
from labshare.kernel.db import db
from tests.cast import ApiClient, Cast
from tests.proof import spoiling
from tests.proof.breaking import NEVER, Fault, broken_everywhere, defect, planted, refusal, severed

pytestmark = [pytest.mark.proof, pytest.mark.beside]
Ran = Callable[..., None]


class Story:
    """Five changes of one instrument's bookings, each asked for at the door."""

    def __init__(self, cast: Cast) -> None:
        self.mei, self.li = cast.api("mei"), cast.api("li")
        self.start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)

    def body(self, hour: int) -> dict[str, str]:
        times = {"starts_at": self.start + timedelta(hours=hour), "ends_at": self.start + timedelta(hours=hour + 1)}
        return {name: moment.isoformat() for name, moment in times.items()}

    def booked(self, hour: int) -> int:
        asked = self.mei.post("/bookings", {"instrument": "SEM-01", "purpose": "atoms", **self.body(hour)})
        return int(asked.get_json()["id"])

    def change(self, name: str) -> Callable[[], TestResponse]:
        """The request that makes this change; it may be sent again until it works."""
        if name == "request":
            new = {"instrument": "SEM-01", "purpose": "atoms", **self.body(0)}
            return self._sent(self.mei, "/bookings", new)
        client = self.li if name in ("approve", "reject") else self.mei
        said = {"move": self.body(6), "reject": {"reason": "no time"}}
        return self._sent(client, f"/bookings/{self.booked(3)}/{name}", said.get(name, {}))

    @staticmethod
    def _sent(client: ApiClient, path: str, body: dict[str, str]) -> Callable[[], TestResponse]:
        return lambda: client.post(path, body, headers={"Idempotency-Key": f"atoms-{path}"})


CHANGES = ("request", "move", "cancel", "reject", "approve")


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize(("fault", "allowed"), [(defect, {500}), (refusal, {503})], ids=["a_defect", "no_database"])
def test_a_change_broken_at_any_statement_leaves_no_trace(
    app: Flask, cast: Cast, ran: Ran, name: str, fault: Fault, allowed: set[int]
) -> None:
    statements = broken_everywhere(Story(cast).change(name), fault, allowed)
    ran(broken_before=f"each of {statements} statements")
    assert statements >= 6


@pytest.mark.parametrize("name", CHANGES)
def test_a_session_ended_by_the_administrator_is_503_or_nothing_happened(
    app: Flask, cast: Cast, ran: Ran, name: str
) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no session that somebody else could end")
    statements = broken_everywhere(Story(cast).change(name), severed, {503})
    ran(severed_before=f"each of {statements} statements")


@pytest.mark.own_app  # its engine stays spoiled
@pytest.mark.parametrize("name", CHANGES)
def test_without_its_transaction_a_broken_change_does_leave_a_trace(app: Flask, cast: Cast, name: str) -> None:
    change = Story(cast).change(name)
    spoiling.untransacted(db.engine)
    with pytest.raises(AssertionError, match=r"INSERT|UPDATE|DELETE|COMMIT"):
        broken_everywhere(change, defect, {500})


def test_one_change_is_one_commit_and_nothing_is_asked_after_it(app: Flask, cast: Cast) -> None:
    story = Story(cast)
    for name in CHANGES:
        change = story.change(name)
        with planted(NEVER, defect) as watched:
            assert change().status_code in (200, 201)
        assert watched.seen.index("COMMIT") == len(watched.seen) - 1, (name, watched.seen)


def test_a_database_that_is_away_is_told_in_every_form(tmp_path: Path) -> None:
    nowhere = Settings(database_url="postgresql://nobody:nothing@127.0.0.1:1/none", data_dir=tmp_path)
    visitor = create_app(nowhere).test_client()
    signed_in = {"Authorization": "Bearer lst_something"}
    for method, path in (("GET", "/api/v1/me"), ("POST", "/api/v1/bookings"), ("GET", "/api/v1/bookings")):
        answer = visitor.open(path, method=method, headers=signed_in, json={} if method == "POST" else None)
        assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
        assert answer.headers["Retry-After"].isdecimal()
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/readyz").status_code == 503
    with visitor.session_transaction() as session:
        session["_user_id"], session["_fresh"] = "a secret", True
    page = visitor.get("/")
    assert (page.status_code, page.content_type) == (503, "text/html; charset=utf-8")
