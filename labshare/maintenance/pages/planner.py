"""The planner: which instruments, when, how often; what that would do; and then it is saved with all of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from labshare.instruments import words
from labshare.instruments.queries import Known
from labshare.kernel.errors import N_, Conflict, Invalid
from labshare.maintenance import access, queries, repeat, rules, services
from labshare.maintenance.pages import frame
from labshare.maintenance.pages.frame import pages
from labshare.maintenance.schemas import WindowIn
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import LOCAL, own, say
from labshare.web.retrying import form_retry, new_key
from labshare.web.wall import as_moment

PLAIN = ("starts_at", "ends_at", "kind", "note", "performed_by", "when_hit", "category", "site", "utility")
REPEATED = ("every", "interval", "monthly", "until", "times")
LISTS = ("instruments", "weekdays")
SAME_DAY, SAME_WEEKDAY, LAST_WEEKDAY = MONTHLY = ("day", "weekday", "last")
MONTHLY_WORDS = {
    SAME_DAY: N_("on the same day of the month"),
    SAME_WEEKDAY: N_("on the same day of the week, as the first, second …"),
    LAST_WEEKDAY: N_("on the last such day of the week"),
}
EVERY_WORDS = {
    "": N_("Once"),
    repeat.DAY: N_("By days"),
    repeat.WEEK: N_("By weeks"),
    repeat.MONTH: N_("By months"),
}


@pages.get("/maintenance/windows/new")
@first(access.planner)
def new() -> str:
    """The empty planner; the address may fill in the instrument and the kind of work."""
    values: dict[str, Any] = {
        name: request.args[name] for name in ("kind", "starts_at", "ends_at") if name in request.args
    }
    values["instruments"] = request.args.getlist("instrument")
    return _page(Form(values))


@pages.post("/maintenance/windows/preview")
@first(access.planner)
def preview() -> Any:
    """What saving would do."""
    values = _sent()
    try:
        draft = load(WindowIn(), _wire(values))
        found = services.preview(actor(), draft)
    except (Invalid, Conflict) as problem:
        return make_response(_page(_refused(values, problem)), problem.status)
    told = frame.told(found.consequences, found.windows)
    return _page(Form(values), found=told, fits=draft.when_hit == rules.FIT)


@pages.post("/maintenance/windows")
@first(access.planner)
def plan() -> Any:
    """Save it, with everything that does to bookings."""
    values = _sent()
    goal = url_for("maintenance.window", window_id=0)[:-1] + "{id}"
    try:
        done = services.plan(actor(), load(WindowIn(), _wire(values)), form_retry(goal))
    except (Invalid, Conflict) as problem:
        return make_response(_page(_refused(values, problem)), problem.status)
    hit = len(done.consequences.lines)
    flash(_("Planned."), "good")
    if hit:
        text = ngettext(
            "%(num)d booking is displaced; another time is looked for within minutes.",
            "%(num)d bookings are displaced; other times are looked for within minutes.",
            hit,
        )
        flash(text, "wait")
    return redirect(url_for("maintenance.window", window_id=done.id), 303)


# ---------------------------------------------------------------- the form, and what the JSON door would have sent


def _sent() -> dict[str, Any]:
    values: dict[str, Any] = dict(fields_of(*PLAIN, *REPEATED))
    return values | {name: [one for one in request.form.getlist(name) if one] for name in LISTS}


def _wire(values: dict[str, Any]) -> dict[str, Any]:
    """The form as the JSON door would have sent it; its times are the wall's at the chosen instruments' site."""
    wire: dict[str, Any] = {name: values[name] for name in PLAIN if name in values}
    wire["instruments"] = values["instruments"]
    zone = _zone(values, frame.mine(actor()))
    for name in ("starts_at", "ends_at"):
        if name in wire:
            wire[name] = as_moment(wire[name], zone)
    if values.get("every"):
        wire["repeat"] = _repeat(values)
    return wire


def _repeat(values: dict[str, Any]) -> dict[str, Any]:
    """What is said of the repeat; by months, the day is the first window's."""
    said: dict[str, Any] = {name: values[name] for name in ("every", "interval", "until", "times") if name in values}
    if values["every"] == repeat.WEEK and values["weekdays"]:
        said["weekdays"] = values["weekdays"]
    began = _day(values.get("starts_at", ""))
    if values["every"] == repeat.MONTH and began is not None and values.get("monthly") in (SAME_WEEKDAY, LAST_WEEKDAY):
        said["weekdays"] = [repeat.WEEKDAYS[began.weekday()]]
        fifth = began.day > 28
        said["nth"] = repeat.LAST if values["monthly"] == LAST_WEEKDAY or fifth else (began.day + 6) // 7
    return said


def _day(said: str) -> date | None:
    try:
        return datetime.fromisoformat(said).date()
    except ValueError:
        return None


def _zone(values: dict[str, Any], some: Sequence[Known]) -> ZoneInfo:
    """The zone the form's times are read in: that of the first instrument chosen, by whichever way."""
    codes = set(values["instruments"])
    if values.get("utility"):
        shared = [one for one in queries.utilities(actor()) if str(one.id) == values["utility"]]
        codes |= {code for one in shared for code in one.instruments}
    for one in some:
        if one.code in codes or _belongs(one, values):
            return one.zone
    return some[0].zone if some else LOCAL


def _belongs(one: Known, values: dict[str, Any]) -> bool:
    """Is it of the category and the site that are chosen, if any is?"""
    category, site = values.get("category"), values.get("site")
    fits = category in (None, str(one.category_id)) and site in (None, one.site_code)
    return bool(category or site) and fits


def _refused(values: dict[str, Any], problem: Invalid | Conflict) -> Form:
    """The form once more; what is wrong with the repeat stands beside the repeat's own fields."""
    form = frame.refused(values, problem)
    wrong = form.errors.pop("repeat", None)
    if isinstance(wrong, dict):
        form.errors |= {name if name in REPEATED or name in LISTS else "monthly": text for name, text in wrong.items()}
    elif wrong:
        form.errors["every"] = wrong
    return form


def _page(form: Form, **more: Any) -> str:
    who = actor()
    some = frame.mine(who)
    shown = {site: own(one.site_en, one.site_zh) for one in some for site in (one.site_code,)}
    categories = {one.category_id: own(one.category_en, one.category_zh) for one in some}
    utilities = [(one.id, own(one.name_en, one.name_zh)) for one in queries.utilities(who)]
    form.values.setdefault("when_hit", rules.DISPLACE)
    return show(
        "maintenance/planner.html",
        "preview",
        form=form,
        instruments=some,
        chosen=set(form.values.get("instruments", ())),
        sites=[("", _("None")), *sorted(shown.items(), key=lambda one: one[1])],
        categories=[("", _("None")), *sorted(categories.items(), key=lambda one: one[1])],
        utilities=[("", _("None")), *utilities] if utilities else [],
        kinds=frame.kinds(),
        ways=frame.ways(),
        everies=[(name, say(label)) for name, label in EVERY_WORDS.items()],
        weekdays=list(zip(repeat.WEEKDAYS, map(say, words.WEEKDAYS), strict=True)),
        monthlies=[(name, say(label)) for name, label in MONTHLY_WORDS.items()],
        zones=sorted({one.zone.key for one in some}),
        sections=frame.sections("maintenance.windows"),
        retry_key=new_key(),
        **{"found": None, "fits": False, **more},
    )
