"""Whom other hours would hit, shown before they are saved; and what lies outside the hours as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from labshare.booking import outside
from labshare.booking.pages.frame import pages
from labshare.booking.queries import Seen
from labshare.booking.schemas import DayPreviewIn, ExceptionPreviewIn, HoursPreviewIn
from labshare.instruments import fields, hours, notice, policy, workdays
from labshare.instruments import queries as catalogue
from labshare.instruments.hours import Place
from labshare.kernel import clock
from labshare.kernel.errors import N_, Forbidden, Invalid
from labshare.web.bodies import load
from labshare.web.files import sent_text
from labshare.web.guard import actor
from labshare.web.htmx import show
from labshare.web.i18n import said as spoken
from labshare.web.i18n import say


def _keeper_at(site: str) -> Place:
    place = hours.at_site(site)
    if not policy.may_keep(actor(), place.site_id):
        raise Forbidden
    return place


@pages.get("/sites/<site>/outside")
def outside_hours(site: str) -> str:
    """What is booked ahead at a site outside its instruments' hours; for its lab managers and admins."""
    place = _keeper_at(site)
    found = outside.standing(place.site_id, clock.now())
    back = url_for("instruments.site_hours", site=site)
    return _page(site, found, title=_("Bookings outside the hours"), note=_NOTE_STANDS, back=back)


@pages.post("/sites/<site>/hours/preview")
def preview_hours(site: str) -> tuple[str, int] | str:
    """Whom the hours of the form would hit."""
    place, form = _keeper_at(site), request.form
    code = form.get("instrument") or None
    back = url_for("instruments.instrument_hours", code=code) if code else url_for("instruments.site_hours", site=site)
    sent = {**fields.typed_pattern(form), **({"instrument": code} if code else {})}
    try:
        values = load(HoursPreviewIn(), sent)
        place = hours.at(site, values["instrument"])
        pattern = fields.pattern(values, _today(place))
        found = outside.foreseen(place, outside.with_pattern(place, pattern), clock.now())
    except Invalid as problem:
        return _refused(site, problem, back)
    return _page(site, found, title=_("Whom these hours hit"), note=_NOTE_STAYS, back=back, save=back)


@pages.post("/sites/<site>/exceptions/preview")
def preview_exception(site: str) -> tuple[str, int] | str:
    """Whom the hours of one day would hit."""
    place = _keeper_at(site)
    back = url_for("instruments.site_hours", site=site)
    try:
        values = load(ExceptionPreviewIn(), fields.typed_exception(request.form))
        place = hours.at(site, values["instrument"])
        found = outside.foreseen(place, outside.with_exception(place, values["day"], values["intervals"]), clock.now())
    except Invalid as problem:
        return _refused(site, problem, back)
    save = url_for("instruments.add_exception", site=site)
    return _page(site, found, title=_("Whom these hours hit"), note=_NOTE_STAYS, back=back, save=save)


@pages.post("/sites/<site>/calendar/preview")
def preview_notice(site: str) -> tuple[str, int] | str:
    """Whom a year's notice would hit."""
    place, year = _keeper_at(site), request.form.get("year", 0, type=int)
    back = url_for("instruments.calendar", site=site, year=year)
    try:
        text = sent_text()
        listed = notice.read(text, workdays.known(year))
        found = outside.foreseen(place, outside.with_year(place, year, listed), clock.now())
    except Invalid as problem:
        return _refused(site, problem, back)
    save, sent = url_for("instruments.import_notice", site=site), {"year": str(year), "text": text}
    return _page(site, found, title=_("Whom this notice hits"), note=_NOTE_GOES, back=back, save=save, sent=sent)


@pages.post("/sites/<site>/calendar/day/preview")
def preview_day(site: str) -> tuple[str, int] | str:
    """Whom one day said by hand would hit."""
    place, form = _keeper_at(site), request.form
    back = url_for("instruments.calendar", site=site)
    try:
        values = load(DayPreviewIn(), {"date": form.get("date", "").strip(), "kind": form.get("kind") or None})
        found = outside.foreseen(place, outside.with_day(place, values["date"], values["kind"]), clock.now())
    except Invalid as problem:
        return _refused(site, problem, back)
    save = url_for("instruments.set_day", site=site)
    return _page(site, found, title=_("Whom this day hits"), note=_NOTE_GOES, back=back, save=save)


def _today(place: Place) -> date:
    return clock.now().astimezone(place.zone).date()


_NOTE_STANDS = N_("These were booked when other hours held. They stay booked until somebody moves or cancels them.")
_NOTE_STAYS = N_("What is booked outside the new hours stays booked and is listed; tell these companies, or cancel.")
_NOTE_GOES = N_("Once it is saved, these are given back within minutes, and another time is held for each.")


def _refused(site: str, problem: Invalid, back: str) -> tuple[str, int]:
    faults = spoken(problem.fields) or {"_": [say(problem.detail or problem.title)]}
    page = _page(site, [], title=_("This cannot be saved as it stands"), back=back, errors=_flat(faults))
    return page, problem.status


def _flat(faults: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for name, messages in faults.items():
        if isinstance(messages, dict):
            found += _flat(messages)
        else:
            found += [_placed(str(name), message) for message in messages]
    return found


def _placed(name: str, message: str) -> str:
    """A fault of a sheet with its place in words; what is wrong with a form's field says so itself."""
    line, colon, column = name.partition(":")
    if not colon:
        return message
    if not column:
        return _("Line %(line)s: %(text)s", line=line, text=message)
    return _("Line %(line)s, column %(column)s: %(text)s", line=line, column=column, text=message)


def _page(
    site: str,
    found: Sequence[Seen],
    *,
    title: str,
    back: str,
    note: Any = None,
    save: str | None = None,
    sent: dict[str, str] | None = None,
    errors: Sequence[str] = (),
) -> str:
    return show(
        "booking/outside.html",
        site=catalogue.site(site),
        title=title,
        note=note,
        companies=outside.by_company(found),
        back=back,
        save=save,
        sent=sent if sent is not None else dict(request.form),
        errors=errors[:200],
    )
