"""What a mail says: from a fact of the journal to a letter in its reader's language.

A mailed link is signed when the letter is written, so no secret ever stands in the journal. Who is written to is
asked anew then: who may no longer see a thing is no longer told of it.
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

from labshare.booking import lifecycle
from labshare.config import Settings
from labshare.kernel.db import rows
from labshare.notifications import ics, recipes, ways, wording
from labshare.notifications.audience import Reader, readers
from labshare.notifications.facts import Fact, numbered
from labshare.people import links
from labshare.people.events import ColleagueInvited, PasswordResetAsked
from labshare.people.models import Company, Invitation, Person
from labshare.web.i18n import LOCALES, is_en, own, say, span
from labshare.web.layout import HTML_LANG

STALE = timedelta(days=1)  # nobody waits longer for a link to a new password
_PAGES = PackageLoader("labshare.notifications")


@dataclass(frozen=True)
class Addressed:
    """One mail to be written: its number, of which fact, and to whom."""

    id: int
    journal_id: int
    address: str
    person_id: int | None


@dataclass(frozen=True)
class Letter:
    """One mail to one address; `id` is the same however often it is sent, and `calendar` is (method, iCalendar)."""

    id: str
    to: str
    subject: str
    text: str
    html: str
    calendar: tuple[str, bytes] | None = None


def write(mail: Addressed, now: datetime) -> Letter | None:
    """The letter this mail is; None where nobody needs it any more."""
    fact = numbered([mail.journal_id])[mail.journal_id]
    if fact.kind == PasswordResetAsked.kind():
        return _reset(mail, fact, now)
    if fact.kind == ColleagueInvited.kind():
        return _invitation(mail, fact, now)
    return _message(mail, fact, now)


def _message(mail: Addressed, fact: Fact, now: datetime) -> Letter | None:
    reader = next((one for one in readers([fact])[fact.id] if one.id == mail.person_id), None)
    if reader is None or not _matters(fact, now):
        return None
    settings: Settings = current_app.extensions["settings"]
    about, calendar = fact.booking, None
    with _speaking(reader.language):
        link = settings.base_url + _path(fact, reader)
        said: dict[str, Any] = {"sentence": say(wording.sentence(fact)), "link": link, "details": []}
        if about is not None:
            where = fact.instruments[0] if fact.instruments else about
            said_when = "starts_at" in fact.data  # or it is about the booking as it stands
            start, end = (fact.moment(name) if said_when else getattr(about, name) for name in ("starts_at", "ends_at"))
            said["details"] = [
                (_("Instrument"), f"{where.code} {own(where.name_en, where.name_zh)}"),
                (_("When"), span(start, end, where.tz)),
                (_("Where"), ics.in_one_line(f"{own(where.site_en, where.site_zh)} {where.location}")),
                (_("Company"), about.company),
                *([(_("Asked by"), _("the laboratory, on the company's behalf"))] if about.on_behalf else []),
            ]
            way = ics.method(fact, reader.id) if _has_it(fact, reader) else None
            calendar = (way, ics.event(fact, way, mail.address, link, settings)) if way else None
        said["choices"] = settings.base_url + _build("inbox.choices")
        return _letter(mail, say(wording.subject(fact)), "message", calendar, **said)


def _has_it(fact: Fact, reader: Reader) -> bool:
    """Does the booking stand in the reader's calendar? Not where its company's admin is only asked for a yes."""
    about = fact.booking
    if about is None or about.person_id == reader.id:
        return about is not None
    return about.company_id == reader.company_id and fact.data.get("awaiting") != lifecycle.COMPANY


def _matters(fact: Fact, now: datetime) -> bool:
    """Does the mail still tell news? Nobody is reminded of what was answered, or has begun."""
    recipe = recipes.RECIPES[fact.kind]
    if recipe.news_until and fact.moment(recipe.news_until) <= now:
        return False
    if not recipe.only_while or fact.booking is None:
        return True
    if fact.data.get("awaiting") == lifecycle.COMPANY and not fact.booking.awaiting:  # a colleague has answered
        return False
    return fact.booking.state in recipe.only_while and fact.booking.starts_at > now


def _path(fact: Fact, reader: Reader) -> str:
    endpoint, named = ways.way(fact, reader.keeps) or ("inbox.listed", {})
    return _build(endpoint, **named)


def _build(endpoint: str, **values: Any) -> str:
    return current_app.url_map.bind("labshare").build(endpoint, values)


def _reset(mail: Addressed, fact: Fact, now: datetime) -> Letter | None:
    who = sa.select(Person.id, Person.version, Person.name, Person.language)
    found = rows(who.where(Person.id == fact.object_id, Person.active))
    if not found or now - fact.at > STALE:
        return None
    person = found[0]
    with _speaking(person.language):
        link = links.address(links.RESET, person.id, person.version)
        return _letter(mail, say(wording.subject(fact)), "reset", name=person.name, link=link)


def _invitation(mail: Addressed, fact: Fact, now: datetime) -> Letter | None:
    statement = sa.select(
        *(Invitation.id, Invitation.version, Person.name, Person.language),
        Company.name.label("company"),
    ).join(Company, Company.id == Invitation.company_id)
    open_still = (Invitation.state == "open") & (Invitation.expires_at > now) & (Invitation.id == fact.object_id)
    found = rows(statement.join(Person, Person.id == Invitation.invited_by).where(open_still))
    if not found:
        return None
    invited = found[0]
    with _speaking(invited.language):  # the inviter's: of the invited nothing is known yet
        link = links.address(links.JOIN, invited.id, invited.version)
        said = {"name": invited.name, "company": invited.company, "link": link}
        return _letter(mail, say(wording.subject(fact)), "invitation", **said)


def _speaking(chosen: str | None) -> Any:
    """Everything is said in the person's language; who chose none is written to in the installation's."""
    spoken = chosen if chosen in LOCALES else current_app.extensions["settings"].language
    return force_locale(LOCALES[spoken])


def _letter(mail: Addressed, subject: str, page: str, calendar: tuple[str, bytes] | None = None, **said: Any) -> Letter:
    pages = current_app.jinja_env.overlay(loader=_PAGES)
    said["html_lang"] = HTML_LANG["en" if is_en() else "zh"]
    text, html = (pages.get_template(f"notifications/{page}.{form}").render(said) for form in ("txt", "html"))
    return Letter(f"fact-{mail.journal_id}-{mail.id}", mail.address, subject, text, html, calendar)
