"""Pages for browsers: the whole page, or only the block that htmx asked to renew."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import Response, current_app, make_response, render_template, request

from labshare.web.i18n import language


def show(template: str, block: str | None = None, **values: Any) -> str:
    """Render a template; to htmx only the named block of it."""
    if block is None or not renews():
        return render_template(template, **values)
    current_app.update_template_context(values)
    found = current_app.jinja_env.get_template(template)
    return "".join(found.blocks[block](found.new_context(values)))


def renews() -> bool:
    """Does a page that is open ask for a part of itself, rather than a person for the whole of it?"""
    asked = request.headers
    whole = asked.get("HX-Boosted") or asked.get("HX-History-Restore-Request")  # both renew the body
    return bool(asked.get("HX-Request")) and not whole


def show_anew(template: str, block: str, **values: Any) -> Response:
    """The same for a page that looks now and then whether it is still true: 304 where these values are what it has.

    What it has it says by the `mark` the template was given.
    """
    mark = sha256(f"{language()} {request.full_path} {values!r}".encode()).hexdigest()[:32]
    if renews() and request.if_none_match.contains(mark):
        answer = Response(status=304)
    else:
        answer = make_response(show(template, block, mark=mark, **values))
    answer.set_etag(mark)
    return answer


class Form:
    """What a form shows again after a refusal: the values as typed, the messages by field."""

    def __init__(self, values: dict[str, Any] | None = None, errors: dict[str, Any] | None = None) -> None:
        self.values = values or {}
        self.errors = errors or {}
        self.refused = ""  # in one sentence, why the form was refused
        self.reasons: list[str] = []
        self.waivable: list[tuple[str, str]] = []  # (code, why): what the sender may let pass
        self.offers: list[dict[str, str]] = []  # what would pass instead: {href, label, note}
