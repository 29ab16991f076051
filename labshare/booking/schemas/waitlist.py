"""The waiting list as it is asked for and told."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load

from labshare.booking.models import WAIT_STATES
from labshare.booking.schemas import named
from labshare.booking.schemas.asked import BIGGEST_ID, SlotIn
from labshare.booking.services.asking import Draft
from labshare.booking.waitlist import Wait
from labshare.kernel.slots import Slot
from labshare.web.bodies import Line, OneOf, Prose, Whole
from labshare.web.paging import PageArguments


class WaitIn(SlotIn):
    """Time to wait for; `company` only where lab staff join on behalf of one."""

    instrument = Line(40, required=True, metadata={"example": "SEM-01"})
    company = Whole(1, BIGGEST_ID)
    purpose = Prose(2000, required=True, metadata={"example": "Fracture surfaces of batch 12"})

    @post_load
    def draft(self, data: dict[str, Any], **_rest: Any) -> Draft:
        slot = Slot(data["starts_at"], data["ends_at"])
        return Draft(data["instrument"], slot, data["purpose"], data.get("company"))


class WaitsIn(PageArguments):
    """Which places in line to list."""

    state = fields.String(validate=OneOf(WAIT_STATES))
    instrument = Line(40)


class WaitOut(Schema):
    """A place in line as those see it who may."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, validate=OneOf(WAIT_STATES))
    version = fields.Integer(required=True)
    instrument = named.instrument()
    company = named.company()
    person = named.person()
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    purpose = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    position = fields.Integer(
        allow_none=True, metadata={"description": "1 is asked first; null for who does not wait any more."}
    )
    booking = fields.Integer(
        allow_none=True,
        attribute="booking_id",
        metadata={"description": "The booking that holds the time until it is accepted or declined, or was taken."},
    )


class WaitsOut(Schema):
    """A page of places in line."""

    items = fields.List(fields.Nested(WaitOut), required=True)
    next = fields.String(allow_none=True)


def waits_listing(found: list[Wait], following: str | None) -> dict[str, Any]:
    """A page of places in line as it goes over the wire."""
    return {"items": WaitOut(many=True).dump(found), "next": following}
