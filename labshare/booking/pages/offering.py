"""The company's answer to a displaced booking: take the time that is held, take another, or do without."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, url_for
from flask_babel import gettext as _

from labshare.booking import access, lifecycle, services
from labshare.booking.pages.answering import answered
from labshare.booking.pages.frame import offers, pages
from labshare.booking.pages.listing import booking_page
from labshare.booking.schemas import AcceptIn, VersionIn
from labshare.kernel.errors import Conflict, Invalid
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form
from labshare.web.i18n import said, say
from labshare.web.retrying import form_retry


@pages.post("/bookings/<id:booking_id>/accept")
@first(access.mover("accept"))
def accept(booking_id: int) -> Any:
    """Take the time that is held, or another free one; goes on to the new booking."""
    goal = url_for("bookings.show", booking_id=0)[:-1] + "{id}"
    try:
        wish = load(AcceptIn(), fields_of("instrument", "starts_at", "ends_at"))
        seen = services.accept(actor(), booking_id, wish, form_retry(goal))
    except (Invalid, Conflict) as problem:
        form = Form({}, said(problem.fields))
        form.refused = say(problem.detail or problem.title)
        form.reasons = [say(reason.message) for reason in problem.reasons]
        form.offers = offers(problem.alternatives, "")
        return make_response(booking_page(booking_id, form), problem.status)
    if seen.state == "approved":
        flash(_("The time is yours."), "good")
    elif seen.awaiting == lifecycle.COMPANY:
        flash(_("The time is held for you until your company's admin answers."), "good")
    else:
        flash(_("The time is held for you until the laboratory answers."), "good")
    return redirect(url_for("bookings.show", booking_id=seen.id), 303)


@pages.post("/bookings/<id:booking_id>/decline")
@first(access.mover("decline"))
def decline(booking_id: int) -> Any:
    """Do without another time."""
    return answered(
        booking_id,
        VersionIn(),
        _("Done without; what was held is free again."),
        lambda _body, retry: services.decline(actor(), booking_id, retry),
    )
