"""The clockwork's pages, for admins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _

from labshare.clockwork import queries, services, words
from labshare.clockwork.policy import require_admin
from labshare.clockwork.queries import Line, require_named
from labshare.clockwork.schemas import PauseIn
from labshare.kernel import clock
from labshare.kernel.errors import Conflict, Invalid
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import said, say

pages = Blueprint("clockwork", __name__, template_folder="templates")
pages.add_app_template_filter(words.counted)


@pages.get("/jobs")
@first(require_admin)
def jobs() -> str:
    """Every job with a button to run it now."""
    found = queries.lines(clock.now())
    longest = max((line for line in found if line.pause is None), key=lambda line: line.lag, default=None)
    return show("clockwork/jobs.html", None, lines=found, heartbeat=queries.heartbeat(), longest=longest)


@pages.get("/jobs/<name>")
@first(require_named)
def job(name: str) -> str:
    """One job with its runs."""
    return _page(name)


@pages.get("/jobs/<name>/preview")
@first(require_named)
def preview(name: str) -> str:
    """One job with what it would do now."""
    return _page(name, preview=services.preview_job(actor(), name))


@pages.post("/jobs/<name>/run")
@first(require_named)
def run(name: str) -> Any:
    """Do one job now and say what came of it."""

    def told(line: Line) -> str:
        return _("%(job)s: %(outcome)s", job=name, outcome=say(line.outcome()))

    return _changed(name, lambda: services.run_job(actor(), name), told, to=url_for("clockwork.jobs"))


@pages.post("/jobs/<name>/pause")
@first(require_named)
def pause(name: str) -> Any:
    """Let a job stand still."""
    wire = fields_of("reason")
    return _changed(
        name,
        lambda: services.pause(actor(), name, load(PauseIn(), wire)["reason"]),
        lambda _line: _("Paused. It stands still until somebody resumes it."),
        wire,
    )


@pages.post("/jobs/<name>/resume")
@first(require_named)
def resume(name: str) -> Any:
    """Let a paused job run again."""
    return _changed(
        name,
        lambda: services.resume(actor(), name),
        lambda _line: _("Resumed. What it missed is done within a minute."),
    )


def _changed(
    name: str, act: Callable[[], Line], told: Callable[[Line], str], wire: Any = None, to: str | None = None
) -> Any:
    try:
        line = act()
    except Invalid as problem:
        return make_response(_page(name, form=Form(wire or {}, said(problem.fields))), problem.status)
    except Conflict as problem:
        flash(say(problem.detail), "error")
        return redirect(url_for("clockwork.job", name=name), 303)
    flash(told(line), "error" if to and line.failed else "success")
    return redirect(to or url_for("clockwork.job", name=name), 303)


def _page(name: str, **more: Any) -> str:
    found = queries.history(name, 50, request.args.get("cursor"))
    line = queries.line(name, clock.now())
    return show(
        "clockwork/job.html", None, line=line, runs=found.items, more=found.next, outcome=queries.outcome, **more
    )
