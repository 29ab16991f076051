"""The conduct record: what is held against whom, what they say to it, and whom it keeps from asking."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labshare.audit.sentences.booking import about
from labshare.audit.sentences.shape import Line, Table, called, person
from labshare.booking import events
from labshare.booking.rules.conduct import GONE_WORDS, WHAT_WORDS
from labshare.kernel.errors import N_, Text


def _held(line: Line) -> dict[str, Any]:
    """What is held, and against whom; who books on a company's behalf has nothing held against them."""
    whose = person(line.names, line.data["person_id"]) if line.data["name"] else N_("the company")
    return {"what": called(WHAT_WORDS, line.data["what"]), "whose": whose}


def _noted(line: Line) -> Text:
    until = datetime.fromisoformat(line.data["expires_at"]).astimezone(line.zone)
    said = {**_held(line), "points": line.data["points"], "until": until}
    return about(line, N_("%(what)s; held against %(whose)s until %(until)s, points: %(points)s.", **said))


def _objected(line: Line) -> Text:
    said = {**_held(line), "objection": line.data["objection"], "by": line.who or "LabShare"}
    return about(line, N_("%(what)s, held against %(whose)s; %(by)s objects: “%(objection)s”", **said))


def _lifted(line: Line) -> Text:
    said = {**_held(line), "why": called(GONE_WORDS, line.data["reason"]), "by": line.who or "LabShare"}
    return about(line, N_("%(what)s, held against %(whose)s; lifted by %(by)s: “%(why)s”", **said))


def _kept(line: Line) -> dict[str, Any]:
    """Whom it keeps from asking, and until when."""
    ends_at = datetime.fromisoformat(line.data["ends_at"]).astimezone(line.zone)
    number = line.data["person_id"]
    whose = N_("Everybody of %(company)s") if number is None else N_("%(person)s of %(company)s")
    return {
        "whose": Text(whose.msgid, {"company": line.company, "person": person(line.names, number)}),
        "until": ends_at,
    }


def _began(line: Line) -> Text:
    points = line.data["points"]
    return N_("%(whose)s may not ask for time until %(until)s; points: %(points)s.", points=points, **_kept(line))


def _ended(line: Line) -> Text:
    said = {**_kept(line), "why": called(GONE_WORDS, line.data["reason"]), "by": line.who or "LabShare"}
    return N_("%(whose)s may ask for time again before %(until)s; lifted by %(by)s: “%(why)s”", **said)


TOLD: Table = {
    events.ConductNoted.kind(): _noted,
    events.ConductObjected.kind(): _objected,
    events.ConductLifted.kind(): _lifted,
    events.RestrictionBegan.kind(): _began,
    events.RestrictionLifted.kind(): _ended,
}
