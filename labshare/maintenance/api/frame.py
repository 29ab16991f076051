"""The blueprint all JSON doors to maintenance hang on, and who may come in."""

from __future__ import annotations

from labshare.instruments import queries as catalogue
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.maintenance import policy, queries
from labshare.maintenance.planner import Consequences
from labshare.maintenance.schemas import (
    Foreseen,
)
from labshare.web.api import Blueprint

blp = Blueprint("maintenance", "Time the laboratory takes for itself, and what that does to bookings")


def planner(who: Actor) -> None:
    if not policy.may_plan_some(who):
        raise Forbidden


def reader_of(who: Actor, window_id: int, **_rest: int) -> None:
    planner(who)
    queries.window(who, window_id)


def planner_of(who: Actor, window_id: int, **_rest: int) -> None:
    planner(who)
    if not policy.may_plan(who, queries.window(who, window_id).site_ids):
        raise Forbidden


def keeper_of(who: Actor, code: str) -> None:
    if not policy.may_plan(who, [catalogue.known(code).site_id]):
        raise Forbidden


def foreseen(found: Consequences, windows: int = 1) -> Foreseen:
    known = catalogue.known_by_ids({place.instrument_id for place in found.places})
    return Foreseen(found, {one.id: one.code for one in known}, windows)
