"""The forms that change a booking: approve, offer another time, reject, cancel, move."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema

from labshare.booking import access, queries, rules, services
from labshare.booking.free import Alternative
from labshare.booking.pages.frame import offers, pages
from labshare.booking.pages.listing import booking_page
from labshare.booking.schemas import ApproveIn, MoveIn, OfferIn, RejectIn, VersionIn
from labshare.instruments import queries as catalogue
from labshare.kernel.errors import Conflict, Invalid
from labshare.kernel.slots import Slot
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first, safe_next
from labshare.web.htmx import Form, renews
from labshare.web.i18n import said, say, span
from labshare.web.retrying import form_retry
from labshare.web.wall import as_local, as_moment

FIELDS = ("reason", "starts_at", "ends_at", "person", "samples", "note", "problem", "version")


@pages.post("/bookings/<id:booking_id>/approve")
@first(access.mover("approve"))
def approve(booking_id: int) -> Any:
    """Say yes."""
    return answered(
        booking_id,
        ApproveIn(),
        _("Approved."),
        lambda body, retry: services.approve(
            actor(), booking_id, body.get("reason", ""), body.get("version"), retry, waive=body["waive"]
        ),
    )


@pages.post("/bookings/<id:booking_id>/offer")
@first(access.mover("offer"))
def offer(booking_id: int) -> Any:
    """Say yes to another time."""
    return answered(
        booking_id,
        OfferIn(),
        _("Offered; the company has to accept it."),
        lambda body, retry: services.offer(
            *(actor(), booking_id, Slot(body["starts_at"], body["ends_at"])),
            *(body.get("reason", ""), body["waive"], body.get("version"), retry),
        ),
        instead=lambda found: _on_its_page(booking_id, "answer", found),
    )


def _on_its_page(booking_id: int, form: str, found: Iterable[Alternative]) -> list[dict[str, str]]:
    """Other times on the same instrument as links that fill this form on the booking's page."""
    known = catalogue.known_by_id(queries.seen(actor(), booking_id).instrument_id)
    return [
        {
            "href": url_for(
                "bookings.show",
                booking_id=booking_id,
                starts_at=as_local(one.slot.start, known.zone),
                ends_at=as_local(one.slot.end, known.zone),
                _anchor=form,
            ),
            "label": span(one.slot.start, one.slot.end, known.zone),
        }
        for one in found
        if one.instrument.id == known.id
    ]


@pages.post("/bookings/<id:booking_id>/reject")
@first(access.mover("reject"))
def reject(booking_id: int) -> Any:
    """Say no, and why."""
    return answered(
        booking_id,
        RejectIn(),
        _("Rejected; the time is free again."),
        lambda body, retry: services.reject(actor(), booking_id, body["reason"], body.get("version"), retry),
    )


@pages.post("/bookings/<id:booking_id>/cancel")
@first(access.mover("cancel"))
def cancel(booking_id: int) -> Any:
    """Give the time back."""
    return answered(
        booking_id,
        VersionIn(),
        _("Cancelled; the time is free again."),
        lambda body, retry: services.cancel(actor(), booking_id, body.get("version"), retry),
    )


@pages.post("/bookings/<id:booking_id>/move")
@first(access.mover("move"))
def move(booking_id: int) -> Any:
    """Ask for another time."""
    return answered(
        booking_id,
        MoveIn(),
        _("Moved."),
        lambda body, retry: services.move(
            actor(), booking_id, Slot(body["starts_at"], body["ends_at"]), body.get("version"), retry
        ),
        instead=lambda found: _on_its_page(booking_id, "move", found),
    )


def answered(
    booking_id: int,
    schema: Schema,
    done: str,
    act: Callable[[dict[str, Any], Any], Any],
    instead: Callable[[list[Alternative]], list[dict[str, str]]] = lambda found: offers(found, ""),
) -> Any:
    """Load the form by the JSON door's schema, act, go on; a refusal shows the booking with what is wrong.

    And what can be had `instead`, as links.
    """
    here = url_for("bookings.show", booking_id=booking_id)
    goal = safe_next(request.form.get("next"), here)
    values: dict[str, Any] = fields_of(*FIELDS)
    zone = queries.seen(actor(), booking_id).tz
    wire: dict[str, Any] = {
        name: as_moment(value, zone) if name.endswith("_at") else value for name, value in values.items()
    }
    wire["waive"] = values["waive"] = request.form.getlist("waive")
    wire = {name: value for name, value in wire.items() if name in schema.fields}
    try:
        act(load(schema, wire), form_retry(goal))
    except (Invalid, Conflict) as problem:
        form = Form(values, said(problem.fields))
        form.refused = say(problem.detail or problem.title)
        form.reasons = [say(reason.message) for reason in problem.reasons]
        form.waivable = [(code, say(why)) for code, why in rules.waivable(problem.reasons, values["waive"]).items()]
        form.offers = instead(problem.alternatives)
        if renews():  # a page that is open, the timeline, says it in its own place
            return make_response(render_template("booking/refused.html", form=form), problem.status)
        return make_response(booking_page(booking_id, form), problem.status)
    if not renews():
        flash(done, "good")
    return redirect(goal, 303)
