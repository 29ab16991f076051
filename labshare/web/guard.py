"""Every route is locked unless it says it is public; forms come from our own pages; answers carry strict headers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import current_user
from werkzeug.routing import BaseConverter

from labshare.kernel.actor import STRANGER, Actor
from labshare.kernel.errors import Forbidden, NotSignedIn

_View = TypeVar("_View", bound=Callable[..., Any])

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
SAFE = ("GET", "HEAD", "OPTIONS")


class IdConverter(BaseConverter):
    """A row id in a path: one to eighteen digits, so that it fits the database's integers."""

    regex = r"[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)


def public(view: _View) -> _View:
    """Open this route to strangers; tests/test_doors.py lists every one."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def first(check: Callable[..., Any]) -> Callable[[_View], _View]:
    """Ask `check(actor, **path)` before the body is read, so that 404 and 403 come before 422."""

    def lock(view: _View) -> _View:
        @wraps(view)
        def checked(*args: Any, **path: Any) -> Any:
            check(actor(), **path)
            return view(*args, **path)

        return checked  # type: ignore[return-value]

    return lock


def actor() -> Actor:
    """The actor of this request; STRANGER where nobody is signed in."""
    if "actor" not in g:
        g.actor = STRANGER  # where the database cannot say who it is, a stranger is told so
        if is_api():
            g.actor = current_app.extensions["by_bearer"](request) or STRANGER
        else:
            g.actor = getattr(current_user, "actor", STRANGER)
    return g.actor


def is_api() -> bool:
    """Is this the JSON door? Its documentation is a page like any other."""
    return request.path.startswith("/api/") and request.path != "/api/docs"


def _lock() -> None:
    if request.endpoint is None:
        return  # no such route: 404 or 405 is on its way
    if request.method not in SAFE and not is_api():
        _same_origin()
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "is_public", False) or request.endpoint == "static":
        return
    if not actor().is_signed_in:
        raise NotSignedIn


def _same_origin() -> None:
    """Refuse a form another site sent: browsers say where a request comes from, and cannot be made to lie."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        allowed = site in ("same-origin", "none")
    else:
        allowed = origin is None or urlsplit(origin).netloc == request.host
    if not allowed:
        raise Forbidden(code="cross_site")


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.extend(ALWAYS)
    headers.setdefault("Content-Security-Policy", CSP)
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        headers.add("Vary", "Cookie, Accept-Language, Authorization")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return response


def safe_next(target: str | None, default: str = "/") -> str:
    """A path of our own to go on to, or the default: never another host, scheme or control character."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or any(ord(sign) < 33 or ord(sign) == 127 for sign in target):
        return default
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else default


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, but a file of ours is the same for everybody and must not vary by anybody's cookie."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:  # every JSON request: nothing to verify
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    """Lock every route of the application."""
    app.session_interface = Sessions()
    app.url_map.converters["id"] = IdConverter
    app.before_request(_lock)
    app.after_request(_headers)
