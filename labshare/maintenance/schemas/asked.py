"""What may be asked of maintenance, and how."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from labshare.kernel.errors import N_
from labshare.kernel.slots import Slot
from labshare.maintenance.models import KINDS
from labshare.maintenance.repeat import EVERY, LAST, MOST_INTERVAL, MOST_TIMES, WEEKDAYS, Repeat, contradictions
from labshare.maintenance.rules import DISPLACE, WHEN_HIT
from labshare.maintenance.selection import MOST, Wanted
from labshare.maintenance.services.planning import Draft
from labshare.web.bodies import Day, Flag, Length, Line, Moment, OneOf, Prose, Whole
from labshare.web.paging import PageArguments

BIGGEST_ID = 10**18


class Weekdays(fields.List):
    """Days of the week by their first three letters, each at most once; loaded as numbers, Monday is 0."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(fields.String(validate=OneOf(WEEKDAYS)), **rest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> Any:
        if isinstance(value, list) and len(value) > len(WEEKDAYS):  # before each of ten thousand is found unknown
            raise ValidationError([N_("Too long: at most %(n)s.", n=len(WEEKDAYS))])
        words = super()._deserialize(value, attr, data, **rest)
        return tuple(sorted(WEEKDAYS.index(word) for word in words or ()))


class RepeatIn(Schema):
    """How often a window comes again; loaded as a Repeat that does not contradict itself.

    What is left out is as the first window is: its weekday, or its day of the month.
    """

    every = fields.String(required=True, validate=OneOf(EVERY), metadata={"example": "week"})
    interval = Whole(1, MOST_INTERVAL, load_default=1)
    weekdays = Weekdays(
        load_default=(),
        metadata={"example": ["mon", "thu"], "description": "With week; with month one of them, and nth."},
    )
    day = Whole(1, 31, load_default=None, allow_none=True, metadata={"description": "With month: its day."})
    nth = Whole(
        LAST,
        4,
        load_default=None,
        allow_none=True,
        metadata={"description": "With month and one weekday: which one of the month, 1 to 4, -1 for the last."},
    )
    until = Day(load_default=None, allow_none=True, metadata={"description": "The last day, included."})
    times = Whole(1, MOST_TIMES, load_default=None, allow_none=True, metadata={"example": 10})

    @post_load
    def repeat(self, data: dict[str, Any], **_rest: Any) -> Repeat:
        repeat = Repeat(**data)
        if found := contradictions(repeat):
            raise ValidationError(found)
        return repeat


class SlotIn(Schema):
    """A stretch of time: two RFC 3339 times with offset."""

    starts_at = Moment(required=True, metadata={"example": "2026-12-01T09:00:00+08:00"})
    ends_at = Moment(required=True, metadata={"example": "2026-12-01T12:00:00+08:00"})

    @validates_schema(skip_on_field_errors=True)
    def forward(self, data: dict[str, Any], **_rest: Any) -> None:
        if "starts_at" in data and "ends_at" in data and data["starts_at"] >= data["ends_at"]:
            raise ValidationError([N_("Must end after it starts.")], "ends_at")


class WindowIn(SlotIn):
    """Planned maintenance: of which instruments, when, how often, and what becomes of bookings in the way."""

    instruments = fields.List(Line(40), load_default=list, validate=Length(max=MOST), metadata={"example": ["SEM-01"]})
    category = Whole(1, BIGGEST_ID, metadata={"description": "All instruments of yours in this category."})
    site = Line(30, metadata={"description": "All instruments of this site, or those of the category there."})
    utility = Whole(1, BIGGEST_ID, metadata={"description": "All instruments that depend on it."})
    kind = fields.String(required=True, validate=OneOf(KINDS), metadata={"example": "preventive"})
    note = Prose(2000, least=0, load_default="")
    performed_by = Line(200, least=0, load_default="", metadata={"description": "Who does it."})
    repeat = fields.Nested(RepeatIn, load_default=None, allow_none=True)
    when_hit = fields.String(
        load_default=DISPLACE,
        validate=OneOf(WHEN_HIT),
        metadata={"description": "Displace the bookings, refuse if there are any, or fit around them."},
    )

    @post_load
    def draft(self, data: dict[str, Any], **_rest: Any) -> Draft:
        named = {name: data.pop(name, None) for name in ("category", "site", "utility")}
        wanted = Wanted(tuple(dict.fromkeys(data.pop("instruments"))), **named)
        slot = Slot(data.pop("starts_at"), data.pop("ends_at"))
        return Draft(wanted, slot, **data)


class WindowPatch(Schema):
    """Another time for one window, or something else that is said of it."""

    starts_at = Moment()
    ends_at = Moment()
    kind = fields.String(validate=OneOf(KINDS))
    note = Prose(2000, least=0)
    performed_by = Line(200, least=0)
    when_hit = fields.String(load_default=DISPLACE, validate=OneOf(WHEN_HIT))
    version = Whole(1, 2**31 - 1, load_default=None, allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def whole(self, data: dict[str, Any], **_rest: Any) -> None:
        there = [name for name in ("starts_at", "ends_at") if name in data]
        if len(there) == 1:
            missing = "ends_at" if there == ["starts_at"] else "starts_at"
            raise ValidationError([N_("Please give both ends of the time.")], missing)
        if there and data["starts_at"] >= data["ends_at"]:
            raise ValidationError([N_("Must end after it starts.")], "ends_at")

    @post_load
    def change(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        slot = Slot(data.pop("starts_at"), data.pop("ends_at")) if "starts_at" in data else None
        rest = {name: data.pop(name) for name in ("when_hit", "version")}
        return {"said": data, "slot": slot, **rest}


class WindowsIn(PageArguments):
    """Which windows to list."""

    coming = Flag(load_default=None, metadata={"description": "true: planned or under way; false: over."})
    instrument = Line(40, load_default=None)


class CancelIn(Schema):
    """Whether the rest of the series goes too."""

    series = Flag(load_default=False, metadata={"description": "And those of its series that follow."})


class OutageIn(Schema):
    """An instrument broke down."""

    instrument = Line(40, required=True, metadata={"example": "SEM-01"})
    note = Prose(2000, least=0, load_default="")
    expected_until = Moment(load_default=None, allow_none=True, metadata={"description": "If somebody knows."})


class OutagesIn(PageArguments):
    """Which outages to list."""

    open = Flag(load_default=None, metadata={"description": "Those that go on, or those that are over; or all."})


class RepairedIn(Schema):
    """It works again; what was done."""

    remedy = Prose(2000, least=0, load_default="")
    version = Whole(1, 2**31 - 1, load_default=None, allow_none=True)


class UtilityIn(Schema):
    """A utility and what depends on it."""

    name_en = Line(120, required=True, metadata={"example": "Chiller 2"})
    name_zh = Line(120, required=True, metadata={"example": "2 号冷水机"})
    instruments = fields.List(
        Line(40), required=True, validate=Length(min=1, max=MOST), metadata={"example": ["SEM-01"]}
    )


class UpkeepIn(Schema):
    """How often an instrument needs a kind of work: by days, by hours of use, or whichever comes first."""

    kind = fields.String(required=True, validate=OneOf(KINDS))
    every_days = Whole(1, 3660, load_default=None, allow_none=True, metadata={"example": 365})
    every_hours = Whole(1, 100_000, load_default=None, allow_none=True)
    note = Line(500, least=0, load_default="")


class DocumentIn(Schema):
    """A file of at most half a megabyte, its bytes in Base64."""

    name = Line(200, required=True, metadata={"example": "calibration-2026.pdf"})
    content = fields.String(required=True, metadata={"format": "byte", "example": "JVBERi0xLjcK"})

    @post_load
    def read(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        try:
            content = base64.b64decode(data["content"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError([N_("Not Base64.")], "content") from error
        return {"name": data["name"], "content": content}


class ChannelsIn(Schema):
    """How many channels are left."""

    channels = Whole(1, 499, required=True)


class SuspensionIn(Schema):
    """Why a company is suspended; its people read it."""

    reason = Prose(500, required=True)
