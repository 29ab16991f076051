"""A fact in words: what its recipe says, with who, what and when filled in for its reader."""

from __future__ import annotations

from datetime import date
from typing import Any

from labshare.booking.rules import STATE_WORDS
from labshare.booking.rules.conduct import GONE_WORDS, WHAT_WORDS
from labshare.booking.sentences import CAUSE_WORDS
from labshare.kernel.errors import N_, Text
from labshare.maintenance.rules import KIND_WORDS
from labshare.notifications import recipes
from labshare.notifications.facts import About, Fact, Place
from labshare.quotas import rules as quotas
from labshare.quotas import words
from labshare.web.i18n import moment, own, say, span

_STATES = ("was", "state")
_MOMENTS = ("decide_by", "answer_by", "began_at", "ended_at", "claimed_until", "since", "expires_at")
_SLOTS = (
    ("slot", "starts_at", "ends_at"),
    ("old_slot", "old_starts_at", "old_ends_at"),
    ("used", "used_from", "used_to"),
)
_MOST = 3  # so many instruments are named


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
    where = next(iter(fact.instruments), about)
    if fact.kind.startswith(("conduct_", "restriction_")):
        said |= _of_conduct(fact)
    if "object_by" in said:
        said["object_by"] = moment(fact.moment("object_by"))
    if where is None:
        return said | _of_account(said) | {"company": fact.company or ""}
    for name in _MOMENTS:
        if said.get(name):
            said[name] = moment(fact.moment(name), where.tz)
    for name, start, end in _SLOTS:
        if fact.data.get(start):
            said[name] = span(fact.moment(start), fact.moment(end), where.tz)
    said["instrument"] = _name(where)
    if about is None:
        return said | {"company": fact.company or ""} | _of_maintenance(fact)
    said |= {"booked": _name(about), "booked_slot": span(about.starts_at, about.ends_at, about.tz)}
    said["person"] = about.person
    return said | {"company": about.company, "why": say(CAUSE_WORDS[said["cause"]]) if "cause" in said else ""}


def _name(where: About | Place) -> str:
    return f"{where.code} {own(where.name_en, where.name_zh)}"


def _of_maintenance(fact: Fact) -> dict[str, Any]:
    """Which instruments, by name where they are few, and what is done with them."""
    some = [_name(one) for one in fact.instruments[:_MOST]]
    more = len(fact.instruments) - len(some)
    named = say(N_("%(some)s and %(n)s more", some=", ".join(some), n=more)) if more else ", ".join(some)
    work = KIND_WORDS.get(fact.data.get("kind_of_work", ""))
    return {"instruments": named, "work": say(work) if work else ""}


def _of_conduct(fact: Fact) -> dict[str, Any]:
    """What is held against somebody, or whom it bars and until when, and why that is over where nobody said so."""
    found: dict[str, Any] = {"barred": fact.data["name"] or fact.company}
    if "what" in fact.data:
        found["held_against"] = say(WHAT_WORDS[fact.data["what"]])
    else:
        found["until"] = moment(fact.moment("ends_at"))
    if fact.actor_id is None and fact.data.get("reason") in GONE_WORDS:
        found["reason"] = say(GONE_WORDS[fact.data["reason"]])
    return found


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
