"""The clockwork's JSON door, for admins."""

from __future__ import annotations

from typing import Any

from labshare.clockwork import queries, services
from labshare.clockwork.policy import require_admin
from labshare.clockwork.queries import Line, require_named
from labshare.clockwork.schemas import JobOut, JobsOut, PauseIn, PreviewOut
from labshare.kernel import clock
from labshare.kernel.retry import Retry
from labshare.web.api import Blueprint
from labshare.web.guard import actor, first
from labshare.web.paging import Page

blp = Blueprint("clockwork", "What runs by itself")


@blp.get("/jobs")
@first(require_admin)
@blp.response(200, JobsOut)
@blp.refuses(403)
def jobs() -> Page:
    """Every job, how it did last, and how late it is."""
    return Page(queries.lines(clock.now()), None)


@blp.get("/jobs/<name>")
@first(require_named)
@blp.response(200, JobOut)
@blp.refuses(403, 404)
def job(name: str) -> Line:
    """One job."""
    return queries.line(name, clock.now())


@blp.get("/jobs/<name>/preview")
@first(require_named)
@blp.response(200, PreviewOut)
@blp.refuses(403, 404, 409)
def preview(name: str) -> dict[str, Any]:
    """What a run would do now; nothing is done. Not every job can tell."""
    return {"counts": services.preview_job(actor(), name)}


@blp.post("/jobs/<name>/run")
@first(require_named)
@blp.changes(200, JobOut)
def run(name: str, retry: Retry | None) -> Line:
    """Do one job now; it acts once, so again at once there is nothing to do."""
    return services.run_job(actor(), name, retry)


@blp.post("/jobs/<name>/pause")
@first(require_named)
@blp.changes(200, JobOut, body=PauseIn)
def pause(body: dict[str, Any], name: str, retry: Retry | None) -> Line:
    """Let a job stand still until it is resumed."""
    return services.pause(actor(), name, body["reason"], retry)


@blp.post("/jobs/<name>/resume")
@first(require_named)
@blp.changes(200, JobOut)
def resume(name: str, retry: Retry | None) -> Line:
    """Let a paused job run again; what it missed is done at once."""
    return services.resume(actor(), name, retry)
