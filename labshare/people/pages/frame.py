"""The blueprint all of people's pages hang on, and how its forms are read and shown again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, request

from labshare.kernel.errors import Problem
from labshare.web.htmx import Form, show
from labshare.web.i18n import said, say

pages = Blueprint("people", __name__, template_folder="../templates")
RAW = ("password", "current", "text")  # what must reach us letter by letter
NEVER_SHOWN_AGAIN = ("password", "current")


def sent(*many: str, without: tuple[str, ...] = ("next",)) -> dict[str, Any]:
    """Every field the form sent, so that the schema can refuse those it does not know; empty ones left out.

    Fields named in `many` may come several times and are read as lists.
    """
    values: dict[str, Any] = {}
    for name, given in request.form.lists():
        if name in without:
            continue
        if name in many:
            values[name] = [value for value in given if value]
        elif value := given[-1] if name in RAW else given[-1].strip():
            values[name] = value
    return values


def again(template: str, problem: Problem, **context: Any) -> Response:
    """The form once more, with what was typed and what is wrong with it."""
    typed = {name: value for name, value in request.form.items() if name not in NEVER_SHOWN_AGAIN}
    errors = said(problem.fields) or {"_": [say(problem.detail or problem.title)]}
    response = make_response(show(template, "content", form=Form(typed, errors), **context), problem.status)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def address() -> str:
    """Where the client is, as our own proxy says."""
    return request.remote_addr or "unknown"
