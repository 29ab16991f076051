"""The form in which admins set allowances: a row for each, and some blank ones; an emptied row goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import Response, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import Schema

from labshare.instruments import queries as catalogue
from labshare.kernel.errors import Conflict, Invalid, Problem
from labshare.people import queries as people
from labshare.quotas import naming, queries, rules, services, watch, words
from labshare.quotas.allowances import Caps
from labshare.quotas.models import ALL, CATEGORY, EXCEEDED, INSTRUMENT, PERIODS, SITE
from labshare.quotas.naming import NAMED
from labshare.quotas.pages.frame import pages, setter
from labshare.quotas.queries import Item, Set
from labshare.quotas.schemas import AllowancesIn, DefaultIn
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import own, said, say

BLANK = 3
MOST_ROWS = rules.MOST_ALLOWANCES + BLANK
COLUMNS = {"period": "period", "hours": "hours", "when_exceeded": "then", "valid_from": "from", "valid_to": "to"}
CAPS = {"company": "company_cap", "person": "person_cap"}


@pages.get("/companies/<id:company_id>/allowances")
@first(setter)
def allowances(company_id: int) -> str:
    """What the company may use, to be set."""
    found = queries.allowances_of(actor(), company_id)
    return _page(found, _values(found), company_id)


@pages.post("/companies/<id:company_id>/allowances")
@first(setter)
def set_allowances(company_id: int) -> Response:
    """Set what the company may use, or let it follow the default again."""

    def act(body: dict[str, Any]) -> None:
        items = None if body["follows"] else naming.terms(body["items"])
        services.set_allowances(actor(), company_id, items, Caps(**body["caps"]), body["version"])

    def told() -> None:
        beyond = [one for one in watch.beyond_limit() if one.company_id == company_id]
        flash(_("The allowances are set."), "good")
        if beyond:
            flash(_beyond(len(beyond)), "wait")

    found = queries.allowances_of(actor(), company_id)
    return _set(found, AllowancesIn(), act, told, company_id)


@pages.get("/accounts/default")
@first(setter)
def default() -> str:
    """What companies without allowances of their own may use, to be set."""
    found = queries.default()
    return _page(found, _values(found), None)


@pages.post("/accounts/default")
@first(setter)
def set_default() -> Response:
    """Set it; the clockwork carries it to those who follow."""

    def act(body: dict[str, Any]) -> None:
        services.set_default(actor(), naming.terms(body["items"]), Caps(**body["caps"]), body["version"])

    def told() -> None:
        flash(_("The default is set; every company that follows it has it within minutes."), "good")

    return _set(queries.default(), DefaultIn(), act, told, None)


def _beyond(count: int) -> str:
    return ngettext(
        "In %(num)d period more is spoken for than is allowed now: the newest requests become over quota, "
        "what is approved stays and is listed among the accounts.",
        "In %(num)d periods more is spoken for than is allowed now: the newest requests become over quota, "
        "what is approved stays and is listed among the accounts.",
        count,
    )


def _set(
    found: Set, schema: Schema, act: Callable[[dict[str, Any]], None], told: Callable[[], None], company_id: int | None
) -> Response:
    """Load the form by the JSON door's schema, act, go on; a refusal shows the form with what is wrong."""
    wire, rows = _sent()
    try:
        if "version" not in wire:
            raise Invalid(fields={"version": [_("Please open this form afresh.")]})
        act(load(schema, wire))
    except (Invalid, Conflict) as problem:
        form = Form(request.form.to_dict(), _errors(problem, rows))
        form.refused = say(problem.detail or problem.title)
        return make_response(_page(found, form, company_id), problem.status)
    told()
    if company_id is None:
        return redirect(url_for("accounts.overview"), 303)  # type: ignore[return-value]  # as everywhere
    return redirect(url_for("accounts.statement", company_id=company_id), 303)  # type: ignore[return-value]


def _sent() -> tuple[dict[str, Any], list[int]]:
    """The form as the JSON door would have sent it, and in which row of the form each item stands."""
    form = {name: value.strip() for name, value in request.form.items()}
    version = {"version": form["version"]} if form.get("version") else {}
    if form.get("follows"):
        return {"follows": form["follows"], **version}, []
    rows = [row for row in _rows(form) if row < MOST_ROWS and form[f"hours-{row}"]]
    caps = {cap: form.get(name) or None for cap, name in CAPS.items()}
    return {"items": [_item(form, row) for row in rows], "caps": caps, **version}, rows


def _rows(form: Iterable[str]) -> list[int]:
    """The rows a form has, each called by one name alone."""
    return sorted(int(found[1]) for name in form if (found := re.fullmatch("hours-(0|[1-9][0-9]{0,2})", name)))


def _item(form: Mapping[str, str], row: int) -> dict[str, Any]:
    scope, _colon, name = form.get(f"what-{row}", ALL).partition(":")
    item: dict[str, Any] = {"scope": scope}
    if scope in NAMED:
        item[scope] = int(name) if scope == CATEGORY and re.fullmatch("[0-9]{1,17}", name) else name
    for field, column in COLUMNS.items():
        if value := form.get(f"{column}-{row}"):
            item[field] = value
    return item


def _errors(problem: Problem, rows: Sequence[int]) -> dict[str, Any]:
    """What is wrong, by the form's own fields."""
    errors: dict[str, Any] = {}
    for name, messages in said(problem.fields).items():
        if name == "items" and isinstance(messages, Mapping):
            for number, wrong in messages.items():
                for field, text in wrong.items():
                    errors.setdefault(f"{COLUMNS.get(field, 'what')}-{rows[int(number)]}", text)
        elif name == "caps" and isinstance(messages, Mapping):
            errors |= {CAPS[str(cap)]: text for cap, text in messages.items()}
        else:
            errors[name] = messages
    return errors


def _values(found: Set) -> Form:
    """The set as the form shows it."""
    values: dict[str, Any] = {}
    for row, item in enumerate(found.items):
        one = item.terms
        values[f"what-{row}"] = _thing(item)
        values[f"hours-{row}"] = f"{(one.minutes or 0) / 60:.15g}"
        values |= {f"period-{row}": one.period, f"then-{row}": one.when_exceeded}
        values |= {f"from-{row}": one.valid_from or "", f"to-{row}": one.valid_to or ""}
    caps = (found.caps.company, found.caps.person)
    values |= {name: "" if cap is None else cap for name, cap in zip(CAPS.values(), caps, strict=True)}
    return Form(values)


def _page(found: Set, form: Form, company_id: int | None) -> str:
    rows = range(min(MOST_ROWS, max([len(found.items) + BLANK, *(row + 1 for row in _rows(form.values))])))
    return show(
        "quotas/allowances.html",
        None,
        company=None if company_id is None else people.company(actor(), company_id),
        found=found,
        form=form,
        rows=rows,
        things=_things(found),
        periods=[(one, say(words.EACH[one])) for one in PERIODS],
        thens=[(one, say(words.THEN[one])) for one in EXCEEDED],
    )


def _things(found: Set) -> list[tuple[str, str]]:
    """Everything an allowance can be about, and what those of this set are about, in service or not."""
    things = [
        (ALL, say(words.SCOPES[ALL])),
        *((f"{SITE}:{one.code}", own(one.name_en, one.name_zh)) for one in catalogue.sites()),
        *((f"{CATEGORY}:{one.id}", own(one.name_en, one.name_zh)) for one in catalogue.categories()),
        *(
            (f"{INSTRUMENT}:{one.code}", f"{one.code} · {own(one.name_en, one.name_zh)}")
            for one in catalogue.known_in_service()
        ),
    ]
    there = {thing for thing, _words in things}
    more = [(_thing(item), item.scope_code) for item in found.items if _thing(item) not in there]
    return things + more


def _thing(item: Item) -> str:
    """The value of the select that stands for what an allowance is about."""
    if item.terms.scope == ALL:
        return ALL
    name = item.terms.scope_id if item.terms.scope == CATEGORY else item.scope_code
    return f"{item.terms.scope}:{name}"
