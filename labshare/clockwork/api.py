"""The clockwork's JSON door, for admins."""

from __future__ import annotations

from labshare.clockwork import queries, services
from labshare.clockwork.policy import require_admin
from labshare.clockwork.queries import Line, require_named
from labshare.clockwork.schemas import JobOut, JobsOut
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


@blp.post("/jobs/<name>/run")
@first(require_named)
@blp.changes(200, JobOut)
def run(name: str, retry: Retry | None) -> Line:
    """Do one job now; it acts once, so again at once there is nothing to do."""
    return services.run_job(actor(), name, retry)
