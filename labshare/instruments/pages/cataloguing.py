"""The catalogue as pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from labshare.instruments import hours, policy, queries, rules, search, services, words
from labshare.instruments.models import MODES, STATES
from labshare.instruments.pages.frame import pages
from labshare.instruments.queries import Described
from labshare.instruments.schemas import CatalogueArguments, InstrumentIn, InstrumentPatch
from labshare.instruments.search import Wanted
from labshare.kernel import clock
from labshare.kernel.errors import Conflict, Forbidden, Invalid, Problem
from labshare.kernel.slots import local
from labshare.web.bodies import load
from labshare.web.files import sent_text
from labshare.web.guard import actor, public
from labshare.web.htmx import Form, show
from labshare.web.i18n import LOCAL, own, said, say
from labshare.web.prose import prose

PUBLIC = ("q", "category", "site")
FILTERS = (*PUBLIC, "state", "free_from", "free_to")  # when something is free is nothing for strangers
FLAGS = ("approval_required", "qualification_required")
UNSAID_WHEN_EMPTY = ("owner", "site", "category_zh", "version")
SHOWN = 50


@pages.get("/instruments")
@public
def catalogue() -> Response | tuple[str, int] | str:
    """Search and filter the catalogue; the answer to every keystroke is the list alone."""
    asked: dict[str, Any] = {name: value for name in _filters() if (value := request.args.get(name, "").strip())}
    sites, form, found, wanted = queries.sites(), Form(dict(asked)), None, Wanted()
    zone = _zone(asked.get("site"), sites)
    try:
        moments = {name: _moment(asked[name], zone) for name in ("free_from", "free_to") if name in asked}
        given = load(CatalogueArguments(), asked | moments | _cursor())
        wanted = given["wanted"]
        found = search.catalogue(actor(), wanted, SHOWN, given["cursor"])
    except Invalid as error:
        form.errors = said(error.fields)
    more = url_for("instruments.catalogue", **asked, cursor=found.next) if found and found.next else None
    page = show(
        "instruments/catalogue.html",
        "listing",
        found=found,
        form=form,
        more=more,
        filtered=replace(wanted, state="") != Wanted(),
        zone=zone if len({site.zone for site in sites}) > 1 else None,
        sites=[("", _("All"))] + [(site.code, own(site.name_en, site.name_zh)) for site in sites],
        categories=[("", _("All"))] + [(row.id, own(row.name_en, row.name_zh)) for row in queries.categories()],
        states=[("", _("All but retired")), *((state, say(words.STATE_NAMES[state])) for state in STATES)],
        keeps=policy.may_keep_some(actor()),
        words=words,
    )
    return (page, 422) if form.errors else page


def _filters() -> tuple[str, ...]:
    return FILTERS if actor().is_signed_in else PUBLIC


def _cursor() -> dict[str, str]:
    return {"cursor": request.args["cursor"]} if request.args.get("cursor") else {}


def _zone(code: str | None, sites: Any) -> ZoneInfo:
    """The zone the reader's clock times mean: the chosen site's, else the first site's."""
    chosen = [site for site in sites if site.code == code] or list(sites)
    return ZoneInfo(chosen[0].zone) if chosen else LOCAL


def _moment(typed: str, zone: ZoneInfo) -> str:
    """A browser's date and time as a moment of the site; what is none is handed on, to be refused by its field."""
    try:
        wall = datetime.fromisoformat(typed)
        return typed if wall.tzinfo else local(wall.date(), wall.time(), zone).isoformat()
    except (ValueError, OverflowError):
        return typed


@pages.get("/instruments/<code>", endpoint="show")
@public
def show_one(code: str) -> str:
    """Everything a customer wants to know of one instrument."""
    it = queries.by_code(actor(), code)
    today = clock.now().astimezone(it.zone).date()
    return show(
        "instruments/show.html",
        it=it,
        name=own(it.name_en, it.name_zh),
        about=prose(it.description) if it.description else None,
        terms=words.terms(
            grid=it.grid_minutes,
            least=it.min_minutes,
            most=it.max_minutes,
            warmup=it.warmup_minutes,
            cooldown=it.cooldown_minutes,
            notice=it.notice_minutes,
            horizon=it.horizon_days,
            channels=it.channels,
            check_in=it.check_in_minutes,
            grace=it.grace_minutes,
            cancel=it.cancel_minutes,
            late_percent=it.late_cancel_percent,
            absence_percent=it.no_show_percent,
        ),
        answered=words.length(it.decide_minutes),
        opening=words.week(hours.of_place(hours.at_instrument(code)).pattern(today)),
        owners=queries.owners_of(it.id) if policy.may_keep(actor(), it.site_id) else [],
        keeps=policy.may_keep(actor(), it.site_id),
        words=words,
    )


# ---------------------------------------------------------------- keeping it


def _sent() -> dict[str, Any]:
    """What the form sent: boxes left open mean no, and an empty field is said to be empty."""
    values: dict[str, Any] = {
        name: given[-1].strip()
        for name, given in request.form.lists()
        if name not in ("booking_modes", *FLAGS) and not (name in UNSAID_WHEN_EMPTY and not given[-1].strip())
    }
    values["booking_modes"] = request.form.getlist("booking_modes")
    values |= {name: name in request.form for name in FLAGS}
    if values.get("original_value_cny") == "":
        values["original_value_cny"] = None
    return values


def _edit(form: Form, it: Described | None = None, status: int = 200) -> tuple[str, int]:
    categories = queries.categories()
    page = show(
        "instruments/edit.html",
        form=form,
        it=it,
        categories=[own(row.name_en, row.name_zh) for row in categories],
        sites=[
            (site.code, own(site.name_en, site.name_zh))
            for site in queries.sites()
            if policy.may_keep(actor(), site.id)
        ],
        owners=[
            (row.id, own(row.name_en, row.name)) for row in queries.owners([it.owner_id] if it is not None else [])
        ],
        states=[
            (state, words.STATE_NAMES[state])
            for state in STATES
            if state != rules.BY_WINDOW or (it is not None and it.state == state)
        ],
        modes=[(mode, words.MODE_NAMES[mode]) for mode in MODES],
        most=rules.NUMBERS,
    )
    return page, status


def _again(problem: Problem, it: Described | None = None) -> tuple[str, int]:
    errors = said(problem.fields) or {"_": [say(problem.detail or problem.title)]}
    return _edit(Form(_sent(), errors), it, problem.status)


def _keeper() -> None:
    if not policy.may_keep_some(actor()):
        raise Forbidden


def _kept(code: str) -> Described:
    it = queries.by_code(actor(), code)
    if not policy.may_keep(actor(), it.site_id):
        raise Forbidden
    return it


@pages.get("/instruments/new")
def new() -> tuple[str, int]:
    """An empty entry."""
    _keeper()
    return _edit(Form())


@pages.post("/instruments/new")
def add() -> Response | tuple[str, int]:
    """Add the instrument the form describes."""
    _keeper()
    try:
        it = services.add(actor(), load(InstrumentIn(), _sent()))
    except (Invalid, Conflict) as problem:
        return _again(problem)
    flash(_("%(code)s is in the catalogue.", code=it.code), "good")
    return redirect(url_for("instruments.show", code=it.code), 303)


@pages.get("/instruments/<code>/edit")
def edit(code: str) -> tuple[str, int]:
    """The entry as it stands, to be changed."""
    it = _kept(code)
    values: dict[str, Any] = {name: str(value) for name, value in vars(it).items() if isinstance(value, str | int)}
    values |= {
        "booking_modes": list(it.booking_modes),
        "category": own(it.category_en, it.category_zh),
        "category_zh": "",  # names a new category only; the old one's would contradict another choice
        "site": it.site_code,
        "owner": it.owner_id,
        "granularity_minutes": it.grid_minutes,
        "approval_required": it.approval,
        "qualification_required": it.qualification_required,
        "rate_cny_per_hour": it.rate_cny_per_hour,
    }
    return _edit(Form(values), it)


@pages.post("/instruments/<code>/edit")
def change(code: str) -> Response | tuple[str, int]:
    """Change the entry as the form says."""
    it = _kept(code)
    try:
        values = load(InstrumentPatch(), _sent())
        services.change(actor(), code, values, version=values.pop("version", None))
    except (Invalid, Conflict) as problem:
        return _again(problem, it)
    flash(_("%(code)s is changed.", code=code), "good")
    return redirect(url_for("instruments.show", code=code), 303)


# ---------------------------------------------------------------- a sheet of them


@pages.get("/instruments/import")
def sheet() -> str:
    """Where a sheet is handed in."""
    _keeper()
    return show("instruments/import.html", form=Form())


@pages.post("/instruments/import")
def bring_in() -> Response | tuple[str, int]:
    """Say what a sheet would do, or do it: all of it or nothing."""
    _keeper()
    text, only_check = "", request.form.get("act") != "import"
    try:
        text = sent_text()
        done = services.import_instruments(actor(), text, dry_run=only_check)
    except Invalid as problem:
        faults = getattr(problem, "faults", [])
        errors = {} if faults else said(problem.fields)
        form = Form({"text": text}, errors)
        return show("instruments/import.html", form=form, faults=faults[:200], count=len(faults)), 422
    if only_check:
        return show("instruments/import.html", form=Form({"text": text}), plan=done), 200
    count = len(done.created) + len(done.changed)
    flash(ngettext("%(num)d instrument brought in.", "%(num)d instruments brought in.", count), "good")
    return redirect(url_for("instruments.catalogue"), 303)
