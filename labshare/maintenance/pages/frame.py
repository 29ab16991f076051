"""The blueprint all pages of maintenance hang on, and what their templates have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Blueprint, url_for

from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, Problem
from labshare.maintenance import rules
from labshare.maintenance.models import KINDS
from labshare.maintenance.planner import Consequences
from labshare.maintenance.queries import Named
from labshare.web.htmx import Form
from labshare.web.i18n import own, said, say, span

pages = Blueprint("maintenance", __name__, template_folder="../templates")

TONES = {"planned": "info", "open": "wait", "done": "good", "cancelled": "neutral"}
SECTIONS = {
    "maintenance.windows": N_("Windows"),
    "maintenance.calendar": N_("Calendar"),
    "maintenance.outages": N_("Outages"),
    "maintenance.upkeep": N_("Upkeep"),
    "maintenance.utilities": N_("Utilities"),
}


@pages.app_context_processor
def words() -> dict[str, Any]:
    """What templates need to name kinds and states of maintenance."""
    return {"work_words": rules.KIND_WORDS, "window_words": rules.STATE_WORDS, "window_tones": TONES}


def sections(here: str) -> list[tuple[str, str, bool]]:
    """The tabs of maintenance."""
    return [(url_for(endpoint), say(label), endpoint == here) for endpoint, label in SECTIONS.items()]


def mine(who: Actor) -> list[Known]:
    """The instruments the actor plans for, by code; not the retired."""
    return [one for one in catalogue.known_in_service() if who.manages(one.site_id)]


def options(some: Iterable[Known]) -> list[tuple[str, str]]:
    """Instruments to choose from."""
    return [(one.code, f"{one.code} · {own(one.name_en, one.name_zh)}") for one in some]


def kinds() -> list[tuple[str, str]]:
    """Kinds of work to choose from."""
    return [(kind, say(rules.KIND_WORDS[kind])) for kind in KINDS]


def ways() -> list[tuple[str, str]]:
    """What may become of bookings in the way, to choose from."""
    return [(way, say(rules.WHEN_HIT_WORDS[way])) for way in rules.WHEN_HIT]


FEW = 3


def few(some: Sequence[Named]) -> str:
    """The codes of some instruments, and how many more there are."""
    codes = ", ".join(one.code for one in some[:FEW])
    return codes if len(some) <= FEW else f"{codes} +{len(some) - FEW}"


def refused(values: dict[str, Any], problem: Problem) -> Form:
    """The form once more, with what is wrong by field, and every reason."""
    form = Form(values, said(problem.fields))
    form.refused = say(problem.detail or problem.title)
    form.reasons = [say(reason.message) for reason in problem.reasons]
    return form


MOST_PIECES = 200


def told(found: Consequences, windows: int = 1) -> dict[str, Any]:
    """What a plan comes to, as the template of consequences shows it."""
    known = {one.id: one for one in catalogue.known_by_ids({place.instrument_id for place in found.places})}
    pieces = [
        {
            "instrument": known[place.instrument_id].code,
            "channel": place.channel if known[place.instrument_id].channels > 1 else None,
            "when": span(place.slot.start, place.slot.end, known[place.instrument_id].zone),
        }
        for place in found.places[:MOST_PIECES]
    ]
    return {
        "reasons": [say(reason.message) for reason in found.reasons],
        "companies": found.companies,
        "lines": found.lines,
        "in_use": found.hit.in_use,
        "pieces": pieces,
        "more_pieces": max(len(found.places) - MOST_PIECES, 0),
        "windows": windows,
    }
