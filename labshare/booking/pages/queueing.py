"""The managers' queue: every request that waits with the facts its answer rests on, answered singly or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from labshare.booking import access, dossier, queue, rules, services
from labshare.booking import beyond as standing_beyond
from labshare.booking.answering import Word
from labshare.booking.models import Booking
from labshare.booking.pages.frame import pages
from labshare.booking.queries import Seen
from labshare.booking.queue import Choices, Sought
from labshare.booking.rules.conduct import WHAT_WORDS
from labshare.booking.schemas import AnswersIn, QueueIn
from labshare.booking.services.answering_many import Outcome
from labshare.booking.words import REJECT_TEMPLATES
from labshare.instruments.words import length
from labshare.kernel import clock
from labshare.kernel.errors import Conflict, Invalid, NotAll, Problem, Text
from labshare.kernel.slots import MINUTE
from labshare.quotas import words
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first, safe_next
from labshare.web.htmx import Form, show
from labshare.web.i18n import own, said, say
from labshare.web.paging import page
from labshare.web.retrying import form_retry, new_key

FILTERS = ("site", "category", "instrument", "company", "urgent", "over_quota", "q")


@pages.get("/queue", endpoint="queue")
@first(access.answerer)
def waiting() -> str:
    """What waits for the actor's answer, the most urgent first."""
    return _page(_asked(request.args), Form())


@pages.post("/queue/answers")
@first(access.answerer)
def answer_many() -> Any:
    """Approve or reject what was chosen; whatever failed stands above the queue, and why."""
    goal = safe_next(request.form.get("next"), url_for("bookings.queue"))
    values: dict[str, Any] = fields_of("reason", "move", "whole")
    values |= {name: request.form.getlist(name) for name in ("chosen", "waive")}
    try:
        body = load(AnswersIn(), _wire(values))
        word = Word(body["reason"], tuple(body["waive"]))
        outcomes = services.answer_many(actor(), body["bookings"], body["move"], word, body["whole"], form_retry(goal))
    except (Invalid, Conflict) as problem:
        form = Form(values, said(problem.fields))
        form.refused = say(problem.detail or problem.title)
        failed = problem.failed if isinstance(problem, NotAll) else {}
        return make_response(_page(_again(goal), form, failed), problem.status)
    failed = {one.booking_id: one.problem for one in outcomes if one.problem is not None}
    _tell(outcomes, body["move"])
    return redirect(goal, 303) if not failed else _page(_again(goal), Form(values), failed)


def _wire(values: dict[str, Any]) -> dict[str, Any]:
    """The form as the JSON door would have sent it; each box says which request, and which version of it was seen."""
    chosen = [dict(zip(("id", "version"), one.split("."), strict=False)) for one in values["chosen"]]
    return {name: value for name, value in values.items() if name != "chosen"} | {"bookings": chosen}


def _tell(outcomes: Sequence[Outcome], move: str) -> None:
    done = sum(one.problem is None for one in outcomes)
    if done and move == "approve":
        flash(ngettext("One request approved.", "%(num)d requests approved.", done), "good")
    elif done:
        flash(ngettext("One request rejected.", "%(num)d requests rejected.", done), "good")


def _asked(address: Mapping[str, str]) -> dict[str, Any]:
    given = {name: address[name] for name in (*FILTERS, "limit", "cursor") if address.get(name)}
    asked: dict[str, Any] = load(QueueIn(), given)
    return asked


def _again(goal: str) -> dict[str, Any]:
    """What was looked for on the page the form came from."""
    try:
        return _asked(dict(parse_qsl(urlsplit(goal).query)))
    except Invalid:
        return _asked({})


def _page(asked: dict[str, Any], form: Form, failed: dict[int, Problem] | None = None) -> str:
    who, now, sought = actor(), clock.now(), asked["sought"]
    statement = queue.waiting(who, now, sought)
    found = page(statement, Booking.decide_by, Booking.id, asked["limit"], asked["cursor"])
    kept = _kept(sought)
    return show(
        "booking/queue.html",
        "rows",
        items=dossier.of([Seen(*row) for row in found.items], now),
        left=lambda until: _left(until - now),
        more=url_for("bookings.queue", **kept, cursor=found.next) if found.next else None,
        here=url_for("bookings.queue", **kept, cursor=asked["cursor"]),
        sought={"values": kept},
        filtered=bool(kept),
        options=_options(queue.choices(who, now)),
        form=form,
        failed=_failures(failed or {}),
        beyond=standing_beyond.count_approved(who, now),
        words=words,
        rule_words=rules.RULE_WORDS,
        conduct_words=WHAT_WORDS,
        templates=REJECT_TEMPLATES,
        retry_key=new_key(),
    )


def _left(time: timedelta) -> Text:
    """What is left of it, in whole hours as long as there are many."""
    minutes = max(time // MINUTE, 0)
    return length(minutes if minutes < 120 else minutes // 60 * 60)


def _kept(sought: Sought) -> dict[str, Any]:
    """The filters as they stand in the address."""
    return {name: "true" if value is True else value for name, value in asdict(sought).items() if value}


def _options(found: Choices) -> dict[str, list[tuple[Any, str]]]:
    every = ("", _("All"))
    return {
        "site": [every, *((code, own(en, zh)) for code, en, zh in found.sites)],
        "category": [every, *((number, own(en, zh)) for number, en, zh in found.categories)],
        "instrument": [every, *((code, f"{code} {own(en, zh)}") for code, en, zh in found.instruments)],
        "company": [every, *((number, own(en, zh)) for number, en, zh in found.companies)],
    }


def _failures(failed: dict[int, Problem]) -> list[tuple[int, list[str]]]:
    """Which could not be answered, and every reason why."""
    return [
        (number, [say(reason.message) for reason in one.reasons] or [say(one.detail or one.title)])
        for number, one in failed.items()
    ]
