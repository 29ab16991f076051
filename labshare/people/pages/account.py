"""Pages about oneself: name and language, password, browsers, API tokens."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from labshare.kernel import clock
from labshare.kernel.errors import Problem
from labshare.people import access, queries, services
from labshare.people.pages.frame import again, browser, close_session, open_session, pages, sent
from labshare.people.schemas import ChangePasswordIn, NameIn, TokenIn
from labshare.web.bodies import load
from labshare.web.guard import actor
from labshare.web.htmx import Form, show


@pages.get("/account")
def account() -> Any:
    """Who am I here?"""
    return show("people/account.html", "content", form=Form({"name": actor().name}), **_about_me())


def _about_me() -> dict[str, Any]:
    return {"sites": queries.site_codes(actor().site_ids)}


@pages.post("/account")
def account_now() -> Any:
    """Go by another name."""
    try:
        services.rename(actor(), load(NameIn(), sent())["name"])
    except Problem as problem:
        return again("people/account.html", problem, **_about_me())
    flash(_("Your name is saved."), "success")
    return redirect(url_for("people.account"), 303)


@pages.get("/account/password")
def password() -> Any:
    """Another password?"""
    return show("people/password.html", "content", form=Form())


@pages.post("/account/password")
def password_now() -> Any:
    """Set another password, knowing the current one; other browsers are signed out."""
    try:
        given = load(ChangePasswordIn(), sent())
        secret = services.change_password(actor(), given["current"], given["password"], browser())
    except Problem as problem:
        return again("people/password.html", problem)
    open_session(secret)
    flash(_("Your password is changed. All other browsers are signed out."), "success")
    return redirect(url_for("people.password"), 303)


BROWSERS = ("MicroMessenger", "Edg", "OPR", "Firefox", "Chrome", "Safari")  # in this order: some name others too
NAMES = {"MicroMessenger": "WeChat", "Edg": "Edge", "OPR": "Opera"}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@pages.app_template_filter()
def browser_name(agent: str) -> str:
    """What a browser calls itself, as people call it: Firefox, Windows; as it stands where it is none we know."""
    name = next((one for one in BROWSERS if f"{one}/" in agent), None)
    system = next((one for one in SYSTEMS if one in agent), None)
    return ", ".join(filter(None, (NAMES.get(name, name), system))) if name else agent


@pages.get("/account/sessions")
def sessions() -> Any:
    """Where am I signed in?"""
    found = queries.sign_ins(actor(), clock.now())
    return show("people/sessions.html", "content", found=found, mine=access.hashed(current_user.secret))


@pages.post("/account/sessions/<id:sign_in_id>/end")
def session_end(sign_in_id: int) -> Any:
    """Sign one browser out."""
    services.end_session(actor(), sign_in_id)
    flash(_("That browser is signed out."), "info")
    return redirect(url_for("people.sessions"), 303)


@pages.post("/account/sessions/end-all")
def sessions_end() -> Any:
    """Sign every browser out, this one too."""
    services.sign_out_everywhere(actor())
    close_session()
    flash(_("You are signed out everywhere."), "info")
    return redirect(url_for("people.sign_in"), 303)


@pages.get("/account/tokens")
def tokens() -> Any:
    """Which programs act in my name?"""
    return show("people/tokens.html", "content", form=Form(), found=queries.tokens(actor()), secret=None)


@pages.post("/account/tokens")
def token_create() -> Any:
    """Make a token and show it, this once; nothing keeps its plain text, so there is nothing to redirect to."""
    who = actor()
    try:
        given = load(TokenIn(), sent())
        secret = services.create_token(who, who.person_id or 0, given["name"])
    except Problem as problem:
        return again("people/tokens.html", problem, found=queries.tokens(who), secret=None)
    return show("people/tokens.html", "content", form=Form(), found=queries.tokens(who), secret=secret)


@pages.post("/account/tokens/<id:token_id>/revoke")
def token_revoke(token_id: int) -> Any:
    """End a token at once."""
    services.revoke_token(actor(), token_id)
    flash(_("The token is revoked; whoever uses it is refused from now on."), "success")
    return redirect(url_for("people.tokens"), 303)
