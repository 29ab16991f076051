"""The blueprint all pages of accounts hang on, who may open them, and what their templates have in common."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.people import queries as people
from labshare.quotas import policy, words
from labshare.quotas.naming import Names
from labshare.web.i18n import hours, own, say

pages = Blueprint("accounts", __name__, template_folder="../templates")


def seen(who: Actor, company_id: int) -> None:
    """A company's account is its own people's and the laboratory's; another company is a missing one."""
    people.company(who, company_id)


def setter(who: Actor, company_id: int | None = None) -> None:
    """What a company may use is the admins' to say; another company is a missing one."""
    if company_id is not None:
        people.company(who, company_id)
    if not policy.may_set(who):
        raise Forbidden


def label(names: Names, one: Any) -> str:
    """What an allowance is about, as a title: all instruments, a category, an instrument with its code, a site."""
    name = names.of(one.scope, one.scope_id)
    if name is None:
        return str(say(words.SCOPES[one.scope]))
    named = own(name.en, name.zh)
    return f"{name.code} · {named}" if one.scope == "instrument" else named


def signed(minutes: int) -> str:
    """Hours with their sign: what a line gives to the company, or takes."""
    return f"{'−' if minutes < 0 else '+'}{hours(abs(minutes) / 60)}"
