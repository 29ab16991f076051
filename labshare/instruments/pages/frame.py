"""The blueprint all pages of instruments hang on."""

from __future__ import annotations

from flask import Blueprint, request

from labshare.instruments import policy, queries
from labshare.kernel.errors import N_, Forbidden, Invalid
from labshare.web.guard import actor

pages = Blueprint("instruments", __name__, template_folder="../templates")


def keeps_at(site: str) -> bool:
    """May the reader keep what stands at this site? Raises NotFound where there is none."""
    return policy.may_keep(actor(), queries.site(site).id)


def keeper_at(site: str) -> None:
    """Raises NotFound where there is no such site, Forbidden for those who do not keep it."""
    if not keeps_at(site):
        raise Forbidden


def sheet_text() -> str:
    """The sheet that was sent, as a file or as text."""
    sent = request.files.get("file")
    raw = sent.read() if sent is not None and sent.filename else b""
    if not raw:
        return request.form.get("text", "")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(fields={"file": [N_("Please save the sheet as CSV in UTF-8.")]}) from error
