"""A site's calendar of workdays as pages: its years, their notices, single days by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from labshare.instruments import hours, notice, queries, services, words, workdays
from labshare.instruments.models import DAY_KINDS
from labshare.instruments.notice import Listed
from labshare.instruments.pages.frame import keeper_at, keeps_at, pages
from labshare.instruments.schemas import DayIn
from labshare.instruments.sheet import BadSheet
from labshare.kernel import clock
from labshare.kernel.errors import N_, Conflict, Invalid, NotFound, Problem
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.files import sent_text
from labshare.web.guard import actor
from labshare.web.htmx import Form, show
from labshare.web.i18n import said, say
from labshare.web.undoing import flash_undoable

SHOWN = 200


@pages.get("/sites/<site>/calendar")
def calendar(site: str) -> tuple[str, int]:
    """A year of a site's calendar."""
    place = hours.at_site(site)
    this_year = clock.now().astimezone(place.zone).year
    return _page(site, request.args.get("year", this_year, type=int))


@pages.post("/sites/<site>/calendar")
def import_notice(site: str) -> Response | tuple[str, int]:
    """Take a year's notice in: all of it or nothing."""
    keeper_at(site)
    year, text = request.form.get("year", 0, type=int), ""
    try:
        text = sent_text()
        listed = notice.read(text, workdays.known(year))
        services.import_year(actor(), hours.at_site(site).site_id, year, listed)
    except (Invalid, Conflict) as problem:
        return _again(site, year, text, problem)
    count = len(listed)
    flash(
        ngettext(
            "%(num)d day taken in; bookings are looked at within minutes.",
            "%(num)d days taken in; bookings are looked at within minutes.",
            count,
        ),
        "good",
    )
    return redirect(url_for("instruments.calendar", site=site, year=year), 303)


@pages.post("/sites/<site>/calendar/<int:year>/forget")
def forget_year(site: str, year: int) -> Response:
    """Know no more of a year than its weekdays."""
    keeper_at(site)
    services.forget_year(actor(), hours.at_site(site).site_id, workdays.known(year))
    flash(_("The year is forgotten; its weekdays are provisional."), "good")
    return redirect(url_for("instruments.calendar", site=site, year=year), 303)


@pages.post("/sites/<site>/calendar/day")
def set_day(site: str) -> Response | tuple[str, int]:
    """Say by hand what a day is."""
    keeper_at(site)
    sent = fields_of("date", "kind", "name", "note")
    year = clock.now().year
    try:
        day = _day(sent.pop("date", ""))
        year = day.year
        values = load(DayIn(), {**sent, "kind": sent.get("kind")})
        site_id = hours.at_site(site).site_id
        before = next((one for one in workdays.standing(site_id, year).days if one.day == day), None)
        if values["kind"] is None:
            services.clear_day(actor(), site_id, day, values["note"])
        else:
            services.set_day(actor(), site_id, Listed(day, values["kind"], values["name"]), values["note"])
    except NotFound:
        again = Form(dict(request.form), {"date": [_("This day is already what its weekday says.")]})
        return _page(site, year, again, status=409)
    except (Invalid, Conflict) as problem:
        return _page(site, year, Form(dict(request.form), _errors(problem)), status=problem.status)
    done = _("The day is set; bookings are looked at within minutes.")
    if before is None or before.source == workdays.HAND:
        back = {"kind": before.kind, "name": before.name, "note": before.note} if before else {}
        flash_undoable(done, url_for("instruments.set_day", site=site), {"date": day.isoformat(), **back})
    else:  # what a notice said of it comes back with the notice only
        flash(done, "good")
    return redirect(url_for("instruments.calendar", site=site, year=year), 303)


def _day(typed: str) -> date:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise Invalid(fields={"date": [N_("Not a valid date.")]}) from None
    workdays.known(day.year)
    return day


def _errors(problem: Problem) -> dict[str, Any]:
    return said(problem.fields) or {"_": [say(problem.detail or problem.title)]}


def _again(site: str, year: int, text: str, problem: Problem) -> tuple[str, int]:
    faults = problem.faults if isinstance(problem, BadSheet) else []
    form = Form({"text": text, "year": year}, {} if faults else _errors(problem))
    return _page(site, year, form, faults, problem.status)


def _page(
    site: str, year: int, form: Form | None = None, faults: list[Any] | None = None, status: int = 200
) -> tuple[str, int]:
    place = hours.at_site(site)
    shown = min(max(year, workdays.FIRST_YEAR), workdays.LAST_YEAR)
    standing = workdays.standing(place.site_id, shown)
    this_year = clock.now().astimezone(place.zone).year
    years = sorted({one.year for one in workdays.years(place.site_id)} | {this_year, this_year + 1, shown})
    page = show(
        "instruments/calendar.html",
        site=queries.site(site),
        standing=standing,
        year=shown,
        years=years,
        form=form or Form({"year": shown}),
        faults=(faults or [])[:SHOWN],
        count=len(faults or []),
        kinds=[("", _("What its weekday says"))] + [(kind, say(words.DAY_NAMES[kind])) for kind in DAY_KINDS],
        keeps=keeps_at(site),
        words=words,
    )
    return page, status
