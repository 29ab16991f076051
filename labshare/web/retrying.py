"""Forms whose button may be pressed twice: the same form sent again is answered as it was."""

from __future__ import annotations

import secrets
from typing import Any

from flask import request

from labshare.kernel.retry import Retry
from labshare.web.api import retry_for


def new_key() -> str:
    """A key for a form, so that pressing its button twice asks once."""
    return secrets.token_urlsafe(16)


def form_retry(location: str) -> Retry | None:
    """The retry of a form that carries a key; its stored answer is where to go on to.

    `location` may name what was made or changed by `{id}`.
    """
    key = request.form.get("retry_key", "")
    if not 1 <= len(key) <= 255:
        return None
    said = "&".join(f"{name}={value}" for name, value in sorted(request.form.items(multi=True)))
    return retry_for(key, said.encode("utf-8", "replace"), 303, lambda seen: _filled(location, seen))


def _filled(location: str, seen: Any) -> str:
    """Replaced, not formatted: part of the address is what somebody sent."""
    return location.replace("{id}", str(seen.id)) if "{id}" in location else location
