"""How jobs are read and written on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from labshare.clockwork.queries import Line
from labshare.web.bodies import Line as LineOfText
from labshare.web.bodies import Moment
from labshare.web.i18n import say

_NONE: dict[str, Any] = {"load_default": None, "dump_default": None, "allow_none": True}


class PauseOut(Schema):
    """Why a job stands still; `by` is null where the clockwork itself stopped it."""

    reason = fields.String(required=True)
    by = fields.String(required=True, allow_none=True)
    at = Moment(required=True)


class JobOut(Schema):
    """One job of the clockwork: what it is for, when it last ran, what came of it, and whether it is late."""

    name = fields.String(attribute="job.name", required=True, metadata={"example": "deliver"})
    purpose = fields.Function(lambda line: say(line.job.purpose), metadata={"type": "string"})
    schedule = fields.Function(lambda line: say(line.job.schedule()), metadata={"type": "string"})
    last_run = Moment(attribute="last.started_at", **_NONE)
    last_success = Moment(attribute="last.done", metadata={"description": "Start of the latest period done."}, **_NONE)
    last_result = fields.Function(lambda line: say(line.outcome()), metadata={"type": "string"})
    duration_seconds = fields.Float(attribute="last.took", **_NONE)
    counts = fields.Method("count", metadata={"type": "object", "description": "What the last run did, by name."})
    failed = fields.Function(lambda line: line.failed, metadata={"type": "boolean"})
    lag_seconds = fields.Float(required=True)
    late = fields.Function(lambda line: line.is_late, metadata={"type": "boolean"})
    next_run = Moment(required=True)
    paused = fields.Nested(PauseOut, attribute="pause", required=True, allow_none=True)
    can_preview = fields.Function(lambda line: line.job.preview is not None, metadata={"type": "boolean"})

    def count(self, line: Line) -> dict[str, Any]:
        """What the last run did."""
        return dict(line.last.result) if line.last else {}


class JobsOut(Schema):
    """Every job; there are few, so one page holds them all."""

    items = fields.List(fields.Nested(JobOut), required=True)
    next = fields.String(allow_none=True, required=True)


class PreviewOut(Schema):
    """What a run would do now, by name."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class PauseIn(Schema):
    """Why a job shall stand still."""

    reason = LineOfText(500, required=True)
