"""An instrument breaks down, and works again: the list, and a form made for a phone in front of the instrument."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _

from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel.db import rows
from labshare.kernel.errors import Conflict, Invalid
from labshare.maintenance import access, queries, services
from labshare.maintenance.models import Outage
from labshare.maintenance.pages import frame
from labshare.maintenance.pages.frame import pages
from labshare.maintenance.queries import Broken
from labshare.maintenance.schemas import OutageIn, OutagesIn, RepairedIn
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.paging import page
from labshare.web.retrying import form_retry, new_key
from labshare.web.wall import as_moment

FIELDS = ("note", "expected_until")


@pages.get("/maintenance/outages")
@first(access.planner)
def outages() -> str:
    """What is broken now, and below what was, the newest first."""
    asked = {"cursor": request.args["cursor"]} if request.args.get("cursor") else {}
    said = load(OutagesIn(), asked)
    broken = [] if asked else rows(queries.outages(actor(), is_open=True).order_by(Outage.began_at, Outage.id))
    over = queries.outages(actor(), is_open=False)
    found = page(over, Outage.began_at, Outage.id, said["limit"], said["cursor"], newest_first=True)
    return show(
        "maintenance/outages.html",
        "rows",
        broken=[Broken(*row) for row in broken],
        items=[Broken(*row) for row in found.items],
        more=url_for("maintenance.outages", cursor=found.next) if found.next else None,
        sections=frame.sections("maintenance.outages"),
    )


@pages.get("/instruments/<code>/outage")
@first(access.keeper_of)
def outage(code: str) -> str:
    """What somebody with a phone needs in front of a broken instrument, or of one that works again."""
    return _page(catalogue.known(code), Form())


@pages.post("/instruments/<code>/outage/preview")
@first(access.keeper_of)
def preview_outage(code: str) -> Any:
    """Whom it hits if it lasts so long."""
    known, values = catalogue.known(code), fields_of(*FIELDS)
    try:
        said = load(OutageIn(), _wire(known, values))
    except Invalid as problem:
        return make_response(_page(known, frame.refused(values, problem)), problem.status)
    return _page(known, Form(values), said["expected_until"])


@pages.post("/instruments/<code>/outage")
@first(access.keeper_of)
def report(code: str) -> Any:
    """It is broken from now on."""
    known, values = catalogue.known(code), fields_of(*FIELDS)
    goal = url_for("maintenance.outage", code=code)
    try:
        said = load(OutageIn(), _wire(known, values))
        services.report(actor(), code, said["note"], said["expected_until"], form_retry(goal))
    except (Invalid, Conflict) as problem:
        return make_response(_page(known, frame.refused(values, problem)), problem.status)
    flash(_("Out of service from now on; who is hit is told."), "wait")
    return redirect(goal, 303)


def _wire(known: Known, values: dict[str, str]) -> dict[str, Any]:
    """The form as the JSON door would have sent it."""
    wire: dict[str, Any] = {**values, "instrument": known.code}
    if "expected_until" in wire:
        wire["expected_until"] = as_moment(wire["expected_until"], known.zone)
    return wire


@pages.post("/outages/<id:outage_id>/repaired")
@first(access.mender_of)
def repaired(outage_id: int) -> Any:
    """It works again."""
    broken, values = queries.outage(actor(), outage_id), fields_of("remedy", "version")
    goal = url_for("maintenance.outage", code=broken.code)
    try:
        services.repaired(actor(), outage_id, **load(RepairedIn(), values), retry=form_retry(goal))
    except (Invalid, Conflict) as problem:
        known = catalogue.known_by_id(broken.instrument_id)
        return make_response(_page(known, frame.refused(values, problem)), problem.status)
    flash(_("It works again; the rest of its time is free."), "good")
    return redirect(goal, 303)


def _page(known: Known, form: Form, until: Any = None) -> str:
    broken = queries.open_outage_of(known.id)
    foreseen = None
    if broken is None and not form.errors:
        foreseen = frame.told(services.preview_report(actor(), known.code, until))
    return show(
        "maintenance/outage.html",
        "preview",
        known=known,
        broken=broken,
        found=foreseen,
        form=form,
        retry_key=new_key(),
    )
