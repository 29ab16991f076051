"""What may be asked of maintenance, and how."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load

from labshare.kernel.errors import N_
from labshare.maintenance.repeat import EVERY, LAST, MOST_INTERVAL, MOST_TIMES, WEEKDAYS, Repeat, contradictions
from labshare.web.bodies import Day, OneOf, Whole


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
