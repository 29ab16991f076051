"""A company's account as a statement: what it may use, what stands in it, and every line; and its extension."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, make_response, redirect, request, url_for
from flask_babel import gettext as _

from labshare.instruments import queries as catalogue
from labshare.kernel import clock
from labshare.kernel.errors import N_, Conflict, Invalid, NotFound
from labshare.people import queries as people
from labshare.quotas import policy, queries, services, words
from labshare.quotas.models import YEAR, Line
from labshare.quotas.naming import Names
from labshare.quotas.pages.frame import label, pages, seen, setter, signed
from labshare.quotas.queries import Sought, Standing
from labshare.quotas.rules import AHEAD
from labshare.quotas.schemas import FIRST_YEAR, LAST_YEAR, AccountIn, ExtendIn
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import LOCAL, own, said, say
from labshare.web.paging import page
from labshare.web.retrying import form_retry, new_key
from labshare.web.undoing import flash_undoable

FILTERS = ("year", "allowance", "instrument", "person")


@pages.get("/hours", endpoint="own")
def own_account() -> Any:
    """To my own company's account."""
    company_id = actor().company_id
    if company_id is None:
        raise NotFound
    return redirect(url_for("accounts.statement", company_id=company_id), 303)


@pages.get("/companies/<id:company_id>/account")
@first(seen)
def statement(company_id: int) -> str:
    """The account in a year, with its lines by what is asked."""
    asked = {name: value for name in (*FILTERS, "cursor") if (value := request.args.get(name, "").strip())}
    return _page(company_id, asked, Form())


@pages.post("/companies/<id:company_id>/account/extend")
@first(setter)
def extend(company_id: int) -> Response:
    """Add hours to one period of an allowance, or take back what was added."""
    values = fields_of("allowance", "hours", "reason")
    asked: dict[str, Any] = fields_of("year")
    load(AccountIn(), asked)  # the year is no field of this form: one that is none has no page to show again
    here = url_for("accounts.statement", company_id=company_id, **asked)
    try:
        wanted = load(ExtendIn(), values)
        services.extend(
            *(actor(), company_id, wanted["allowance"], wanted["hours"], wanted["reason"]), retry=form_retry(here)
        )
    except (Invalid, Conflict) as problem:
        form = Form(values, said(problem.fields))
        form.refused = say(problem.detail or problem.title)
        return make_response(_page(company_id, asked, form), problem.status)
    typed, more = values["hours"], wanted["hours"] > 0
    done = _("The allowance is extended.") if more else _("The extension is taken back.")
    back = {**values, **asked, "hours": f"-{typed}" if more else typed.removeprefix("-")}
    back |= {"reason": _("Undone at once."), "retry_key": new_key()}
    flash_undoable(done, url_for("accounts.extend", company_id=company_id), back)
    return redirect(here, 303)  # type: ignore[return-value]  # werkzeug's and Flask's Response are one here


def _page(company_id: int, asked: dict[str, str], form: Form) -> str:
    now = clock.now()
    given = load(AccountIn(), asked)
    year = given["year"] or now.astimezone(LOCAL).year
    found = queries.statement(actor(), company_id, year)
    shown, coming, others = _sorted(found.standings, year, now)
    names = Names((one.scope, one.scope_id) for one in found.standings)
    sought = Sought(year, given["allowance"], given["instrument"], given["person"])
    lines = queries.lines(actor(), company_id, sought)
    some = page(lines, Line.id, Line.id, given["limit"], given["cursor"], newest_first=True)
    kept: dict[str, Any] = {name: asked.get(name) for name in FILTERS} | {"year": year}
    more = url_for("accounts.statement", company_id=company_id, **kept, cursor=some.next) if some.next else None
    return show(
        "quotas/statement.html",
        "lines",
        account=found,
        running=shown,
        coming=coming,
        others=others,
        lines=some.items,
        more=more,
        filters={"values": kept},
        years=_years(company_id, year, now),
        allowances=[
            ("", _("The whole year")),
            *((one.id, _period_of(names, one)) for one in (*shown, *coming, *others)),
        ],
        instruments=[("", _("All")), *_instruments(given["instrument"])],
        people=[("", _("All")), *_people(company_id, given["person"])],
        filtered=any(kept[name] for name in FILTERS if name != "year"),
        form=form,
        may_set=policy.may_set(actor()),
        label=lambda one: label(names, one),
        words=words,
        signed=signed,
        retry_key=new_key(),
    )


def _sorted(
    standings: Sequence[Standing], year: int, now: datetime
) -> tuple[list[Standing], list[Standing], list[Standing]]:
    """The periods to show first: those that run, of another year the whole ones; the year's next of each limit;
    and of the rest those with a story."""
    today = now.astimezone(LOCAL).date()
    first_of_all = [
        one for one in standings if one.starts_on <= today < one.ends_on or (one.period == YEAR and year != today.year)
    ]
    coming: dict[int, Standing] = {}  # in the order of their days
    for one in standings:
        if one.starts_on > today and one.withdrawn_at is None and one not in first_of_all:
            coming.setdefault(one.allowance_id, one)
    told = [*first_of_all, *coming.values()]
    rest = [one for one in standings if one not in told and (one.held or one.used or one.extended)]
    return first_of_all, list(coming.values()), rest


def _years(company_id: int, year: int, now: datetime) -> list[tuple[int, int]]:
    """The years the company's account has, and the one asked for."""
    came = people.company(actor(), company_id).created_at
    last = min((now + AHEAD).year, LAST_YEAR)
    years = {year, *range(max(came.astimezone(LOCAL).year, FIRST_YEAR), last + 1)}
    return [(one, one) for one in sorted(years, reverse=True)]


def _period_of(names: Names, one: Standing) -> str:
    return f"{label(names, one)} · {say(words.period(one.period, one.starts_on))}"


def _instruments(chosen: str | None) -> list[tuple[str, str]]:
    found = [(one.code, f"{one.code} · {own(one.name_en, one.name_zh)}") for one in catalogue.known_in_service()]
    return found if chosen in (None, *(code for code, _name in found)) else [*found, (str(chosen), str(chosen))]


def _people(company_id: int, chosen: int | None) -> list[tuple[int, str]]:
    found = [(one.id, one.name) for one in people.colleagues(actor(), company_id)]
    if chosen is None or chosen in dict(found):
        return found
    return [*found, (chosen, str(say(N_("Somebody who left"))))]
