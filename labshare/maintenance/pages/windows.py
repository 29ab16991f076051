"""Windows as pages: the list, one window with whom it displaced, its change and its end."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _

from labshare.booking import outcomes
from labshare.booking.displacement import Cause
from labshare.booking.models import MAINTENANCE
from labshare.booking.sentences import OFFER_WORDS
from labshare.kernel.errors import N_, Conflict, Invalid
from labshare.maintenance import access, history, lifecycle, queries, repeat, rules, services
from labshare.maintenance.models import Window
from labshare.maintenance.pages import frame
from labshare.maintenance.pages.frame import pages
from labshare.maintenance.queries import Seen
from labshare.maintenance.schemas import CancelIn, WindowPatch, WindowsIn
from labshare.maintenance.sentences import sentence
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import say
from labshare.web.paging import page
from labshare.web.retrying import form_retry, new_key
from labshare.web.wall import as_local, as_moment

TABS = {"coming": N_("Coming"), "past": N_("Past"), "all": N_("All")}
COMING = {"coming": True, "past": False, "all": None}
FIELDS = ("starts_at", "ends_at", "kind", "note", "performed_by", "when_hit", "version")
EMPTIED = ("note", "performed_by")  # whoever empties one of these means it


@pages.get("/maintenance")
@first(access.planner)
def windows() -> str:
    """The windows of the actor's sites, by tab."""
    tab = request.args.get("tab", "coming")
    tab = tab if tab in TABS else "coming"
    asked = {name: request.args[name] for name in ("cursor", "instrument") if request.args.get(name)}
    said = load(WindowsIn(), asked)
    who, coming = actor(), COMING[tab]
    statement = queries.listed(who, coming=coming, instrument=said["instrument"])
    newest = not coming
    found = page(statement, Window.starts_at, Window.id, said["limit"], said["cursor"], newest_first=newest)
    shown: dict[str, Any] = {"tab": tab, "instrument": said["instrument"]}
    more = url_for("maintenance.windows", **shown, cursor=found.next) if found.next else None
    return show(
        "maintenance/windows.html",
        "rows",
        items=queries.with_places(found.items),
        more=more,
        form=Form(shown),
        tabs=[(name, say(label)) for name, label in TABS.items()],
        instruments=frame.options(frame.mine(who)),
        sections=frame.sections("maintenance.windows"),
        few=frame.few,
    )


@pages.get("/maintenance/windows/<id:window_id>")
@first(access.planner_of)
def window(window_id: int) -> str:
    """One window: its facts, whom it displaced, its files, and what happened to it."""
    return window_page(window_id)


def window_page(window_id: int, form: Form | None = None, **more: Any) -> str:
    """The page of one window, perhaps with a form that was refused or previewed."""
    seen = queries.window(actor(), window_id)
    form = form or Form()
    form.values = _values(seen) | form.values
    told = [
        {"at": row.at, "text": sentence(row.kind, row.data, row.who, seen.tz)} for row in history.of_window(window_id)
    ]
    return show(
        "maintenance/window.html",
        "preview",
        window=seen,
        repeat=repeat.in_words(repeat.read(seen.repeat)) if seen.repeat else None,
        can={move for move in ("change", "cancel") if lifecycle.after(seen.state, move)},
        outcomes=outcomes.by_cause(Cause(MAINTENANCE, window_id)),
        offer_words=OFFER_WORDS,
        documents=queries.documents(window_id),
        history=told,
        form=form,
        kinds=frame.kinds(),
        ways=frame.ways(),
        retry_key=new_key(),
        **{"found": None, "fits": False, **more},
    )


def _values(seen: Seen) -> dict[str, Any]:
    return {
        "starts_at": as_local(seen.starts_at, seen.tz),
        "ends_at": as_local(seen.ends_at, seen.tz),
        "kind": seen.kind,
        "note": seen.note,
        "performed_by": seen.performed_by,
        "when_hit": rules.FIT if seen.fits else rules.DISPLACE,
        "version": seen.version,
    }


@pages.post("/maintenance/windows/<id:window_id>/preview")
@first(access.planner_of)
def preview_change(window_id: int) -> Any:
    """What another time would do."""
    seen = queries.window(actor(), window_id)
    values = _sent()
    try:
        said = load(WindowPatch(), _wire(seen, values))
        found = services.preview_change(actor(), window_id, said["slot"] or seen.slot, said["when_hit"])
    except (Invalid, Conflict) as problem:
        return make_response(window_page(window_id, frame.refused(values, problem)), problem.status)
    fits = said["when_hit"] == rules.FIT
    return window_page(window_id, Form(values), found=frame.told(found), fits=fits)


@pages.post("/maintenance/windows/<id:window_id>")
@first(access.planner_of)
def change(window_id: int) -> Any:
    """Give it another time, or say something else of it."""
    seen, goal = queries.window(actor(), window_id), url_for("maintenance.window", window_id=window_id)
    values = _sent()
    try:
        services.change(actor(), window_id, **load(WindowPatch(), _wire(seen, values)), retry=form_retry(goal))
    except (Invalid, Conflict) as problem:
        return make_response(window_page(window_id, frame.refused(values, problem)), problem.status)
    flash(_("The window is changed."), "good")
    return redirect(goal, 303)


def _sent() -> dict[str, Any]:
    emptied = {name: "" for name in EMPTIED if name in request.form}
    return emptied | fields_of(*FIELDS)


def _wire(seen: Seen, values: dict[str, Any]) -> dict[str, Any]:
    """The form as the JSON door would have sent it; a time that stands as it was shown is the very one it was."""
    shown = _values(seen)
    wire = dict(values)
    for name in ("starts_at", "ends_at"):
        if name in wire:
            untouched = wire[name] == shown[name]
            wire[name] = getattr(seen, name).isoformat() if untouched else as_moment(wire[name], seen.tz)
    return wire


@pages.post("/maintenance/windows/<id:window_id>/cancel")
@first(access.planner_of)
def cancel(window_id: int) -> Any:
    """Call it off, or with it the rest of its series."""
    goal = url_for("maintenance.window", window_id=window_id)
    try:
        said = load(CancelIn(), fields_of("series"))
        services.cancel(actor(), window_id, rest=said["series"], retry=form_retry(goal))
    except (Invalid, Conflict) as problem:
        return make_response(window_page(window_id, frame.refused({}, problem)), problem.status)
    flash(_("Called off; its time is free."), "good")
    return redirect(goal, 303)
