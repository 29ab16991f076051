"""Opening hours and calendars of workdays by JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

from labshare.instruments import fields, hours, queries, services, workdays
from labshare.instruments.api.frame import blp, keeper_at, keeper_of
from labshare.instruments.hours import Exceptional, Place
from labshare.instruments.notice import Listed
from labshare.instruments.schemas import (
    DayIn,
    ExceptionIn,
    ExceptionOut,
    ExceptionsIn,
    ExceptionsOut,
    HoursIn,
    HoursOut,
    NoticeIn,
    WorkdaysIn,
    WorkdaysOut,
    hours_out,
    year_out,
)
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, Invalid
from labshare.kernel.retry import Retry
from labshare.web.guard import actor, first


def _at_site(_who: Actor, site: str, **_rest: object) -> None:
    queries.site(site)


def _today(place: Place) -> date:
    return clock.now().astimezone(place.zone).date()


def _hours(place: Place) -> dict[str, Any]:
    today = _today(place)
    return hours_out(place.zone.key, hours.of_place(place), hours.patterns(place), today)


@blp.get("/sites/<site>/opening-hours")
@first(_at_site)
@blp.refuses(404)
@blp.response(200, HoursOut)
def site_hours(site: str) -> dict[str, Any]:
    """When a site is open."""
    return _hours(hours.at_site(site))


@blp.put("/sites/<site>/opening-hours")
@first(keeper_at)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(HoursIn, error_status_code=422)
@blp.response(200, HoursOut)
def set_site_hours(said: dict[str, Any], site: str) -> dict[str, Any]:
    """Let a site have these hours from a day on; for its lab managers and admins."""
    return _set(hours.at_site(site), said)


@blp.get("/instruments/<code>/opening-hours")
@first(lambda _who, code: queries.known(code))
@blp.refuses(404)
@blp.response(200, HoursOut)
def instrument_hours(code: str) -> dict[str, Any]:
    """When an instrument is open: what it has of its own, and what counts today."""
    return _hours(hours.at_instrument(code))


@blp.put("/instruments/<code>/opening-hours")
@first(keeper_of)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(HoursIn, error_status_code=422)
@blp.response(200, HoursOut)
def set_instrument_hours(said: dict[str, Any], code: str) -> dict[str, Any]:
    """Let an instrument have hours of its own from a day on, or its site's again; for lab managers and admins."""
    return _set(hours.at_instrument(code), said)


def _set(place: Place, said: dict[str, Any]) -> dict[str, Any]:
    services.set_hours(actor(), place, fields.pattern(said, _today(place)), said["version"])
    return _hours(place)


# ---------------------------------------------------------------- single days


@blp.get("/sites/<site>/opening-exceptions")
@first(_at_site)
@blp.refuses(404, 422)
@blp.arguments(ExceptionsIn, location="query")
@blp.response(200, ExceptionsOut)
def exceptions(asked: dict[str, Any], site: str) -> dict[str, Any]:
    """On which days to come the site, or an instrument there, has other hours."""
    place = hours.at_site(site)
    return {"items": hours.exceptions(place.site_id, asked["since"] or _today(place))}


@blp.post("/sites/<site>/opening-exceptions")
@first(keeper_at)
@blp.changes(201, ExceptionOut, body=ExceptionIn)
def add_exception(said: dict[str, Any], site: str, retry: Retry | None) -> Exceptional:
    """Other hours on one day, or none; for lab managers of the site and admins."""
    place = hours.at(site, said["instrument"])
    return services.add_exception(actor(), place, said["day"], said["intervals"], said["note"], retry)


@blp.delete("/sites/<site>/opening-exceptions/<id:exception_id>")
@first(keeper_at)
@blp.refuses(403, 404, 409)
@blp.response(204)
def remove_exception(site: str, exception_id: int) -> None:
    """Let the usual hours hold again on that day."""
    services.remove_exception(actor(), hours.at_site(site), exception_id)


# ---------------------------------------------------------------- the calendar


@blp.get("/sites/<site>/workdays")
@first(_at_site)
@blp.refuses(404, 422)
@blp.arguments(WorkdaysIn, location="query")
@blp.response(200, WorkdaysOut)
def workdays_of(asked: dict[str, Any], site: str) -> dict[str, Any]:
    """A year of the site's calendar: the days that are not what their weekday says."""
    place, day = hours.at_site(site), asked["day"]
    year = day.year if day else asked["year"] or _today(place).year
    return year_out(workdays.standing(place.site_id, year), day)


@blp.put("/sites/<site>/workdays/<int:year>")
@first(keeper_at)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(NoticeIn, error_status_code=422)
@blp.response(200, WorkdaysOut)
def import_year(said: dict[str, Any], site: str, year: int) -> dict[str, Any]:
    """Take in a year's notice; bookings on its days are looked at within minutes. All of it or nothing."""
    site_id = hours.at_site(site).site_id
    services.import_year(actor(), site_id, workdays.known(year), fields.listed(said, year), said["version"])
    return year_out(workdays.standing(site_id, year))


@blp.delete("/sites/<site>/workdays/<int:year>")
@first(keeper_at)
@blp.refuses(403, 404, 409)
@blp.response(200, WorkdaysOut)
def forget_year(site: str, year: int) -> dict[str, Any]:
    """Know no more of a year than its weekdays, which are provisional again."""
    site_id = hours.at_site(site).site_id
    services.forget_year(actor(), site_id, workdays.known(year))
    return year_out(workdays.standing(site_id, year))


@blp.patch("/sites/<site>/workdays/<int:year>/<day>")
@first(keeper_at)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(DayIn, error_status_code=422)
@blp.response(200, WorkdaysOut)
def set_day(said: dict[str, Any], site: str, year: int, day: str) -> dict[str, Any]:
    """Say by hand what a day is, whatever the notice says; with null what its weekday says."""
    site_id, which = hours.at_site(site).site_id, _day(workdays.known(year), day)
    if said["kind"] is None:
        services.clear_day(actor(), site_id, which, said["note"])
    else:
        services.set_day(actor(), site_id, Listed(which, said["kind"], said["name"]), said["note"])
    return year_out(workdays.standing(site_id, year))


def _day(year: int, said: str) -> date:
    try:
        day = date.fromisoformat(said) if len(said) == 10 else None
    except ValueError:
        day = None
    if day is None or day.year != year:
        raise Invalid(fields={"day": [N_("Not a day of %(year)s.", year=str(year))]})
    return day
