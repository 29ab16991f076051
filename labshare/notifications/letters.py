"""What a mailed link says: from a fact of the journal to a letter in its reader's language.

The link is signed when the letter is written, so no secret ever stands in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from jinja2 import PackageLoader

from labshare.kernel.db import rows
from labshare.people import links
from labshare.people.events import ColleagueInvited, PasswordResetAsked
from labshare.people.models import Company, Invitation, Person
from labshare.web.i18n import LOCALES

STALE = timedelta(days=1)  # nobody waits longer for a link to a new password
_PAGES = PackageLoader("labshare.notifications")


@dataclass(frozen=True)
class Letter:
    """One mail to one address; `fact` is the journal's id of what it tells, the same however often it is sent."""

    fact: int
    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Fact:
    """What the journal says of it: its id, its kind, the thing it happened to, and when."""

    id: int
    kind: str
    object_id: int
    at: datetime


def write(fact: Fact, now: datetime) -> Letter | None:
    """The letter this fact asks for; None where nobody needs it any more."""
    return _WRITERS[fact.kind](fact, now)


def _reset(fact: Fact, now: datetime) -> Letter | None:
    who = sa.select(Person.id, Person.version, Person.email, Person.name, Person.language)
    found = rows(who.where(Person.id == fact.object_id, Person.active))
    if not found or now - fact.at > STALE:
        return None
    person = found[0]
    with _speaking(person.language):
        subject = _("A new password for LabShare")
        link = links.address(links.RESET, person.id, person.version)
        return _letter(fact, person.email, subject, "reset", name=person.name, link=link)


def _invitation(fact: Fact, now: datetime) -> Letter | None:
    statement = sa.select(
        *(Invitation.id, Invitation.version, Invitation.email, Person.name, Person.language),
        Company.name.label("company"),
    ).join(Company, Company.id == Invitation.company_id)
    open_still = (Invitation.state == "open") & (Invitation.expires_at > now) & (Invitation.id == fact.object_id)
    found = rows(statement.join(Person, Person.id == Invitation.invited_by).where(open_still))
    if not found:
        return None
    invited = found[0]
    with _speaking(invited.language):  # the inviter's: of the invited nothing is known yet
        subject = _("%(name)s invites you to LabShare", name=invited.name)
        link = links.address(links.JOIN, invited.id, invited.version)
        said = {"name": invited.name, "company": invited.company, "link": link}
        return _letter(fact, invited.email, subject, "invitation", **said)


def _speaking(language: str | None) -> Any:
    return force_locale(LOCALES.get(language or "en", LOCALES["en"]))


def _letter(fact: Fact, to: str, subject: str, page: str, **said: Any) -> Letter:
    pages = current_app.jinja_env.overlay(loader=_PAGES)
    text, html = (pages.get_template(f"notifications/{page}.{form}").render(said) for form in ("txt", "html"))
    return Letter(fact.id, to, subject, text, html)


_WRITERS = {PasswordResetAsked.kind(): _reset, ColleagueInvited.kind(): _invitation}
KINDS = tuple(_WRITERS)
