"""The conduct record of a company as its people and the laboratory's staff read it: objections and lifts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema

from labshare.booking import access, conduct, policy, services
from labshare.booking.conduct import Barred, Entry
from labshare.booking.models import HELD_AGAINST, ConductEntry
from labshare.booking.pages.frame import pages
from labshare.booking.rules import conduct as rules
from labshare.booking.schemas.conduct import LiftIn, ObjectIn
from labshare.kernel import clock
from labshare.kernel.errors import N_, Conflict, Invalid
from labshare.people import queries as people
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import said, say
from labshare.web.paging import PageArguments, page
from labshare.web.retrying import form_retry, new_key

TABS = {"live": N_("Counts still"), "all": N_("All")}


@pages.get("/companies/<id:company_id>/conduct", endpoint="conduct")
@first(access.reader_of)
def record(company_id: int) -> str:
    """How a company stands, by the published rules; what is held against its people, and what they say to it."""
    return _page(company_id, Form())


@pages.post("/conduct/<id:entry_id>/object")
@first(access.objector_to)
def object_to(entry_id: int) -> Any:
    """Say why it should not be held against anybody."""
    return _answered(
        conduct.entry(actor(), entry_id),
        ObjectIn(),
        _("The laboratory is told what you say."),
        lambda body, retry: services.object_to(actor(), entry_id, body["objection"], body.get("version"), retry),
    )


@pages.post("/conduct/<id:entry_id>/lift")
@first(access.lifter_of)
def lift_entry(entry_id: int) -> Any:
    """Let it count no more."""
    return _answered(
        conduct.entry(actor(), entry_id),
        LiftIn(),
        _("Lifted; it counts no more."),
        lambda body, retry: services.lift_entry(actor(), entry_id, body["reason"], body.get("version"), retry),
    )


@pages.post("/restrictions/<id:restriction_id>/lift")
@first(access.ender_of)
def lift_restriction(restriction_id: int) -> Any:
    """Let them ask again before its end."""
    return _answered(
        conduct.restriction(actor(), restriction_id),
        LiftIn(),
        _("Lifted; they may ask for time again."),
        lambda body, retry: services.lift_restriction(
            actor(), restriction_id, body["reason"], body.get("version"), retry
        ),
    )


def _answered(about: Entry | Barred, schema: Schema, done: str, act: Callable[[dict[str, Any], Any], Any]) -> Any:
    """Load the form by the JSON door's schema, act, go on; a refusal shows the record with what is wrong."""
    goal = url_for("bookings.conduct", company_id=about.company_id)
    values = fields_of("objection", "reason", "version")
    try:
        act(load(schema, {name: value for name, value in values.items() if name in schema.fields}), form_retry(goal))
    except (Invalid, Conflict) as problem:
        kind = "entry" if isinstance(about, Entry) else "restriction"
        form = Form({**values, kind: about.id}, said(problem.fields))
        form.refused = say(problem.detail or problem.title)
        return make_response(_page(about.company_id, form), problem.status)
    flash(done, "good")
    return redirect(goal, 303)


def _page(company_id: int, form: Form) -> str:
    who, now = actor(), clock.now()
    tab = request.args.get("tab", "live")
    tab = tab if tab in TABS else "live"
    given = {name: request.args[name] for name in ("cursor",) if name in request.args}
    asked = load(PageArguments(), given if request.method == "GET" else {})
    statement = conduct.listed(who, company_id, live_at=now if tab == "live" else None)
    found = page(statement, ConductEntry.id, ConductEntry.id, asked["limit"], asked["cursor"], newest_first=True)
    here: dict[str, Any] = {"company_id": company_id}
    more = url_for("bookings.conduct", **here, tab=tab, cursor=found.next) if found.next else None
    tally, each = conduct.standings_in(company_id, now)
    running = conduct.running_in(company_id, now)
    return show(
        "booking/conduct.html",
        "rows",
        company=people.company(who, company_id),
        held=[Entry(*row) for row in found.items],
        more=more,
        tabs=[(url_for("bookings.conduct", **here, tab=name), words, name == tab) for name, words in TABS.items()],
        tally=tally,
        people=each,
        running=running,
        barred={one.person_id: one for one in running},
        rules=rules,
        whats=HELD_AGAINST,
        now=now,
        form=form,
        may_object=lambda one: policy.may_object(who, one) and not rules.objection_refusals(one, now),
        may_lift=lambda one: policy.may_lift(who, one) and not rules.lift_refusals(one, now),
        may_end=policy.may_lift_restriction(who),
        manages=who.manages,
        retry_key=new_key(),
    )
