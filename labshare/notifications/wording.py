"""A fact in words: what its recipe says, with who, what and when filled in for its reader."""

from __future__ import annotations

from datetime import date
from typing import Any

from labshare.booking.rules import STATE_WORDS
from labshare.kernel.errors import N_, Text
from labshare.notifications import recipes
from labshare.notifications.facts import Fact
from labshare.quotas import rules as quotas
from labshare.quotas import words
from labshare.web.i18n import moment, own, say, span

_STATES = ("was", "state")
_MOMENTS = ("decide_by",)


def subject(fact: Fact) -> Text:
    """The fact as a line, in the language that is spoken now."""
    return Text(recipes.RECIPES[fact.kind].subject.msgid, _words(fact))


def sentence(fact: Fact) -> Text:
    """The fact as a sentence, in the language that is spoken now; it says all there is to say."""
    return Text(recipes.RECIPES[fact.kind].says(fact).msgid, _words(fact))


def _words(fact: Fact) -> dict[str, Any]:
    said: dict[str, Any] = {"who": fact.who or "LabShare", **fact.data}
    for name in _STATES:
        if name in said:
            said[name] = STATE_WORDS.get(said[name], said[name])
    if "lag_seconds" in said:
        said["minutes"] = said["lag_seconds"] // 60
    if "paused" in said:
        said["paused"] = ", ".join(said["paused"])
    about = fact.booking
    if about is None:
        return said | _of_account(said) | {"company": fact.company or ""}
    for name in _MOMENTS:
        if said.get(name):
            said[name] = moment(fact.moment(name), about.tz)
    for name, start, end in (
        ("slot", "starts_at", "ends_at"),
        ("old_slot", "old_starts_at", "old_ends_at"),
        ("used", "used_from", "used_to"),
    ):
        if start in fact.data:
            said[name] = span(fact.moment(start), fact.moment(end), about.tz)
    return {**said, "instrument": f"{about.code} {own(about.name_en, about.name_zh)}", "company": about.company}


def _of_account(said: dict[str, Any]) -> dict[str, Any]:
    """Hours as people read them, and which allowance it is: SEM-01, quarter 4 of 2026."""
    found: dict[str, Any] = {name: quotas.hours(said[name]) for name in ("limit", "spoken_for") if name in said}
    if "limit" in said and "minutes" in said:
        found["hours"] = quotas.hours(abs(said["minutes"]))
    if "starts_on" in said:
        scope = own(said["scope_en"], said["scope_zh"]) or say(words.SCOPES[said["scope"]])
        period = words.period(said["period"], date.fromisoformat(said["starts_on"]))
        found["allowance"] = say(N_("%(scope)s, %(period)s", scope=scope, period=period))
    return found
