"""The waiting list as a page: where one stands in line, and the way out; joined from the form that asks for time."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _

from labshare.booking import access, policy, services, waitlist
from labshare.booking.models import ASKED, IN_LINE, WAIT_STATES, WaitlistEntry
from labshare.booking.pages.asking import FIELDS, again, instrument_of, wired
from labshare.booking.pages.frame import pages
from labshare.booking.pages.listing import tabs
from labshare.booking.schemas import WaitIn
from labshare.booking.sentences import WAIT_WORDS
from labshare.booking.waitlist import Wait
from labshare.kernel.errors import Conflict, Invalid
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import show
from labshare.web.i18n import say
from labshare.web.paging import page
from labshare.web.retrying import form_retry, new_key

TONES = {
    "waiting": "wait",
    "offered": "wait",
    "taken": "good",
    "passed": "neutral",
    "left": "neutral",
    "over": "neutral",
}
OPEN = {IN_LINE, ASKED}


@pages.get("/waitlist", endpoint="waitlist")
def waits() -> str:
    """The places in line the actor may see, the newest first; those that are open where no state is asked for."""
    return _page()


def _page(refused: str = "") -> str:
    who, state = actor(), request.args.get("state", "")
    state = state if state in WAIT_STATES else ""
    statement = waitlist.listed(who, [state] if state else OPEN)
    created, number = WaitlistEntry.created_at, WaitlistEntry.id
    found = page(statement, created, number, 50, request.args.get("cursor"), newest_first=True)
    items = [Wait(*row) for row in found.items]
    return show(
        "booking/waitlist.html",
        "rows",
        items=items,
        mine={one.id for one in items if one.state == IN_LINE and policy.may_leave(who, one)},
        more=url_for("bookings.waitlist", state=state or None, cursor=found.next) if found.next else None,
        tabs=tabs("waitlist"),
        states=[("", _("Open")), *((one, say(WAIT_WORDS[one])) for one in WAIT_STATES)],
        chosen={"values": {"state": state}},
        wait_words=WAIT_WORDS,
        wait_tones=TONES,
        refused=refused,
        retry_key=new_key(),
    )


@pages.post("/waitlist")
def join() -> Any:
    """Wait for the time the form asks for; a refusal shows the form again with every reason."""
    values = fields_of(*FIELDS)
    try:
        known = instrument_of(values)
    except Invalid as problem:
        return again(None, values, problem)
    try:
        draft = load(WaitIn(), wired(known, values))
        services.join(actor(), draft, form_retry(url_for("bookings.waitlist")))
    except (Invalid, Conflict) as problem:
        return again(known, values, problem)
    flash(_("You stand in line: should the time become free, it is held for you and you are told."), "good")
    return redirect(url_for("bookings.waitlist"), 303)


@pages.post("/waitlist/<id:wait_id>/leave")
@first(access.leaver_of)
def leave(wait_id: int) -> Any:
    """Wait no more."""
    try:
        services.leave(actor(), wait_id, form_retry(url_for("bookings.waitlist")))
    except Conflict as problem:
        return make_response(_page(say(problem.detail or problem.title)), problem.status)
    flash(_("You do not wait for this time any more."), "good")
    return redirect(url_for("bookings.waitlist"), 303)
