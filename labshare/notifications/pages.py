"""The inbox, what is mailed to whom, and for admins the mails that never arrived."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from labshare.kernel.errors import Problem
from labshare.notifications import queries, recipes, services, ways, wording
from labshare.notifications.models import DEAD, STATES, Delivery, Message
from labshare.notifications.policy import require_admin
from labshare.notifications.queries import Mail, Shown, require_mail, require_message
from labshare.notifications.schemas import ChoicesIn, DeliveriesIn, ReadIn
from labshare.web.bodies import form, load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import LOCAL, say
from labshare.web.paging import page

pages = Blueprint("inbox", __name__, template_folder="templates")
EACH = 50


@pages.get("/inbox")
def listed() -> str:
    """What others did that concerns the actor, newest first."""
    wanted = queries.messages(actor(), unread="unread" in request.args)
    found = page(wanted, Message.id, Message.id, EACH, request.args.get("cursor"), newest_first=True)
    items = [_line(one) for one in queries.shown(found.items)]
    kept: dict[str, Any] = {"unread": 1} if "unread" in request.args else {}
    more = url_for("inbox.listed", cursor=found.next, **kept) if found.next else None
    tabs = [
        (url_for("inbox.listed"), _("All"), not kept),
        (url_for("inbox.listed", unread=1), _("New"), bool(kept), queries.unread(actor())),
    ]
    return show("notifications/inbox.html", "content", items=items, more=more, tabs=tabs)


def _line(one: Shown) -> dict[str, Any]:
    about = one.fact.booking or next(iter(one.fact.instruments), None)
    return {
        "id": one.id,
        "at": one.fact.at,
        "zone": about.tz if about else LOCAL,
        "unread": not one.read,
        "title": say(wording.subject(one.fact)),
        "text": say(wording.sentence(one.fact)),
        "href": _leads_to(one),
    }


def _leads_to(one: Shown) -> str | None:
    found = ways.way(one.fact, actor().manages)
    return url_for(found[0], **found[1]) if found else None


@pages.post("/inbox/read")
def read() -> Any:
    """Mark everything up to a message as read."""
    services.mark_read(actor(), load(ReadIn(), form("upto"))["upto"])
    return redirect(url_for("inbox.listed"), 303)


@pages.post("/inbox/<id:message_id>/read")
@first(require_message)
def read_one(message_id: int) -> Any:
    """Mark one message as read."""
    services.mark_one(actor(), message_id, True)
    return redirect(url_for("inbox.listed"), 303)


@pages.post("/inbox/<id:message_id>/unread")
@first(require_message)
def unread_one(message_id: int) -> Any:
    """Mark one message as not read after all."""
    services.mark_one(actor(), message_id, False)
    return redirect(url_for("inbox.listed"), 303)


# ---------------------------------------------------------------- which mails come


@pages.get("/account/messages")
def choices() -> str:
    """Of which groups does mail come to me?"""
    return _choices(Form({"mail": [one.group for one in queries.choices(actor()).items if one.mail]}))


def _choices(shown: Form) -> str:
    options = [(group, say(recipes.GROUPS[group])) for group in recipes.choosable(actor())]
    return show("notifications/choices.html", "content", form=shown, options=options)


@pages.post("/account/messages")
def choose() -> Any:
    """Say of which groups mail comes."""
    given = load(ChoicesIn(), {"mail": request.form.getlist("mail")})
    services.choose(actor(), given["mail"])
    flash(_("Your choice is saved. Your inbox holds everything, whatever is mailed."), "success")
    return redirect(url_for("inbox.choices"), 303)


# ---------------------------------------------------------------- mails, for admins


@pages.get("/deliveries")
@first(require_admin)
def deliveries() -> str:
    """Mails by how they went; those that never arrived unless another state is asked for."""
    state = load(DeliveriesIn(), {"state": request.args.get("state", DEAD)})["state"]
    found = page(queries.mails(state), Delivery.id, Delivery.id, EACH, request.args.get("cursor"), newest_first=True)
    tabs = [(url_for("inbox.deliveries", state=one), say(recipes.MAIL_STATES[one]), one == state) for one in STATES]
    more = url_for("inbox.deliveries", state=state, cursor=found.next) if found.next else None
    items = [Mail(*row) for row in found.items]
    return show("notifications/deliveries.html", "content", items=items, more=more, tabs=tabs, dead=state == DEAD)


@pages.post("/deliveries/retry")
@first(require_admin)
def retry_all() -> Any:
    """Send every dead letter again."""
    number = services.send_all_again(actor()).retried
    flash(ngettext("One mail is sent again.", "%(num)d mails are sent again.", number), "success")
    return redirect(url_for("inbox.deliveries"), 303)


@pages.post("/deliveries/<id:delivery_id>/retry")
@first(require_mail)
def retry(delivery_id: int) -> Any:
    """Send a dead letter again."""
    try:
        mail = services.send_again(actor(), delivery_id)
        flash(_("The mail to %(address)s is sent again within a minute.", address=mail.address), "success")
    except Problem as problem:
        flash(say(problem.detail or problem.title), "error")
    return redirect(url_for("inbox.deliveries"), 303)
