"""The guides: a Markdown file for each reader and language, cut at its headings into titled sections."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, NotFound
from labshare.web.prose import prose

NEWCOMER, MEMBER, COMPANY_ADMIN, LAB_MANAGER, ADMIN = "newcomer", "member", "company-admin", "lab-manager", "admin"
READERS = {
    NEWCOMER: N_("Coming in"),
    MEMBER: N_("Company member"),
    COMPANY_ADMIN: N_("Company administrator"),
    LAB_MANAGER: N_("Lab manager"),
    ADMIN: N_("Admin"),
}
_HEADING = re.compile(r"^## (?P<title>.+?) \{#(?P<anchor>[a-z-]+)\}$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One task of a guide; its anchor is the same in every language."""

    anchor: str
    title: str
    html: Markup


@dataclass(frozen=True)
class Guide:
    """What one kind of reader can do here, task by task."""

    title: str
    lead: Markup
    sections: tuple[Section, ...]


def reader_of(actor: Actor) -> str:
    """Whose guide is the actor's own."""
    if not actor.is_signed_in:
        return NEWCOMER
    if actor.is_staff:
        return ADMIN if actor.is_admin else LAB_MANAGER
    return COMPANY_ADMIN if actor.is_company_admin else MEMBER


@cache  # they change only with the program
def guide(reader: str, language: str) -> Guide:
    """The reader's guide; raises NotFound where there is none."""
    if reader not in READERS:
        raise NotFound
    text = (Path(__file__).parent / language / f"{reader}.md").read_text(encoding="utf-8")
    opening, *rest = _HEADING.split(text)
    title, _, lead = opening.strip().partition("\n")
    cut = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    sections = tuple(Section(anchor, heading, prose(body)) for heading, anchor, body in cut)
    return Guide(title.removeprefix("# "), prose(lead), sections)
