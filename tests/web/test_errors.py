"""One refusal, three forms, and nothing of our insides in any of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from labshare.kernel.db import db, rows
from labshare.kernel.errors import N_, Busy, Conflict, Forbidden, Invalid, Problem, Reason, TooMany
from labshare.kernel.retry import Replayed
from labshare.web.guard import public
from tests.web.doors import HTMX, ask, told

pytestmark = pytest.mark.own_app  # each test puts a door of its own
FORMS = ("json", "htmx", "page")
SECRET = "postgresql://mei:hunter2@db.internal/labshare"


def _door(app: Flask, act: Callable[[], Any], path: str = "/test-only") -> FlaskClient:
    """A door of ours, in both pages and API, behind which `act` happens."""
    for number, address in enumerate((path, f"/api/v1{path}")):
        app.add_url_rule(address, f"test_only_{number}", public(lambda: act()), methods=["GET", "POST"])
    return app.test_client()


def _raising(error: BaseException) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


def test_a_defect_is_told_without_a_word_of_our_insides(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    client = _door(app, _raising(RuntimeError(SECRET)))
    for form in FORMS:
        answer = ask(client, form, "/test-only")
        assert answer.status_code == 500
        text = told(answer, form)
        assert "Something went wrong on our side; nothing was changed" in text
        for inside in (
            "hunter2",
            "RuntimeError",
            "Traceback",
            ".py",
        ):
            assert inside not in text, (form, inside)
    logged = [record for record in caplog.records if record.name == "labshare"]
    assert len(logged) == 3  # who looks after the house reads all of it
    assert all(record.exc_info and SECRET in str(record.exc_info[1]) for record in logged)


def test_a_slip_in_a_statement_is_a_defect_and_no_matter_of_waiting(app: Flask) -> None:
    client = _door(app, lambda: rows(sa.select(sa.text("1")).select_from(sa.table("nowhere"))))
    for form in FORMS:
        answer = ask(client, form, "/test-only")
        assert (answer.status_code, "Retry-After" in answer.headers) == (500, False)
        assert "nowhere" not in told(answer, form)


def test_a_database_that_is_away_is_503_and_says_when_to_come_again(app: Flask) -> None:
    away = OperationalError("SELECT 1", {}, Exception(SECRET), connection_invalidated=True)
    client = _door(app, _raising(away))
    for form in FORMS:
        answer = ask(client, form, "/test-only")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        text = told(answer, form)
        assert "The service is busy; nothing was changed, please try again" in text
        assert "hunter2" not in text


def test_an_interface_error_is_a_defect(app: Flask) -> None:
    client = _door(app, _raising(InterfaceError("SELECT 1", {}, Exception(SECRET))))
    assert [ask(client, form, "/test-only").status_code for form in FORMS] == [500, 500, 500]


def test_no_connection_left_is_503(app: Flask) -> None:
    client = _door(app, _raising(PoolTimeout("QueuePool limit of size 8 overflow 8 reached")))
    for form in FORMS:
        answer = ask(client, form, "/test-only")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert "QueuePool" not in told(answer, form)


def test_a_pool_that_is_really_empty_is_503_too(app: Flask) -> None:
    db.session.remove()
    pool: Any = sa.pool.QueuePool(
        db.engine.pool._creator, pool_size=1, max_overflow=0, timeout=0.05, dialect=db.engine.dialect
    )
    db.engine.dispose()
    db.engine.pool, kept = pool, db.engine.pool
    holder = db.engine.connect()
    try:
        client = _door(app, lambda: str(len(rows(sa.select(sa.literal(1))))))
        assert [ask(client, form, "/test-only").status_code for form in FORMS] == [503, 503, 503]
        holder.close()
        assert ask(client, "page", "/test-only").text == "1"
    finally:
        db.session.remove()
        holder.close()
        pool.dispose()
        db.engine.pool = kept


REFUSALS: list[Problem] = [
    Forbidden(),
    Conflict(
        N_("Taken until %(at)s.", at="noon"), reasons=[Reason("slot_taken", N_("Somebody else holds this time."))]
    ),
    Invalid(fields={"line": [N_("Please fill this in.")]}),
    TooMany(retry_after=30),
    Busy(),
    Problem(N_("<script>alert(1)</script>")),
]


def test_every_problem_is_told_in_all_three_forms(app: Flask) -> None:
    turn: list[Problem] = []
    client = _door(app, lambda: _raising(turn[-1])())
    for problem in REFUSALS:
        turn.append(problem)
        for form in FORMS:
            answer = ask(client, form, "/test-only")
            assert answer.status_code == problem.status
            assert answer.headers.get("Retry-After") == (str(problem.retry_after) if problem.retry_after else None)
            text = told(answer, form)
            assert form == "json" or "<script>alert" not in text
            if problem.reasons:
                assert "Taken until noon." in text
    conflict, invalid = (_json(client, turn, REFUSALS[at]) for at in (1, 2))
    assert conflict["reasons"] == [
        {"code": "slot_taken", "message": "Somebody else holds this time.", "waivable_by": None}
    ]
    assert conflict["alternatives"] == []
    assert (invalid["errors"], "reasons" in invalid) == ({"line": ["Please fill this in."]}, False)


def _json(client: FlaskClient, turn: list[Problem], problem: Problem) -> dict[str, Any]:
    turn.append(problem)
    return dict(json.loads(ask(client, "json", "/test-only").text))


def test_who_reads_chinese_is_refused_in_chinese(app: Flask) -> None:
    turn: list[Problem] = []
    client = _door(app, lambda: _raising(turn[-1])())
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.1"}
    for problem, words in ((Forbidden(), None), (Busy(), "系统繁忙，未作任何更改，请重试")):
        turn.append(problem)
        for form in FORMS:
            answer = ask(client, form, "/test-only", headers=chinese)
            text = told(answer, form)
            assert str(problem.title) not in text
            assert words is None or words in text
    nothing = ask(client, "json", "/nowhere", headers=chinese).get_json()
    assert (nothing["title"], nothing["code"]) == ("此处没有内容", "not_found")


def test_a_replayed_answer_comes_as_it_was_given(app: Flask) -> None:
    turn: list[Replayed] = [Replayed(201, '{"id":  7}')]
    client = _door(app, lambda: _raising(turn[-1])())
    again = ask(client, "json", "/test-only", "POST")
    assert (again.status_code, again.content_type, again.text) == (201, "application/json", '{"id":  7}')
    turn.append(Replayed(303, "/bookings/7"))
    page = ask(client, "page", "/test-only", "POST")
    assert (page.status_code, page.location) == (303, "/bookings/7")


def test_a_refused_request_leaves_nothing_open(app: Flask) -> None:
    left: list[bool] = []

    def act() -> Any:
        rows(sa.select(sa.literal(1)))
        raise Forbidden

    client = _door(app, act)
    app.after_request(lambda response: (left.append(db.session().in_transaction()), response)[1])
    assert client.get("/api/v1/test-only").status_code == 403
    assert left == [False]


def test_htmx_is_told_in_the_place_it_asked_for(app: Flask) -> None:
    client = _door(app, _raising(Forbidden(N_("Only Chen may do this."))))
    answer = client.get("/test-only", headers=HTMX)
    assert (answer.status_code, "Only Chen may do this." in answer.text) == (403, True)
    assert "<html" not in answer.text


def test_a_page_of_refusal_says_what_was_kept_and_where_to_go_on(app: Flask) -> None:
    turn: list[Problem] = []
    client = _door(app, lambda: _raising(turn[-1])())
    for problem in REFUSALS:
        turn.append(problem)
        page = ask(client, "page", "/test-only").text
        assert "Nothing was" in page or problem.status == 503
        assert 'href="/help"' in page
        assert (">Try again<" in page) == (problem.status in (429, 503))
    turn.append(Invalid(fields={"line": [N_("Please fill this in.")]}))
    assert "line: Please fill this in." in ask(client, "page", "/test-only").text
    turn.append(TooMany(retry_after=301))
    assert "Wait 6 minutes" in ask(client, "page", "/test-only").text


def test_the_way_back_is_a_page_of_ours(app: Flask) -> None:
    client = _door(app, _raising(Forbidden()))
    ways = {
        "http://localhost/queue?site=2": 'href="/queue?site=2"',
        "http://elsewhere.test/queue": None,
        "http://localhost//elsewhere.test": None,
        "http://localhost/test-only": None,
        "not an address": None,
        "http://[": None,
    }
    for came, way in ways.items():
        page = ask(client, "page", "/test-only", headers={"Referer": came}).text
        assert (">Go back<" in page) == (way is not None), came
        assert way is None or way in page


def test_a_defect_has_a_number_that_its_line_in_the_log_is_found_by(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    page = ask(_door(app, _raising(RuntimeError(SECRET))), "page", "/test-only").text
    number = page.partition("<code>")[2].partition("</code>")[0]
    assert len(number) == 8
    assert number in caplog.messages[-1]
