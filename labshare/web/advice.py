"""What a page of refusal tells people beside the refusal: what was kept, what helps, and where to go on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, request

from labshare.kernel.errors import N_, Problem, Text
from labshare.web.guard import SAFE, safe_next
from labshare.web.i18n import said, say

HELPS: dict[int, Text] = {
    400: N_("Nothing was changed. Go back, open the page anew and try once more."),
    403: N_(
        "Nothing was changed. Somebody with another role can do it: your company's administrator, or the laboratory."
    ),
    404: N_("The address may be mistyped, what stood here may be gone, or it belongs to others."),
    405: N_("Nothing was changed. A form is sent to this address; it cannot be opened by itself."),
    409: N_("Nothing was changed. Somebody else may have been faster: open the page anew to see how things stand now."),
    413: N_("Nothing was saved. At most %(size)s kB are taken at once: choose a smaller file or a shorter text."),
    422: N_("Nothing was saved. Go back and correct what is said above."),
    429: N_("Nothing was changed. Wait %(minutes)s minutes, then try again."),
    500: N_(
        "Try again in a moment. If it goes wrong again, tell the laboratory the number below: it finds what happened."
    ),
    503: N_("This passes by itself; try again in a moment."),
}
CROSS_SITE = N_(
    "Nothing was changed. What was sent did not come from a page of ours; open the page here and try again."
)
AGAIN = (429, 500, 502, 503, 504)  # where the same may well succeed later


def shown(problem: Problem, reference: str = "") -> dict[str, Any]:
    """The problem as pages and fragments show it; the reference is what its line in the log is found by."""
    here = request.full_path.rstrip("?")
    return {
        "status": problem.status,
        "title": say(problem.title),
        "detail": say(problem.detail),
        "reasons": [say(reason.message) for reason in problem.reasons],
        "errors": list(_errors(said(problem.fields))),
        "help": say(_help(problem)),
        "reference": reference,
        "again": safe_next(here) if problem.status in AGAIN and request.method in SAFE else None,
        "back": _back(here),
    }


def _help(problem: Problem) -> Text:
    if problem.code == "cross_site":
        return CROSS_SITE
    text = HELPS.get(problem.status, HELPS[500] if problem.status >= 500 else HELPS[400])
    if problem.status == 413:
        return Text(text.msgid, {"size": current_app.config["MAX_CONTENT_LENGTH"] // 1024})
    if problem.status == 429:
        return Text(text.msgid, {"minutes": max(1, -(-(problem.retry_after or 60) // 60))})
    return text


def _errors(nest: Any, name: str = "") -> list[str]:
    """Every message of a nest, each with the name of its field."""
    if isinstance(nest, dict):
        return [line for key, value in nest.items() for line in _errors(value, "" if key.startswith("_") else key)]
    if isinstance(nest, list):
        return [line for value in nest for line in _errors(value, name)]
    return [f"{name}: {nest}" if name else str(nest)]


def _back(here: str) -> str | None:
    """The page of ours they came from, where that is another than this."""
    try:
        came = urlsplit(request.referrer or "")
    except ValueError:  # a browser can send anything
        return None
    target = safe_next(f"{came.path}?{came.query}" if came.query else came.path, "")
    ours = came.netloc == request.headers.get("Host")  # request.host raises where the host is what is refused
    return target if ours and target not in ("", here) else None
