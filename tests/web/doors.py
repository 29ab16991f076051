"""The three ways of asking, and what each must be told when it is refused."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

HTMX = {"HX-Request": "true"}


def ask(client: FlaskClient, form: str, path: str, method: str = "GET", **more: Any) -> TestResponse:
    """Ask as a program, as htmx or as a browser; `path` is beyond /api/v1 for programs."""
    headers = {**(HTMX if form == "htmx" else {}), **more.pop("headers", {})}
    return client.open(f"/api/v1{path}" if form == "json" else path, method=method, headers=headers, **more)


def told(answer: TestResponse, form: str) -> str:
    """What the answer says, having made sure that it says it in the right form."""
    if form == "json":
        assert answer.content_type == "application/problem+json"
        body = answer.get_json()
        assert body["status"] == answer.status_code
        assert {"type", "code", "title", "detail"} <= body.keys()
        return f"{body['code']}: {body['title']}; {body['detail']}"
    assert answer.content_type == "text/html; charset=utf-8"
    whole = answer.text.lstrip().startswith("<!doctype html>")
    assert whole == (form == "page")
    if form == "htmx":
        assert 'role="alert"' in answer.text
    return answer.text
