"""Pages before and after being somebody: sign in and out, language and colours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from labshare.kernel.errors import Problem
from labshare.people import access, services
from labshare.people.pages.frame import address, again, pages
from labshare.web.guard import actor, public, safe_next
from labshare.web.htmx import Form, show
from labshare.web.i18n import LANGUAGES
from labshare.web.layout import THEMES

YEAR = 365 * 24 * 3600


def open_session(signed_in: access.SignedIn) -> None:
    """Start this browser's session afresh: whatever cookie it came with, nobody else knows the new one."""
    session.clear()
    session.permanent = True
    login_user(signed_in)
    g.pop("actor", None)


@pages.get("/sign-in")
@public
def sign_in() -> Any:
    """Who are you?"""
    target = safe_next(request.args.get("next"))
    if actor().is_signed_in:
        return redirect(target, 303)
    return show("people/sign_in.html", "content", form=Form(), next=target)


@pages.post("/sign-in")
@public
def sign_in_now() -> Any:
    """Open a session, or say that something is not right, and never what."""
    target = safe_next(request.form.get("next"))
    settings = current_app.extensions["settings"]
    try:
        signed_in = services.sign_in(
            request.form.get("email", "")[:1000],
            request.form.get("password", "")[:1000],
            address(),
            request.user_agent.string,
            timedelta(hours=settings.session_hours),
        )
    except Problem as problem:
        return again("people/sign_in.html", problem, next=target)
    open_session(signed_in)
    return redirect(target, 303)


@pages.post("/sign-out")
@public
def sign_out() -> Any:
    """End this browser's session; harmless where there is none."""
    if isinstance(getattr(current_user, "secret", None), str):
        services.sign_out(current_user.secret)
    logout_user()
    session.clear()
    g.pop("actor", None)
    flash(_("You are signed out."), "info")
    return redirect(url_for("people.sign_in"), 303)


def _prefer(name: str, value: str) -> Any:
    response = redirect(safe_next(request.form.get("next")), 303)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(name, value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
    return response


@pages.post("/language")
@public
def language() -> Any:
    """Read another language from now on; remembered with the person, and in this browser."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        return redirect(safe_next(request.form.get("next")), 303)
    if actor().is_signed_in:
        services.choose_language(actor(), chosen)
    return _prefer("language", chosen)


@pages.post("/theme")
@public
def theme() -> Any:
    """Light, dark, or as the device has it; remembered in this browser."""
    chosen = request.form.get("theme", "")
    return _prefer("theme", chosen if chosen in THEMES else "auto")
