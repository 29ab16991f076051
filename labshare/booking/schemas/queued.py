"""The queue on the wire: what is looked for, what is told of each request, and answers to many at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from labshare.booking.conduct import Tally
from labshare.booking.dossier import Dossier
from labshare.booking.queue import Sought
from labshare.booking.schemas.asked import BIGGEST_ID, WaiveIn
from labshare.booking.schemas.told import AlternativeOut, BookingOut, ShareOut, WaivedOut, shares_out, waived_out
from labshare.booking.services.answering_many import MOST, MOVES, Chosen, Outcome
from labshare.kernel.errors import N_
from labshare.kernel.slots import Slot
from labshare.web.api import ReasonOut
from labshare.web.bodies import Flag, Length, Line, OneOf, Prose, Whole
from labshare.web.errors import failure_out
from labshare.web.i18n import own
from labshare.web.paging import PageArguments


class QueueIn(PageArguments):
    """Which of the requests that wait."""

    site = Line(30, load_default="", metadata={"description": "The site's code."})
    category = Whole(1, BIGGEST_ID, load_default=None, metadata={"description": "Its id."})
    instrument = Line(40, load_default="", metadata={"description": "Its code."})
    company = Whole(1, BIGGEST_ID, load_default=None)
    urgent = Flag(load_default=False, metadata={"description": "Half of the time to answer is up."})
    over_quota = Flag(load_default=False, metadata={"description": "More hours than are left to its company."})
    q = Line(200, load_default="", metadata={"description": "Words in the purpose, or in a name."})

    @post_load
    def sought(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {**page, "sought": Sought(**data)}


class RecordOut(Schema):
    """What is held against somebody at present."""

    points = fields.Integer(required=True)
    no_show = fields.Integer(required=True, metadata={"description": "How often."})
    late_cancel = fields.Integer(required=True)
    overtime = fields.Integer(required=True)


class RivalOut(Schema):
    """Another company that waits for time this request holds."""

    company = fields.Dict(required=True, metadata={"description": "id, name"})
    slots = fields.List(fields.Dict(), required=True, metadata={"description": "starts_at, ends_at"})


class QueuedOut(Schema):
    """A request, and what its answer rests on."""

    booking = fields.Nested(BookingOut, required=True)
    account = fields.List(fields.Nested(ShareOut), required=True)
    bookings_ahead = fields.Integer(required=True, metadata={"description": "Of the company, this one included."})
    person_record = fields.Nested(RecordOut, required=True)
    company_record = fields.Nested(RecordOut, required=True)
    rivals = fields.List(fields.Nested(RivalOut), required=True)
    alternatives = fields.List(
        fields.Nested(AlternativeOut), required=True, metadata={"description": "The nearest that are free."}
    )
    waived = fields.List(fields.Nested(WaivedOut), required=True)
    urgent = fields.Boolean(required=True, metadata={"description": "Half of the time to answer is up."})
    reminded = fields.Boolean(required=True, metadata={"description": "Managers were reminded."})
    escalated = fields.Boolean(required=True, metadata={"description": "Deputies were told."})


class QueueOut(Schema):
    """A page of the queue, the most urgent first."""

    items = fields.List(fields.Nested(QueuedOut), required=True)
    next = fields.String(allow_none=True)


def queued_out(one: Dossier) -> dict[str, Any]:
    """A request with its facts, as it goes over the wire."""
    known = one.known
    place = {"code": known.code, "name": own(known.name_en, known.name_zh)}
    return {
        "booking": BookingOut().dump(one.booking),
        "account": shares_out([share for share in one.shares if share.left is not None]),
        "bookings_ahead": one.ahead,
        "person_record": _record_out(one.person),
        "company_record": _record_out(one.company),
        "rivals": [
            {"company": {"id": rival.company_id, "name": rival.name}, "slots": list(map(_slot_out, rival.slots))}
            for rival in one.rivals
        ],
        "alternatives": [{"instrument": place, **_slot_out(slot)} for slot in one.alternatives],
        "waived": [waived_out(waived) for waived in one.waived],
        "urgent": one.due,
        "reminded": one.reminded,
        "escalated": one.escalated,
    }


def _record_out(record: Tally) -> dict[str, int]:
    counts = {what: record.counts.get(what, 0) for what in ("no_show", "late_cancel", "overtime")}
    return {"points": record.points, **counts}


def _slot_out(slot: Slot) -> dict[str, str]:
    return {"starts_at": slot.start.isoformat(), "ends_at": slot.end.isoformat()}


class ChosenIn(Schema):
    """A request that is to be answered; with `version` it is left alone where somebody else was faster."""

    id = Whole(1, BIGGEST_ID, required=True)
    version = Whole(1, 10**9, load_default=None)

    @post_load
    def chosen(self, data: dict[str, Any], **_rest: Any) -> Chosen:
        return Chosen(data["id"], data["version"])


class AnswersIn(Schema):
    """One answer to many requests; a no says why, and so does what is waived."""

    bookings = fields.List(fields.Nested(ChosenIn), required=True, validate=Length(min=1, max=MOST))
    move = fields.String(required=True, validate=OneOf(MOVES))
    reason = Prose(500, load_default="")
    waive = WaiveIn(metadata={"description": "With a yes: codes of reasons that are let pass."})
    whole = Flag(required=True, metadata={"description": "All of them or none; else each for itself."})

    @validates_schema(skip_on_field_errors=True)
    def once(self, data: dict[str, Any], **_rest: Any) -> None:
        twice = [number for number, count in Counter(one.booking_id for one in data["bookings"]).items() if count > 1]
        if twice:
            raise ValidationError([N_("Name each only once.")], "bookings")
        if not data["reason"] and (data["move"] == "reject" or data["waive"]):
            raise ValidationError([N_("Say why.")], "reason")


class OutcomeOut(Schema):
    """What became of one: its state now; or a code, and the reasons why not."""

    booking = fields.Integer(required=True)
    state = fields.String()
    code = fields.String()
    detail = fields.String()
    reasons = fields.List(fields.Nested(ReasonOut))


class AnswersOut(Schema):
    """What became of each, in the order they were named."""

    items = fields.List(fields.Nested(OutcomeOut), required=True)

    def dump(self, obj: list[Outcome], *, many: bool | None = None) -> Any:  # noqa: ARG002 - marshmallow's signature
        return {"items": [_outcome_out(one) for one in obj]}


def _outcome_out(one: Outcome) -> dict[str, Any]:
    return {"booking": one.booking_id, **({"state": one.state} if one.problem is None else failure_out(one.problem))}
