"""Whom other hours would hit, by JSON; and what lies outside the hours as they are. Nothing is changed here."""

from __future__ import annotations

from typing import Any

from flask import Response

from labshare.booking import outside
from labshare.booking.api.frame import as_json, blp
from labshare.booking.outside import Change
from labshare.booking.schemas import (
    DayPreviewIn,
    ExceptionPreviewIn,
    HoursPreviewIn,
    NoticePreviewIn,
    OutsideOut,
    outside_out,
)
from labshare.instruments import fields, hours, policy, workdays
from labshare.instruments import queries as catalogue
from labshare.instruments.hours import Place
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.web.guard import first


def _keeper_at(who: Actor, site: str, **_rest: object) -> None:
    if not policy.may_keep(who, catalogue.site(site).id):
        raise Forbidden


def _foreseen(place: Place, change: Change) -> Response:
    return as_json(outside_out(outside.by_company(outside.foreseen(place, change, clock.now()))))


@blp.get("/sites/<site>/outside-hours")
@first(_keeper_at)
@blp.refuses(403, 404)
@blp.response(200, OutsideOut)
def outside_hours(site: str) -> Response:
    """What is booked ahead at a site outside its instruments' hours; for its lab managers and admins."""
    found = outside.standing(catalogue.site(site).id, clock.now())
    return as_json(outside_out(outside.by_company(found)))


@blp.post("/sites/<site>/opening-hours/preview")
@first(_keeper_at)
@blp.refuses(400, 403, 404, 413, 415, 422)
@blp.arguments(HoursPreviewIn)
@blp.response(200, OutsideOut)
def preview_hours(said: dict[str, Any], site: str) -> Response:
    """What would lie outside these hours and does not yet. It would stay booked."""
    place = hours.at(site, said["instrument"])
    pattern = fields.pattern(said, clock.now().astimezone(place.zone).date())
    return _foreseen(place, outside.with_pattern(place, pattern))


@blp.post("/sites/<site>/opening-exceptions/preview")
@first(_keeper_at)
@blp.refuses(400, 403, 404, 413, 415, 422)
@blp.arguments(ExceptionPreviewIn)
@blp.response(200, OutsideOut)
def preview_exception(said: dict[str, Any], site: str) -> Response:
    """What would lie outside the hours of one day and does not yet. It would stay booked."""
    place = hours.at(site, said["instrument"])
    return _foreseen(place, outside.with_exception(place, said["day"], said["intervals"]))


@blp.post("/sites/<site>/workdays/<int:year>/preview")
@first(_keeper_at)
@blp.refuses(400, 403, 404, 413, 415, 422)
@blp.arguments(NoticePreviewIn)
@blp.response(200, OutsideOut)
def preview_notice(said: dict[str, Any], site: str, year: int) -> Response:
    """What would lie on days that the notice closes. Once it is taken in, it is given back."""
    place = hours.at_site(site)
    return _foreseen(place, outside.with_year(place, year, fields.listed(said, workdays.known(year))))


@blp.post("/sites/<site>/workdays/preview")
@first(_keeper_at)
@blp.refuses(400, 403, 404, 413, 415, 422)
@blp.arguments(DayPreviewIn)
@blp.response(200, OutsideOut)
def preview_day(said: dict[str, Any], site: str) -> Response:
    """What would lie on one day if it were said by hand to be closed. Once it is, it is given back."""
    place = hours.at_site(site)
    return _foreseen(place, outside.with_day(place, said["date"], said["kind"]))
