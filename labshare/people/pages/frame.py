"""The blueprint all of people's pages hang on, and how its forms are read and shown again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, g, make_response, request, session
from flask_login import login_user, logout_user

from labshare.kernel.errors import NotSignedIn, Problem
from labshare.people import access
from labshare.people.sessions import Browser
from labshare.web.htmx import Form, show
from labshare.web.i18n import said, say

pages = Blueprint("people", __name__, template_folder="../templates")
RAW = ("password", "current", "text")  # what must reach us letter by letter
NEVER_SHOWN_AGAIN = ("password", "current")


def sent(*many: str, keep_empty: bool = False, without: tuple[str, ...] = ("next",)) -> dict[str, Any]:
    """Every field the form sent, so that the schema can refuse those it does not know; empty ones left out.

    Fields named in `many` may come several times and are read as lists. With `keep_empty` an empty field
    is a value: who empties a field of something that is there means it.
    """
    values: dict[str, Any] = {}
    for name, given in request.form.lists():
        if name in without:
            continue
        if name in many:
            values[name] = [value for value in given if value]
        else:
            value = given[-1] if name in RAW else given[-1].strip()
            if value or keep_empty:
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


def browser() -> Browser:
    """Who is knocking: the client's address as our own proxy says, and its program."""
    settings = current_app.extensions["settings"]
    return Browser(request.remote_addr or "unknown", request.user_agent.string, timedelta(hours=settings.session_hours))


def open_session(secret: str) -> None:
    """Start this browser's session afresh: whatever cookie it came with, nobody else knows the new one."""
    actor = access.by_sign_in(secret)
    if actor is None:  # removed in this very moment
        raise NotSignedIn
    session.clear()
    session.permanent = True
    login_user(access.SignedIn(actor, secret))
    g.pop("actor", None)


def close_session() -> None:
    """Forget this browser's session."""
    logout_user()
    session.clear()
    g.pop("actor", None)
