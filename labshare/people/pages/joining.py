"""Pages by which people come in: a company registers, a colleague takes up an invitation."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from labshare.kernel.errors import Problem
from labshare.people import services
from labshare.people.pages.frame import again, browser, open_session, pages, sent
from labshare.people.schemas import JoinIn, RegisterIn
from labshare.web.bodies import load
from labshare.web.guard import public
from labshare.web.htmx import Form, show


@pages.get("/register")
@public
def register() -> Any:
    """A company introduces itself."""
    return show("people/register.html", "content", form=Form())


@pages.post("/register")
@public
def register_now() -> Any:
    """Enter the company as waiting, and its first person as signed in."""
    try:
        facts = load(RegisterIn(), sent())
        name, email, password = (facts.pop(field) for field in ("person_name", "email", "password"))
        secret = services.register(facts, name, email, password, browser())
    except Problem as problem:
        return again("people/register.html", problem)
    open_session(secret)
    flash(_("Your company is registered. The laboratory will look at it and tell you by e-mail."), "success")
    return redirect(url_for("people.own_company"), 303)


@pages.get("/join/<token>")
@public
def join(token: str) -> Any:
    """Somebody was invited: who are they?"""
    return show("people/join.html", "content", form=Form(), asked=services.invitation_of(token))


@pages.post("/join/<token>")
@public
def join_now(token: str) -> Any:
    """Become a colleague; the link is used up."""
    asked = services.invitation_of(token)
    try:
        given = load(JoinIn(), sent())
        secret = services.join(token, given["name"], given["password"], browser())
    except Problem as problem:
        return again("people/join.html", problem, asked=asked)
    open_session(secret)
    flash(_("Welcome! You belong to %(company)s now.", company=asked.company_name), "success")
    return redirect("/", 303)
