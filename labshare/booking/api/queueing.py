"""The managers' queue by JSON, and answers to many requests at once."""

from __future__ import annotations

from typing import Any

from flask import Response

from labshare.booking import access, dossier, queue, services
from labshare.booking.answering import Word
from labshare.booking.api.frame import as_json, blp
from labshare.booking.models import Booking
from labshare.booking.queries import Seen
from labshare.booking.schemas import AnswersIn, AnswersOut, QueueIn, QueueOut, queued_out
from labshare.booking.services.answering_many import Outcome
from labshare.kernel import clock
from labshare.kernel.retry import Retry
from labshare.web.guard import actor, first
from labshare.web.paging import page


@blp.get("/queue")
@first(access.answerer)
@blp.refuses(403, 422)
@blp.arguments(QueueIn, location="query")
@blp.response(200, QueueOut)
def waiting(query: dict[str, Any]) -> Response:
    """What waits for the actor's answer, the most urgent first, with the facts the answer rests on."""
    now = clock.now()
    statement = queue.waiting(actor(), now, query["sought"])
    found = page(statement, Booking.decide_by, Booking.id, query["limit"], query["cursor"])
    items = dossier.of([Seen(*row) for row in found.items], now)
    return as_json({"items": [queued_out(one) for one in items], "next": found.next})


@blp.post("/bookings/answers")
@first(access.answerer)
@blp.changes(200, AnswersOut, body=AnswersIn)
def answer_many(body: dict[str, Any], retry: Retry | None) -> list[Outcome]:
    """Approve or reject many at once.

    `whole`: all of them, or 409 with every one that failed and why, and none is answered; else each for itself.
    """
    word = Word(body["reason"], tuple(body["waive"]))
    return services.answer_many(actor(), body["bookings"], body["move"], word, body["whole"], retry)
