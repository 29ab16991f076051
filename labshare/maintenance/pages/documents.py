"""The files of a window: put there by a form, handed out to be saved, taken away."""

from __future__ import annotations

import base64
from contextlib import closing
from typing import Any

from flask import Response, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _

from labshare.kernel.errors import N_, Conflict, Invalid
from labshare.maintenance import access, queries, services
from labshare.maintenance.pages import frame
from labshare.maintenance.pages.frame import pages
from labshare.maintenance.pages.windows import window_page
from labshare.maintenance.schemas import DocumentIn
from labshare.web.bodies import load
from labshare.web.files import attachment
from labshare.web.guard import actor, first
from labshare.web.retrying import form_retry


@pages.post("/maintenance/windows/<id:window_id>/documents")
@first(access.planner_of)
def add_document(window_id: int) -> Any:
    """Keep a file with the window."""
    goal = url_for("maintenance.window", window_id=window_id)
    try:
        services.add_document(actor(), window_id, **load(DocumentIn(), _file()), retry=form_retry(goal))
    except (Invalid, Conflict) as problem:
        problem.fields = {"file": _faults(problem)} if problem.fields else {}
        return make_response(window_page(window_id, frame.refused({}, problem)), problem.status)
    flash(_("The file is kept with the window."), "good")
    return redirect(goal, 303)


def _file() -> dict[str, str]:
    """The file as the JSON door would have been sent it."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(fields={"file": [N_("Choose a file.")]})
    with closing(sent):  # a big one is a file of its own meanwhile
        return {"name": sent.filename, "content": base64.b64encode(sent.read()).decode()}


def _faults(problem: Invalid | Conflict) -> list[Any]:
    """Whatever is wrong, with the name or with the bytes, is wrong with the file."""
    return [message for messages in problem.fields.values() for message in messages]


@pages.get("/maintenance/windows/<id:window_id>/documents/<id:document_id>")
@first(access.planner_of)
def document(window_id: int, document_id: int) -> Response:
    """One file as it was put there."""
    found = queries.document(actor(), window_id, document_id)
    return attachment(found.name, found.content)


@pages.post("/maintenance/windows/<id:window_id>/documents/<id:document_id>/remove")
@first(access.planner_of)
def remove_document(window_id: int, document_id: int) -> Any:
    """Take a file away."""
    services.remove_document(actor(), window_id, document_id)
    flash(_("The file is removed."), "good")
    return redirect(url_for("maintenance.window", window_id=window_id), 303)
