"""Pages of those who are nobody yet: sign in and out, a forgotten password, language and colours."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from labshare.kernel.errors import Problem
from labshare.people import services
from labshare.people.pages.frame import again, browser, close_session, open_session, pages, sent
from labshare.people.schemas import ForgottenIn, PasswordIn
from labshare.web.bodies import load
from labshare.web.guard import actor, public, safe_next
from labshare.web.htmx import Form, show
from labshare.web.i18n import LANGUAGES
from labshare.web.layout import THEMES
from labshare.web.preferences import prefer

LONGEST_TYPED = 1000  # longer is no e-mail address and no password of ours; it is not looked at in full


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
    email, password = (request.form.get(name, "")[:LONGEST_TYPED] for name in ("email", "password"))
    try:
        secret = services.sign_in(email, password, browser())
    except Problem as problem:
        return again("people/sign_in.html", problem, next=target)
    open_session(secret)
    return redirect(target, 303)


@pages.post("/sign-out")
@public
def sign_out() -> Any:
    """End this browser's session; harmless where there is none."""
    secret = getattr(current_user, "secret", None)
    if secret is not None:
        services.sign_out(secret)
    close_session()
    flash(_("You are signed out."), "info")
    return redirect(url_for("people.sign_in"), 303)


# ---------------------------------------------------------------- a forgotten password


@pages.get("/forgotten")
@public
def forgotten() -> Any:
    """Where should the link go?"""
    return show("people/forgotten.html", "content", form=Form())


@pages.post("/forgotten")
@public
def forgotten_now() -> Any:
    """Have a link mailed; the answer is the same whether there is somebody or not."""
    try:
        given = load(ForgottenIn(), sent())
        services.ask_reset(actor(), given["email"], browser().address)
    except Problem as problem:
        return again("people/forgotten.html", problem)
    flash(_("If somebody has this e-mail address, a link is on its way to them."), "info")
    return redirect(url_for("people.sign_in"), 303)


@pages.get("/reset/<token>")
@public
def reset(token: str) -> Any:
    """Choose a new password."""
    return show("people/reset.html", "content", form=Form(), email=services.reset_link(token).email)


@pages.post("/reset/<token>")
@public
def reset_now(token: str) -> Any:
    """Set the new password; the link is used up."""
    email = services.reset_link(token).email
    try:
        services.reset_password(token, load(PasswordIn(), sent())["password"])
    except Problem as problem:
        return again("people/reset.html", problem, email=email)
    close_session()
    flash(_("Your new password is set. Please sign in with it."), "success")
    return redirect(url_for("people.sign_in"), 303)


# ---------------------------------------------------------------- language and colours


@pages.post("/language")
@public
def language() -> Any:
    """Read another language from now on; remembered with the person, and in this browser."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        return redirect(safe_next(request.form.get("next")), 303)
    if actor().is_signed_in:
        services.choose_language(actor(), chosen)
    return prefer("language", chosen)


@pages.post("/theme")
@public
def theme() -> Any:
    """Light, dark, or as the device has it; remembered in this browser."""
    chosen = request.form.get("theme", "")
    return prefer("theme", chosen if chosen in THEMES else "auto")
