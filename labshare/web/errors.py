"""One refusal, three forms: problem+json under /api/, a fragment to htmx, a page to everyone else."""

from __future__ import annotations

import json
import logging
import secrets
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, redirect, render_template, request, url_for
from flask_login import logout_user
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from labshare.kernel.db import db, problem_of
from labshare.kernel.errors import N_, Busy, NotAll, NotFound, NotSignedIn, Problem, Reason, Text
from labshare.kernel.retry import Replayed
from labshare.web import advice
from labshare.web.guard import is_api
from labshare.web.i18n import own, said, say

log = logging.getLogger("labshare")

HTTP: dict[int, tuple[str, Text]] = {
    400: ("bad_request", N_("The request could not be understood")),
    404: ("not_found", N_("There is nothing here")),
    405: ("method_not_allowed", N_("This address does not do that")),
    408: ("too_slow", N_("The request took too long to arrive")),
    413: ("too_large", N_("The body is too large")),
    414: ("too_large", N_("The address is too long")),
    415: ("unsupported_media_type", N_("The body must be application/json")),
    429: ("too_many_tries", N_("Too many tries; please wait a while")),
    431: ("too_large", N_("The headers are too large")),
}
BROKEN = N_("Something went wrong on our side; nothing was changed")


def as_dict(problem: Problem) -> dict[str, Any]:
    """The problem as it goes over the wire."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "status": problem.status,
        "code": problem.code,
        "title": say(problem.title),
        "detail": say(problem.detail or problem.title),
    }
    if problem.fields:
        body["errors"] = said(problem.fields)
    if problem.status == HTTPStatus.CONFLICT:
        body["reasons"] = reasons_out(problem.reasons)
        body["alternatives"] = [alternative_out(one) for one in problem.alternatives]
    if isinstance(problem, NotAll):
        body["failed"] = [{problem.what: number, **failure_out(one)} for number, one in problem.failed.items()]
    return body


def failure_out(problem: Problem) -> dict[str, Any]:
    """Why one of many things cannot be, as it goes over the wire."""
    return {
        "code": problem.code,
        "detail": say(problem.detail or problem.title),
        "reasons": reasons_out(problem.reasons),
    }


def reasons_out(reasons: list[Reason]) -> list[dict[str, Any]]:
    """Reasons as they go over the wire, in the reader's language."""
    return [
        {"code": reason.code, "message": say(reason.message), "waivable_by": reason.waivable_by} for reason in reasons
    ]


def alternative_out(offered: Any) -> dict[str, Any]:
    """A slot offered instead, with its instrument, as it goes over the wire."""
    known, slot = offered.instrument, offered.slot
    return {
        "instrument": {"code": known.code, "name": own(known.name_en, known.name_zh)},
        "starts_at": slot.start.isoformat(),
        "ends_at": slot.end.isoformat(),
    }


def _answer(problem: Problem, reference: str = "") -> Response:
    db.session.rollback()
    if is_api():
        response = Response(json.dumps(as_dict(problem), ensure_ascii=True), problem.status)
        response.content_type = "application/problem+json"
        if problem.status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(problem, NotSignedIn):
        response = _to_sign_in()
    else:
        part = "problem_fragment.html" if request.headers.get("HX-Request") else "problem.html"
        response = Response(render_template(part, problem=advice.shown(problem, reference)), problem.status)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _to_sign_in() -> Response:
    logout_user()
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    target = url_for("people.sign_in", next=here if here != "/" else None)
    if request.headers.get("HX-Request"):
        return Response("", 401, {"HX-Redirect": target})
    return redirect(target, 302)  # type: ignore[return-value]  # werkzeug's and Flask's Response are one here


def _http(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:  # redirects travel as exceptions too
        return error
    name, title = HTTP.get(code, (HTTPStatus(code).name.lower(), BROKEN))
    problem = NotFound() if code == 404 else Problem(code=name)
    problem.status, problem.title = code, title
    response = _answer(problem)
    for header, value in error.get_headers():
        if header in ("Allow", "Retry-After"):
            response.headers[header] = value
    return response


def _database(error: SQLAlchemyError) -> Response:
    problem = problem_of(error) if isinstance(error, DBAPIError) else None
    if problem is None and isinstance(error, PoolTimeout):
        problem = Busy()
    return _answer(problem) if problem is not None else _unknown(error)


def _unknown(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.exception("unhandled error %s at %s %s", reference, request.method, request.path, exc_info=error)
    problem = Problem(code="internal_error")
    problem.status, problem.title = 500, BROKEN
    return _answer(problem, reference)


def _replayed(found: Replayed) -> Response:
    db.session.rollback()
    if 300 <= found.status < 400:
        return redirect(found.body, found.status)  # type: ignore[return-value]  # as above
    return Response(found.body, found.status, content_type="application/json")


def init_app(app: Flask) -> None:
    """Answer every problem, on every door."""
    app.register_error_handler(Problem, _answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(Replayed, _replayed)
    if not app.testing and not app.config.get("PROPAGATE_EXCEPTIONS"):
        app.register_error_handler(Exception, _unknown)
