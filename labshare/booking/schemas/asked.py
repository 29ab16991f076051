"""What may be asked of bookings, and how."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from labshare.booking import lifecycle, rules
from labshare.booking.services.asking import Draft
from labshare.booking.services.offering import Wish
from labshare.kernel.errors import N_
from labshare.kernel.slots import Slot
from labshare.web.bodies import Length, Line, Moment, OneOf, Prose, Whole
from labshare.web.paging import MOST, PageArguments

BIGGEST_ID = 10**18
LONGEST_WINDOW = timedelta(days=31)


class SlotIn(Schema):
    """A slot: two RFC 3339 times with offset."""

    starts_at = Moment(required=True, metadata={"example": "2026-12-01T09:00:00+08:00"})
    ends_at = Moment(required=True, metadata={"example": "2026-12-01T11:00:00+08:00"})

    @validates_schema(skip_on_field_errors=True)
    def forward(self, data: dict[str, Any], **_rest: Any) -> None:
        if data["starts_at"] >= data["ends_at"]:
            raise ValidationError([N_("Must end after it starts.")], "ends_at")


class WaiveIn(fields.List):
    """Codes of reasons that somebody lets pass."""

    def __init__(self, **rest: Any) -> None:
        one = fields.String(validate=OneOf(rules.WAIVABLE))
        super().__init__(one, load_default=list, validate=Length(max=len(rules.WAIVABLE)), **rest)


class AskIn(SlotIn):
    """What somebody asks for; `company` only where lab staff ask on behalf of one."""

    instrument = Line(40, required=True, metadata={"example": "SEM-01"})
    company = Whole(1, BIGGEST_ID)
    waive = WaiveIn(metadata={"description": "For lab managers: codes of reasons that are let pass."})
    reason = Prose(500, metadata={"description": "Why; with `waive`."})


class CheckIn(AskIn):
    """A dry run of a request."""

    purpose = Prose(2000)

    @post_load
    def draft(self, data: dict[str, Any], **_rest: Any) -> Draft:
        slot = Slot(data["starts_at"], data["ends_at"])
        waived = {"waive": tuple(data["waive"]), "reason": data.get("reason", "")}
        return Draft(data["instrument"], slot, data.get("purpose", ""), data.get("company"), **waived)


class BookingIn(CheckIn):
    """A request for time."""

    purpose = Prose(2000, required=True, metadata={"example": "Fracture surfaces of batch 12"})


class VersionIn(Schema):
    """A move with a booking; with `version` it is refused where somebody else was faster."""

    version = Whole(1, 10**9)


class ApproveIn(VersionIn):
    """A yes, and a word with it; what is waived needs one."""

    reason = Prose(500)
    waive = WaiveIn()


class EndorseIn(VersionIn):
    """The company's own yes, and a word with it."""

    reason = Prose(500)


class HandOverIn(VersionIn):
    """Which colleague of the same company has the booking from now on."""

    person = Whole(1, BIGGEST_ID, required=True)


class ChangeEndIn(VersionIn):
    """When a use that goes on ends; what staff waive needs a reason."""

    ends_at = Moment(required=True, metadata={"example": "2026-12-01T11:30:00+08:00"})
    waive = WaiveIn(metadata={"description": "For lab managers: codes of reasons that are let pass."})
    reason = Prose(500, metadata={"description": "Why; with `waive`."})


class RejectIn(VersionIn):
    """A no, and why."""

    reason = Prose(500, required=True)


class MoveIn(SlotIn, VersionIn):
    """Another time on the same instrument."""


class OfferIn(MoveIn):
    """A yes to another time on the same instrument, and a word with it; what is waived needs one."""

    reason = Prose(500)
    waive = WaiveIn()


class AcceptIn(Schema):
    """Which time is taken for a displaced booking: the one that is held, or a free one that is named."""

    instrument = Line(40, metadata={"description": "With both times: another free time than the one that is held."})
    starts_at = Moment()
    ends_at = Moment()

    @validates_schema(skip_on_field_errors=True)
    def whole(self, data: dict[str, Any], **_rest: Any) -> None:
        missing = [name for name in ("instrument", "starts_at", "ends_at") if name not in data]
        if data and missing:
            raise ValidationError([N_("Say which instrument, from when and to when.")], missing[0])
        if data and data["starts_at"] >= data["ends_at"]:
            raise ValidationError([N_("Must end after it starts.")], "ends_at")

    @post_load
    def wish(self, data: dict[str, Any], **_rest: Any) -> Wish | None:
        return Wish(data["instrument"], Slot(data["starts_at"], data["ends_at"])) if data else None


class CheckOutIn(VersionIn):
    """The end of a use: how many samples, a note, and what is wrong with the instrument."""

    samples = Whole(0, 100_000)
    note = Prose(2000)
    problem = Prose(2000)


class UsageIn(SlotIn):
    """What was used, as staff enter or correct it; a correction says why."""

    samples = Whole(0, 100_000)
    note = Prose(2000)
    reason = Prose(500)


class ListIn(PageArguments):
    """Which bookings to list."""

    state = fields.String(validate=OneOf(lifecycle.STATES))
    awaiting = fields.String(validate=OneOf((lifecycle.COMPANY, lifecycle.LABORATORY)))
    instrument = Line(40)
    company = Whole(1, BIGGEST_ID)
    starts_from = Moment(data_key="from")
    starts_to = Moment(data_key="to")


class WindowIn(Schema):
    """A stretch of time, at most 31 days."""

    starts_at = Moment(required=True, data_key="from")
    ends_at = Moment(required=True, data_key="to")

    @validates_schema(skip_on_field_errors=True)
    def short(self, data: dict[str, Any], **_rest: Any) -> None:
        if data["starts_at"] >= data["ends_at"]:
            raise ValidationError([N_("Must end after it starts.")], "to")
        if data["ends_at"] - data["starts_at"] > LONGEST_WINDOW:
            raise ValidationError([N_("At most 31 days.")], "to")

    @post_load
    def slot(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        return data | {"window": Slot(data.pop("starts_at"), data.pop("ends_at"))}


class FreeIn(WindowIn):
    """How long a slot, and where to look for it."""

    minutes = Whole(1, 144_000, required=True)


class FreeAnywhereIn(FreeIn):
    """How long a slot, where to look for it, and on which instruments: all that can be booked where none is named."""

    instrument = fields.List(Line(40), load_default=list, validate=Length(max=500))
    category = Line(120, load_default="", metadata={"description": "Its id, or a name of it."})
    site = Line(30, load_default="", metadata={"description": "The site's code."})
    limit = Whole(1, MOST, load_default=50, metadata={"description": "At most this many items, up to 200."})
    cursor = fields.String(load_default=None, metadata={"description": "`next` of the page before."})


class TimelineIn(WindowIn):
    """Which instruments' time; all of them where none is named."""

    instrument = fields.List(Line(40), load_default=list, validate=Length(max=500))
