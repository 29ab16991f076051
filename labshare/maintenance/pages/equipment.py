"""What instruments need again and again and whether it is overdue, and the utilities they share, as pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _

from labshare.kernel import clock
from labshare.kernel.errors import Conflict, Invalid
from labshare.maintenance import access, queries, services
from labshare.maintenance import upkeep as keeping
from labshare.maintenance.pages import frame
from labshare.maintenance.pages.frame import pages
from labshare.maintenance.schemas import UpkeepIn, UtilityIn
from labshare.maintenance.upkeep import Due
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.retrying import form_retry, new_key

UPKEEP = ("kind", "every_days", "every_hours", "note")
UTILITY = ("name_en", "name_zh")


@pages.get("/maintenance/upkeep")
@first(access.planner)
def upkeep() -> str:
    """What is due by when, the overdue first."""
    return _upkeep(Form({"instrument": request.args.get("instrument", "")}))


@pages.post("/maintenance/upkeep")
@first(access.planner)
def set_upkeep() -> Any:
    """Say how often an instrument needs a kind of work."""
    values, code = fields_of(*UPKEEP), request.form.get("instrument", "")
    goal = url_for("maintenance.upkeep")
    try:
        _known(code)
        services.set_upkeep(actor(), code, **load(UpkeepIn(), values), retry=form_retry(goal))
    except (Invalid, Conflict) as problem:
        form = frame.refused({**values, "instrument": code}, problem)
        return make_response(_upkeep(form), problem.status)
    flash(_("It is kept in mind from now on."), "good")
    return redirect(goal, 303)


def _known(code: str) -> None:
    """Raises Invalid where none of the actor's instruments is called so: a form names it, not an address."""
    if code not in {one.code for one in frame.mine(actor())}:
        raise Invalid(fields={"instrument": [_("There is no instrument with this code.")]})


@pages.post("/maintenance/upkeep/<id:upkeep_id>/remove")
@first(access.minder_of)
def remove_upkeep(upkeep_id: int) -> Any:
    """Nobody needs to think of it any more."""
    services.remove_upkeep(actor(), upkeep_id)
    flash(_("It is not kept in mind any more."), "good")
    return redirect(url_for("maintenance.upkeep"), 303)


def _upkeep(form: Form) -> str:
    now = clock.now()
    return show(
        "maintenance/upkeep.html",
        items=sorted(keeping.every(actor()), key=_urgency(now)),
        now=now,
        form=form,
        instruments=frame.options(frame.mine(actor())),
        kinds=frame.kinds(),
        sections=frame.sections("maintenance.upkeep"),
        retry_key=new_key(),
    )


def _urgency(now: Any) -> Callable[[Due], Any]:
    """The overdue first, then what is due by date, then the rest by how many of its hours are run."""

    def key(due: Due) -> Any:
        left = (due.due_on - now).total_seconds() if due.due_on else float("inf")
        share = due.minutes_run / due.every_hours if due.every_hours else 0
        return not due.is_overdue(now), left, -share, due.code

    return key


# ---------------------------------------------------------------- utilities


@pages.get("/maintenance/utilities")
@first(access.planner)
def utilities() -> str:
    """What instruments share."""
    return _utilities(Form({"instruments": []}))


@pages.post("/maintenance/utilities")
@first(access.planner)
def add_utility() -> Any:
    """One more thing that instruments depend on."""
    goal = url_for("maintenance.utilities")
    return _say_utility(lambda said, codes: services.add_utility(actor(), said, codes, form_retry(goal)))


@pages.get("/maintenance/utilities/<id:utility_id>")
@first(access.user_of)
def utility(utility_id: int) -> str:
    """One utility, to be changed."""
    one = queries.utility(actor(), utility_id)
    values = {"name_en": one.name_en, "name_zh": one.name_zh, "instruments": list(one.instruments)}
    return _utilities(Form(values), utility_id)


@pages.post("/maintenance/utilities/<id:utility_id>")
@first(access.user_of)
def change_utility(utility_id: int) -> Any:
    """Call it otherwise, or say what depends on it anew."""
    goal = url_for("maintenance.utilities")

    def act(said: dict[str, Any], codes: list[str]) -> None:
        services.change_utility(actor(), utility_id, said, codes, form_retry(goal))

    return _say_utility(act, utility_id)


def _say_utility(act: Callable[[dict[str, Any], list[str]], Any], utility_id: int | None = None) -> Any:
    values: dict[str, Any] = {**fields_of(*UTILITY), "instruments": request.form.getlist("instruments")}
    try:
        said = load(UtilityIn(), values)
        act(said, said.pop("instruments"))
    except (Invalid, Conflict) as problem:
        return make_response(_utilities(frame.refused(values, problem), utility_id), problem.status)
    flash(_("The utility is saved."), "good")
    return redirect(url_for("maintenance.utilities"), 303)


def _utilities(form: Form, utility_id: int | None = None) -> str:
    return show(
        "maintenance/utilities.html",
        items=queries.utilities(actor()),
        form=form,
        changed=utility_id,
        instruments=frame.mine(actor()),
        chosen=set(form.values.get("instruments", ())),
        sections=frame.sections("maintenance.utilities"),
        retry_key=new_key(),
    )
