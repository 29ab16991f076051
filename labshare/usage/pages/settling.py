"""Years as pages: admins issue and close them, companies say what is wrong with their figures, admins answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema

from labshare.kernel import clock
from labshare.kernel.errors import Conflict, Forbidden, Invalid
from labshare.kernel.retry import Retry
from labshare.usage import access, corrections, objections, policy, rules, services, settlement
from labshare.usage.corrections import Line
from labshare.usage.models import Correction, Objection
from labshare.usage.objections import Raised
from labshare.usage.pages.frame import common, pages, this_year
from labshare.usage.schemas import AnswerObjectionIn, IssueIn, ObjectToYearIn, YearMoveIn
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import said, say
from labshare.web.paging import PageArguments, page
from labshare.web.retrying import form_retry, new_key

# ---------------------------------------------------------------- admins settle years


@pages.get("/usage/years")
@first(access.settler)
def years() -> str:
    """How far each year is settled, what stands in the way, and what was corrected since."""
    return _years(Form())


@pages.post("/usage/years/<int:year>/issue")
@first(access.settler_of)
def issue(year: int) -> Any:
    """Show the year's figures to its companies."""
    return _settled(
        year,
        IssueIn(),
        _("Issued; the companies are told."),
        lambda body, retry: services.issue(actor(), year, body["days"], body.get("version"), retry),
    )


@pages.post("/usage/years/<int:year>/withdraw")
@first(access.settler_of)
def withdraw(year: int) -> Any:
    """Make it a draft again."""
    return _settled(
        year,
        YearMoveIn(),
        _("Withdrawn; the year is a draft again."),
        lambda body, retry: services.withdraw(actor(), year, body.get("version"), retry),
    )


@pages.post("/usage/years/<int:year>/close")
@first(access.settler_of)
def close(year: int) -> Any:
    """Write its figures down for good."""
    return _settled(
        year,
        YearMoveIn(),
        _("Closed; the year's figures do not change any more."),
        lambda body, retry: services.close(actor(), year, version=body.get("version"), retry=retry),
    )


def _settled(year: int, schema: Schema, done: str, act: Callable[[dict[str, Any], Retry | None], Any]) -> Any:
    """Load the form by the JSON door's schema, act, go on; a refusal shows the years with every reason."""
    goal, values = url_for("usage.years"), fields_of("days", "version")
    try:
        act(load(schema, values), form_retry(goal))
    except (Invalid, Conflict) as problem:
        form = _refused({**values, "year": year}, problem)
        return make_response(_years(form), problem.status)
    flash(done, "good")
    return redirect(goal, 303)


def _refused(values: dict[str, Any], problem: Invalid | Conflict) -> Form:
    form = Form(values, said(problem.fields))
    form.refused = str(say(problem.detail or problem.title))
    form.reasons = [str(say(reason.message)) for reason in problem.reasons]
    return form


def _years(form: Form) -> str:
    who, now = actor(), clock.now()
    asked = load(PageArguments(), _cursor())
    lines = corrections.listed(who)
    some = page(lines, Correction.id, Correction.id, asked["limit"], asked["cursor"], newest_first=True)
    return show(
        "usage/years.html",
        "rows",
        **common(this_year()),
        settled=settlement.years(who, now),
        corrections=[Line(*row) for row in some.items],
        more=url_for("usage.years", cursor=some.next) if some.next else None,
        limits=rules,
        form=form,
        retry_key=new_key(),
    )


# ---------------------------------------------------------------- companies object, admins answer


@pages.get("/usage/years/<int:year>/objections", endpoint="objections")
@first(access.of_objections)
def objections_of(year: int) -> str:
    """What companies have against their figures of the year, and what they were answered; a company sees its own."""
    return _objections(year, Form())


@pages.post("/usage/years/<int:year>/objections")
@first(access.objector_to)
def object_to(year: int) -> Any:
    """Say what is wrong with your company's figures."""
    company_id = actor().company_id
    if company_id is None:
        raise Forbidden
    return _said(
        year,
        ObjectToYearIn(),
        _("The laboratory is told what you say."),
        lambda body, retry: services.object_to(actor(), year, company_id, body["text"], retry),
    )


@pages.post("/usage/objections/<id:objection_id>/answer")
@first(access.answerer_of)
def answer(objection_id: int) -> Any:
    """Say what the laboratory makes of an objection."""
    return _said(
        objections.one(actor(), objection_id).year,
        AnswerObjectionIn(),
        _("Answered; the company is told."),
        lambda body, retry: services.answer(actor(), objection_id, body["answer"], body.get("version"), retry),
        objection_id,
    )


def _said(
    year: int,
    schema: Schema,
    done: str,
    act: Callable[[dict[str, Any], Retry | None], Any],
    objection_id: int | None = None,
) -> Any:
    goal, values = url_for("usage.objections", year=year), fields_of("text", "answer", "version")
    try:
        act(load(schema, {name: value for name, value in values.items() if name in schema.fields}), form_retry(goal))
    except (Invalid, Conflict) as problem:
        form = _refused({**values, "objection": objection_id}, problem)
        return make_response(_objections(year, form), problem.status)
    flash(done, "good")
    return redirect(goal, 303)


def _objections(year: int, form: Form) -> str:
    who, now = actor(), clock.now()
    asked = load(PageArguments(), _cursor())
    statement = objections.listed(who, year)
    some = page(statement, Objection.id, Objection.id, asked["limit"], asked["cursor"], newest_first=True)
    one = settlement.year(who, year, now)
    is_theirs = who.company_id is not None and policy.may_object(who, who.company_id)
    return show(
        "usage/objections.html",
        "rows",
        **common(year),
        one=one,
        raised=[Raised(*row) for row in some.items],
        more=url_for("usage.objections", year=year, cursor=some.next) if some.next else None,
        may_object=is_theirs and not rules.objection_refusals(one.state, one.object_by, now),
        may_answer=policy.may_settle(who),
        form=form,
        retry_key=new_key(),
    )


def _cursor() -> dict[str, str]:
    is_read = request.method == "GET" and request.args.get("cursor")
    return {"cursor": request.args["cursor"]} if is_read else {}
