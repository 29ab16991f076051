"""Links that are mailed: bound to one purpose and one version of one row, so that they work once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from labshare.kernel.errors import N_, NotFound, Problem

RESET = "reset"
JOIN = "join"
LASTS = {RESET: timedelta(minutes=30), JOIN: timedelta(days=7)}


class LinkExpired(Problem):
    """The link was good, and is too old or used up (410)."""

    status, code, title = 410, "link_expired", N_("This link no longer works")


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"labshare.link.{purpose}")


def sign(purpose: str, row_id: int, version: int) -> str:
    """A token for the row as it is at this version."""
    token: Any = _signer(purpose).dumps([row_id, version])
    return token.decode() if isinstance(token, bytes) else str(token)


def read(purpose: str, token: str, max_age: timedelta | None = None) -> tuple[int, int]:
    """The row id and version a token names; raises NotFound for a forged one, LinkExpired for an old one."""
    lasts = max_age or LASTS[purpose]
    try:
        row_id, version = _signer(purpose).loads(token, max_age=int(lasts.total_seconds()))
    except SignatureExpired as error:
        raise LinkExpired from error
    except (BadData, ValueError, TypeError) as error:
        raise NotFound from error
    return row_id, version


def address(purpose: str, row_id: int, version: int) -> str:
    """The whole address to mail, print or copy."""
    return f"{current_app.extensions['settings'].base_url}/{purpose}/{sign(purpose, row_id, version)}"
