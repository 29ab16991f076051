"""The clockwork's page, for admins."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _

from labshare.clockwork import queries, services
from labshare.clockwork.policy import require_admin
from labshare.clockwork.queries import require_named
from labshare.kernel import clock
from labshare.web.guard import actor, first
from labshare.web.htmx import show
from labshare.web.i18n import say

pages = Blueprint("clockwork", __name__, template_folder="templates")


@pages.get("/jobs")
@first(require_admin)
def jobs() -> str:
    """Every job with a button to run it now."""
    lines = queries.lines(clock.now())
    return show("clockwork/jobs.html", "content", lines=lines, vitals=queries.vitals())


@pages.post("/jobs/<name>/run")
@first(require_named)
def run(name: str) -> Any:
    """Do one job now and say what came of it."""
    line = services.run_job(actor(), name)
    flash(_("%(job)s: %(outcome)s", job=name, outcome=say(line.outcome())), "error" if line.failed else "success")
    return redirect(url_for("clockwork.jobs"), 303)
