"""Taking instruments, channels and companies out of the booking, as pages: shown first, then done in one act."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _

from labshare.instruments import queries as catalogue
from labshare.kernel.errors import Conflict, Invalid
from labshare.maintenance import access, services
from labshare.maintenance.pages import frame
from labshare.maintenance.pages.frame import pages
from labshare.maintenance.schemas import ChannelsIn, SuspensionIn
from labshare.people import queries as people
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.retrying import form_retry, new_key


@pages.get("/instruments/<code>/retirement")
@first(access.keeper_of)
def retirement(code: str) -> str:
    """What retiring the instrument would do."""
    return _retirement(code, Form())


@pages.post("/instruments/<code>/retirement")
@first(access.keeper_of)
def retire(code: str) -> Any:
    """Retire it, with everything that does."""
    goal = url_for("instruments.show", code=code)
    try:
        services.withdraw(actor(), code, retry=form_retry(goal))
    except Conflict as problem:
        return make_response(_retirement(code, frame.refused({}, problem)), problem.status)
    flash(_("%(code)s is retired.", code=code), "good")
    return redirect(goal, 303)


def _retirement(code: str, form: Form) -> str:
    found = frame.told(services.preview_withdrawal(actor(), code))
    known = catalogue.known(code)
    return show("maintenance/retirement.html", known=known, form=form, found=found, retry_key=new_key())


@pages.get("/instruments/<code>/channels")
@first(access.keeper_of)
def channels(code: str) -> Any:
    """How many channels are left, and what that would do."""
    values = {"channels": request.args["channels"]} if request.args.get("channels") else {}
    if not values:
        return _channels(code, Form())
    try:
        left = load(ChannelsIn(), values)["channels"]
        found = frame.told(services.preview_withdrawal(actor(), code, left))
    except Invalid as problem:
        return make_response(_channels(code, frame.refused(values, problem)), problem.status)
    return _channels(code, Form(values), found)


@pages.post("/instruments/<code>/channels")
@first(access.keeper_of)
def take_channels(code: str) -> Any:
    """Leave it so many channels, with everything that does."""
    values, goal = fields_of("channels"), url_for("instruments.show", code=code)
    try:
        services.withdraw(actor(), code, load(ChannelsIn(), values)["channels"], form_retry(goal))
    except (Invalid, Conflict) as problem:
        return make_response(_channels(code, frame.refused(values, problem)), problem.status)
    flash(_("%(code)s has fewer channels now.", code=code), "good")
    return redirect(goal, 303)


def _channels(code: str, form: Form, found: dict[str, Any] | None = None) -> str:
    known = catalogue.known(code)
    return show("maintenance/channels.html", known=known, form=form, found=found, retry_key=new_key())


@pages.get("/companies/<id:company_id>/suspension")
@first(access.suspender)
def suspension(company_id: int) -> str:
    """What suspending the company would take back."""
    return _suspension(company_id, Form())


@pages.post("/companies/<id:company_id>/suspension")
@first(access.suspender)
def suspend(company_id: int) -> Any:
    """Suspend it, with everything that does."""
    values, goal = fields_of("reason"), url_for("people.company", company_id=company_id)
    try:
        services.suspend(actor(), company_id, load(SuspensionIn(), values)["reason"], form_retry(goal))
    except (Invalid, Conflict) as problem:
        return make_response(_suspension(company_id, frame.refused(values, problem)), problem.status)
    flash(_("The company may not book for now."), "good")
    return redirect(goal, 303)


def _suspension(company_id: int, form: Form) -> str:
    found = frame.told(services.preview_suspension(actor(), company_id))
    company = people.company(actor(), company_id)
    return show("maintenance/suspension.html", company=company, form=form, found=found, retry_key=new_key())
