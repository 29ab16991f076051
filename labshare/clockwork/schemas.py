"""How jobs are read on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from labshare.clockwork.queries import Line
from labshare.web.bodies import Moment
from labshare.web.i18n import say


class JobOut(Schema):
    """One job of the clockwork: what it is for, when it last ran, what came of it, and whether it is late."""

    name = fields.String(attribute="job.name", required=True, metadata={"example": "mail_links"})
    purpose = fields.Function(lambda line: say(line.job.purpose), metadata={"type": "string"})
    schedule = fields.Function(lambda line: say(line.job.schedule()), metadata={"type": "string"})
    last_run = Moment(attribute="last.started_at", load_default=None, dump_default=None, allow_none=True)
    last_result = fields.Function(lambda line: say(line.outcome()), metadata={"type": "string"})
    counts = fields.Method("count", metadata={"type": "object", "description": "What the last run did, by name."})
    failed = fields.Function(lambda line: line.failed, metadata={"type": "boolean"})
    lag_seconds = fields.Float(required=True)
    next_run = Moment(required=True)

    def count(self, line: Line) -> dict[str, Any]:
        """What the last run did."""
        return dict(line.last.result) if line.last else {}


class JobsOut(Schema):
    """Every job; there are few, so one page holds them all."""

    items = fields.List(fields.Nested(JobOut), required=True)
    next = fields.String(allow_none=True, required=True)
