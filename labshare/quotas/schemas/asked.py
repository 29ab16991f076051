"""What may be asked of accounts, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validates_schema

from labshare.kernel.errors import N_
from labshare.quotas import rules
from labshare.quotas.models import ALL, EXCEEDED, PERIODS, REFUSE, SCOPES
from labshare.quotas.naming import NAMED, Said
from labshare.web.bodies import Day, Length, Line, OneOf, Prose, Sent, Whole
from labshare.web.paging import PageArguments

BIGGEST_ID = 10**18
FIRST_YEAR, LAST_YEAR = 2000, 2100


class Hours(fields.Float):
    """Hours that come to whole minutes, from `low` to `high`; loaded as minutes."""

    def __init__(self, low: int, high: int, **rest: Any) -> None:
        self.low, self.high = low, high
        super().__init__(metadata={"minimum": low, "maximum": high, **rest.pop("metadata", {})}, **rest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> int:
        typed = isinstance(value, str)
        if isinstance(value, bool) or (typed and isinstance(data, Sent)):
            raise self.make_error("invalid", input=value)
        if typed and not re.fullmatch(r"-?[0-9]{1,15}([.][0-9]{0,20})?", value):
            raise self.make_error("invalid", input=value)
        hours = super()._deserialize(value, attr, data, **rest)
        if hours is None or not self.low <= hours <= self.high:
            raise ValidationError([N_("Must be from %(low)s to %(high)s.", low=self.low, high=self.high)])
        minutes = round(hours * 60)
        if abs(hours * 60 - minutes) > 1e-4:  # a third of an hour has no last digit
            raise ValidationError([N_("Must come to whole minutes.")])
        return minutes


class CategoryRef(fields.Field):
    """A category by its id, or by its name in either language."""

    _id, _name = Whole(1, BIGGEST_ID), Line(120)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> int | str:
        known = self._name if isinstance(value, str) else self._id
        found: int | str = known.deserialize(value, attr, data, **rest)
        return found


class ItemIn(Schema):
    """An allowance: so many hours of a scope in every period."""

    scope = fields.String(load_default=ALL, validate=OneOf(SCOPES))
    category = CategoryRef(
        load_default=None,
        allow_none=True,
        metadata={"type": ["integer", "string", "null"], "description": "Id, or name in either language."},
    )
    instrument = Line(40, load_default=None, allow_none=True, metadata={"description": "Its code."})
    site = Line(40, load_default=None, allow_none=True, metadata={"description": "Its code."})
    period = fields.String(required=True, validate=OneOf(PERIODS))
    hours = Hours(0, rules.MOST_HOURS, required=True, metadata={"example": 120})
    when_exceeded = fields.String(load_default=REFUSE, validate=OneOf(EXCEEDED))
    valid_from = Day(load_default=None, allow_none=True)
    valid_to = Day(load_default=None, allow_none=True, metadata={"description": "The last day, included."})

    @pre_load
    def as_told(self, data: Any, **_rest: Any) -> Any:
        """What a scope names may be said as it is told: by an object with its id or code."""
        if not isinstance(data, dict):
            return data
        named = {scope: data[scope] for scope in NAMED if isinstance(data.get(scope), Mapping)}
        data.update({scope: one.get("code", one.get("id")) for scope, one in named.items()})
        return data

    @post_load
    def said(self, data: dict[str, Any], **_rest: Any) -> Said:
        return Said(about={name: data.pop(name) for name in NAMED}, minutes=data.pop("hours"), **data)


class CapsIn(Schema):
    """How many bookings may lie ahead at once; null for any number."""

    company = Whole(0, rules.MOST_CAP, load_default=None, allow_none=True)
    person = Whole(0, rules.MOST_CAP, load_default=None, allow_none=True)


_FEW = Length(max=rules.MOST_ALLOWANCES)
_ITEMS = {"example": [{"period": "year", "hours": 120}]}


class DefaultIn(Schema):
    """The whole set of allowances and caps that companies without their own have."""

    items = fields.List(fields.Nested(ItemIn), required=True, validate=_FEW, metadata=_ITEMS)
    caps = fields.Nested(CapsIn, load_default=lambda: {"company": None, "person": None})
    version = Whole(1, 10**9, load_default=None)


class AllowancesIn(DefaultIn):
    """The whole set of a company's own allowances and caps, or `follows: true` to have the default again, whatever
    else is said."""

    items = fields.List(fields.Nested(ItemIn), validate=_FEW, metadata=_ITEMS)
    follows = fields.Boolean(load_default=False, truthy={True, "true"}, falsy={False, "false"})

    @validates_schema(skip_on_field_errors=True)
    def one_or_the_other(self, data: dict[str, Any], **_rest: Any) -> None:
        if not data["follows"] and "items" not in data:
            raise ValidationError([N_("Missing data for required field.")], "items")


class AccountIn(PageArguments):
    """Which year of an account, and which of its lines."""

    year = Whole(FIRST_YEAR, LAST_YEAR, load_default=None)
    allowance = Whole(1, BIGGEST_ID, load_default=None, metadata={"description": "Lines of this period alone."})
    instrument = Line(40, load_default=None)
    person = Whole(1, BIGGEST_ID, load_default=None, metadata={"description": "Whose bookings, by id."})


class ExtendIn(Schema):
    """Hours added to one period of an allowance, once; fewer than none takes back what was added."""

    allowance = Whole(1, BIGGEST_ID, required=True, metadata={"description": "Its id in the account."})
    hours = Hours(-rules.MOST_HOURS, rules.MOST_HOURS, required=True)
    reason = Prose(500, required=True)

    @validates_schema(skip_on_field_errors=True)
    def something(self, data: dict[str, Any], **_rest: Any) -> None:
        if not data["hours"]:
            raise ValidationError([N_("Must be more or less than nothing.")], "hours")
