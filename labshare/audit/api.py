"""The journal's JSON door, for admins, which hands out sheets too; and the settings in force."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request, url_for

from labshare.audit import queries
from labshare.audit.policy import require_admin
from labshare.audit.schemas import JournalIn, JournalOut, SettingsOut
from labshare.audit.sheet import handed_out, sheet
from labshare.web.api import Blueprint
from labshare.web.guard import actor, first
from labshare.web.paging import Page

blp = Blueprint("audit", "What happened, and who did it")


@blp.get("/journal")
@first(require_admin)
@blp.refuses(403, 422)
@blp.arguments(JournalIn, location="query")
@blp.response(200, JournalOut)
def listed(query: dict[str, Any]) -> Page | Response:
    """The journal, newest first: what happened, to what, who did it, as data and as a sentence."""
    if query["format"] == "json":
        return queries.lines(actor(), query["sought"], query["limit"], query["cursor"])
    text, more = sheet(actor(), query["sought"], query["cursor"])
    answer = handed_out(text)
    if more is not None:
        same: dict[str, Any] = {**request.args, "cursor": more}
        following = url_for("audit_api.listed", **same)
        answer.headers["Link"] = f'<{following}>; rel="next"'
    return answer


@blp.get("/settings")
@first(require_admin)
@blp.refuses(403)
@blp.response(200, SettingsOut)
def settings() -> Page:
    """What this installation goes by; of a setting that may hold a secret only whether it is set."""
    return Page(current_app.extensions["settings"].told(), None)
