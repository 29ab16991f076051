"""Jobs and the clock."""

from __future__ import annotations

from labshare.audit.sentences.shape import Line, Table, joined
from labshare.clockwork import events
from labshare.kernel.errors import N_, Text


def _late(line: Line) -> Text:
    return N_("The job %(job)s has been waiting for %(minutes)s minutes.", minutes=line.data["lag_seconds"] // 60)


def _jumped(line: Line) -> Text:
    if line.data.get("paused"):
        return N_(
            "The clock jumped by %(seconds)s seconds; these jobs stand still: %(paused)s.",
            paused=joined(line.data["paused"]),
        )
    return N_("The clock jumped by %(seconds)s seconds.")


TOLD: Table = {
    events.JobFailed.kind(): N_(
        "The job %(job)s failed %(tries)s times and was given up for the period of %(period)s: %(error)s"
    ),
    events.JobLate.kind(): _late,
    events.JobPaused.kind(): N_("%(who)s paused the job %(job)s: %(reason)s"),
    events.JobResumed.kind(): N_("%(who)s let the job %(job)s run again."),
    events.ClockJumped.kind(): _jumped,
}
