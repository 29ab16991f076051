"""Pages for browsers: the whole page, or only the block that htmx asked to renew."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template, request


def show(template: str, block: str | None = None, **values: Any) -> str:
    """Render a template; to htmx only the named block of it."""
    asked = request.headers
    whole = asked.get("HX-Boosted") or asked.get("HX-History-Restore-Request")  # both renew the body
    if block is None or whole or not asked.get("HX-Request"):
        return render_template(template, **values)
    current_app.update_template_context(values)
    found = current_app.jinja_env.get_template(template)
    return "".join(found.blocks[block](found.new_context(values)))


class Form:
    """What a form shows again after a refusal: the values as typed, the messages by field."""

    def __init__(self, values: dict[str, Any] | None = None, errors: dict[str, Any] | None = None) -> None:
        self.values = values or {}
        self.errors = errors or {}
        self.refused = ""  # in one sentence, why the form was refused
        self.reasons: list[str] = []
        self.waivable: list[tuple[str, str]] = []  # (code, why): what the sender may let pass
        self.offers: list[dict[str, str]] = []  # what would pass instead: {href, label, note}
