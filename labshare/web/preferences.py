"""What somebody prefers in this browser: a cookie a year long."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app, redirect, request
from werkzeug.wrappers import Response

from labshare.web.guard import safe_next

YEAR = timedelta(days=365)


def prefer(name: str, value: str) -> Response:
    """Remember it, and go back to where the form says it was chosen."""
    response = redirect(safe_next(request.form.get("next")), 303)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(name, value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
    return response
