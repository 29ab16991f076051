"""Today's board by JSON."""

from __future__ import annotations

from typing import Any

from flask import Response

from labshare.booking import access
from labshare.booking import board as today
from labshare.booking.api.frame import as_json, blp
from labshare.booking.schemas import BoardIn, BoardOut, line_out
from labshare.kernel import clock
from labshare.web.guard import actor, first


@blp.get("/board")
@first(access.answerer)
@blp.refuses(403, 422)
@blp.arguments(BoardIn, location="query")
@blp.response(200, BoardOut)
def board(query: dict[str, Any]) -> Response:
    """Who is on what now, who is late, what is free and who comes next, of the actor's sites."""
    found = [line for line in today.lines(actor(), clock.now()) if query["site"] in ("", line.known.site_code)]
    return as_json({"items": [line_out(line) for line in found], "next": None})
