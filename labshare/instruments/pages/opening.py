"""Opening hours as pages: where they stand, their week from a day on, and other hours on single days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from labshare.instruments import fields, hours, policy, queries, services, words, workdays
from labshare.instruments.hours import Exceptional, Place
from labshare.instruments.pages.frame import keeper_at, keeps_at, pages
from labshare.instruments.rules.opening import Pattern
from labshare.instruments.rules.week import ALL_WEEK, line
from labshare.instruments.schemas import ExceptionIn, HoursIn
from labshare.kernel import clock
from labshare.kernel.errors import Conflict, Forbidden, Invalid, Problem
from labshare.people.policy import is_staff
from labshare.web.bodies import load
from labshare.web.guard import actor
from labshare.web.htmx import Form, show
from labshare.web.i18n import own, said, say
from labshare.web.undoing import flash_undoable


def _today(place: Place) -> date:
    return clock.now().astimezone(place.zone).date()


@pages.get("/opening-hours")
def openings() -> str:
    """Every site's hours today, and the years its calendar knows; for the laboratory's staff."""
    if not is_staff(actor()):
        raise Forbidden
    shown = []
    for site in queries.sites():
        place = hours.at_site(site.code)
        today = _today(place)
        found = hours.of_place(place)
        stretches, provisional = found.of_day(today)
        calendar = [one.year for one in workdays.years(site.id) if one.published]
        shown.append(
            {
                "site": site,
                "today": words.hours(stretches),
                "provisional": provisional,
                "week": words.week(found.pattern(today)),
                "years": calendar,
                "keeps": policy.may_keep(actor(), site.id),
            }
        )
    return show("instruments/openings.html", sites=shown)


@pages.get("/sites/<site>/hours")
def site_hours(site: str) -> tuple[str, int]:
    """When a site is open."""
    return _page(hours.at_site(site), site, None)


@pages.post("/sites/<site>/hours")
def set_site_hours(site: str) -> Response | tuple[str, int]:
    """Let a site have the hours of the form."""
    keeper_at(site)
    return _set(hours.at_site(site), site, None)


@pages.get("/instruments/<code>/hours")
def instrument_hours(code: str) -> tuple[str, int]:
    """When an instrument is open."""
    known = queries.known(code)
    return _page(hours.at_instrument(code), known.site_code, code)


@pages.post("/instruments/<code>/hours")
def set_instrument_hours(code: str) -> Response | tuple[str, int]:
    """Let an instrument have the hours of the form."""
    known = queries.known(code)
    keeper_at(known.site_code)
    return _set(hours.at_instrument(code), known.site_code, code)


@pages.post("/sites/<site>/exceptions")
def add_exception(site: str) -> Response | tuple[str, int]:
    """Other hours on one day."""
    keeper_at(site)
    code = request.form.get("instrument") or None
    try:
        values = load(ExceptionIn(), fields.typed_exception(request.form))
        place = hours.at(site, values["instrument"])
        before = _said_of(place, values["day"])
        made = services.add_exception(actor(), place, values["day"], values["intervals"], values["note"])
    except (Invalid, Conflict) as problem:
        place = hours.at_site(site)
        return _page(place, site, None, Form(dict(request.form), _errors(problem)), problem.status)
    away = url_for("instruments.remove_exception", site=site, exception_id=made.id)
    back = _again(site, before) if before else (away, {"instrument": code or ""})
    flash_undoable(_("The hours of that day are set."), *back)
    return redirect(_here(site, code), 303)


@pages.post("/sites/<site>/exceptions/<id:exception_id>/remove")
def remove_exception(site: str, exception_id: int) -> Response:
    """Let the usual hours hold again."""
    keeper_at(site)
    place = hours.at_site(site)
    found = hours.exception(place.site_id, exception_id)
    services.remove_exception(actor(), place, exception_id)
    flash_undoable(_("The usual hours hold again on that day."), *_again(site, found))
    return redirect(_here(site, found.code if request.form.get("instrument") else None), 303)


def _said_of(place: Place, day: date) -> Exceptional | None:
    known = hours.exceptions(place.site_id, day)
    return next((one for one in known if (one.day, one.instrument_id) == (day, place.instrument_id)), None)


def _again(site: str, one: Exceptional) -> tuple[str, dict[str, str]]:
    """Where a form says these hours of a day, and its fields."""
    sent = {"day": one.day.isoformat(), "intervals": line(one.stretches), "note": one.note}
    return url_for("instruments.add_exception", site=site), {**sent, "instrument": one.code or ""}


def _here(site: str, code: str | None) -> str:
    if code is None:
        return url_for("instruments.site_hours", site=site)
    return url_for("instruments.instrument_hours", code=code)


def _set(place: Place, site: str, code: str | None) -> Response | tuple[str, int]:
    try:
        pattern = fields.pattern(load(HoursIn(), fields.typed_pattern(request.form)), _today(place))
        services.set_hours(actor(), place, pattern)
    except (Invalid, Conflict) as problem:
        return _page(place, site, code, Form(dict(request.form), _errors(problem)), problem.status)
    flash(_("The hours are set."), "good")
    return redirect(_here(site, code), 303)


def _errors(problem: Problem) -> dict[str, Any]:
    """What is wrong, by the form's fields: each day of the week has one."""
    found = dict(said(problem.fields))
    week = found.pop("week", None)
    if isinstance(week, dict):
        found |= {f"day-{number}": messages for number, messages in week.items()}
    elif week:
        found["day-0"] = week
    return found or {"_": [say(problem.detail or problem.title)]}


def _page(place: Place, site: str, code: str | None, form: Form | None = None, status: int = 200) -> tuple[str, int]:
    today = _today(place)
    found, patterns = hours.of_place(place), hours.patterns(place)
    row = queries.site(site)
    listed = hours.exceptions(place.site_id, today)
    if code is not None:
        listed = [one for one in listed if one.code in (None, code)]
    page = show(
        "instruments/hours.html",
        site=row,
        code=code,
        today=today,
        earliest=today if patterns else None,
        week=words.week(found.pattern(today)),
        patterns=[(one, words.week(one)) for one in patterns],
        form=form or Form(_values(patterns[0] if patterns else None, found.pattern(today), today)),
        exceptions=[(one, words.hours(one.stretches)) for one in listed],
        instruments=[(one.code, f"{one.code} · {own(one.name_en, one.name_zh)}") for one in queries.known_at(row.id)],
        keeps=keeps_at(site),
        words=words,
    )
    return page, status


def _values(latest: Pattern | None, counts: Pattern | None, today: date) -> dict[str, Any]:
    """The form as it is found: the latest hours, or those that count, from tomorrow on."""
    shown = latest or counts or Pattern(today)
    week = shown.week or (counts.week if counts else None) or ALL_WEEK
    values: dict[str, Any] = {f"day-{number}": line(some) for number, some in enumerate(week)}
    values |= {"valid_from": (today + timedelta(days=1)).isoformat(), "as_site": latest is None or latest.week is None}
    return values | {flag: getattr(shown, flag) for flag in fields.FLAGS}
