"""How accounts of hours are written and read on the wire."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_dump, validates_schema

from labshare.kernel.errors import N_
from labshare.quotas import rules
from labshare.quotas.models import ALL, EXCEEDED, PERIODS, REFUSE, SCOPES
from labshare.quotas.naming import NAMED, Names, Said
from labshare.quotas.queries import Set, Standing, Statement
from labshare.web.bodies import Length, Line, OneOf, Prose, Sent, Whole
from labshare.web.i18n import own
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


class Day(fields.Date):
    """A day of the years 2000 to 2100."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day: date = super()._deserialize(value, attr, data, **rest)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError([N_("Must lie in the years 2000 to 2100.")])
        return day


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
        load_default=None, allow_none=True, metadata={"description": "Id, or name in either language."}
    )
    instrument = Line(40, load_default=None, allow_none=True, metadata={"description": "Its code."})
    site = Line(40, load_default=None, allow_none=True, metadata={"description": "Its code."})
    period = fields.String(required=True, validate=OneOf(PERIODS))
    hours = Hours(0, rules.MOST_HOURS, required=True, metadata={"example": 120})
    when_exceeded = fields.String(load_default=REFUSE, validate=OneOf(EXCEEDED))
    valid_from = Day(load_default=None, allow_none=True)
    valid_to = Day(load_default=None, allow_none=True, metadata={"description": "The last day, included."})

    @post_load
    def said(self, data: dict[str, Any], **_rest: Any) -> Said:
        return Said(about={name: data.pop(name) for name in NAMED}, minutes=data.pop("hours"), **data)


class CapsIn(Schema):
    """How many bookings may lie ahead at once; null for any number."""

    company = Whole(0, rules.MOST_CAP, load_default=None, allow_none=True)
    person = Whole(0, rules.MOST_CAP, load_default=None, allow_none=True)


class DefaultIn(Schema):
    """The whole set of allowances and caps that companies without their own have."""

    items = fields.List(fields.Nested(ItemIn), required=True, validate=Length(max=rules.MOST_ALLOWANCES))
    caps = fields.Nested(CapsIn, load_default=lambda: {"company": None, "person": None})
    version = Whole(1, 10**9, load_default=None)


class AllowancesIn(DefaultIn):
    """The whole set of a company's own allowances and caps, or `follows: true` to have the default again."""

    items = fields.List(fields.Nested(ItemIn), validate=Length(max=rules.MOST_ALLOWANCES))
    follows = fields.Boolean(load_default=False, truthy={True, "true"}, falsy={False, "false"})

    @validates_schema(skip_on_field_errors=True)
    def one_or_the_other(self, data: dict[str, Any], **_rest: Any) -> None:
        if data["follows"] and "items" in data:
            raise ValidationError([N_("Either follow the default or name items.")], "follows")
        if not data["follows"] and "items" not in data:
            raise ValidationError([N_("Missing data for required field.")], "items")


class AccountIn(PageArguments):
    """Which year of an account, and which of its lines."""

    year = Whole(FIRST_YEAR, LAST_YEAR, load_default=None)
    allowance = Whole(1, BIGGEST_ID, load_default=None, metadata={"description": "Lines of this period alone."})
    instrument = Line(40, load_default=None)
    person = Whole(1, BIGGEST_ID, load_default=None)


class ExtendIn(Schema):
    """Hours added to one period of an allowance, once; fewer than none takes back what was added."""

    allowance = Whole(1, BIGGEST_ID, required=True, metadata={"description": "Its id in the account."})
    hours = Hours(-rules.MOST_HOURS, rules.MOST_HOURS, required=True)
    reason = Prose(500, required=True)

    @validates_schema(skip_on_field_errors=True)
    def something(self, data: dict[str, Any], **_rest: Any) -> None:
        if not data["hours"]:
            raise ValidationError([N_("Must be more or less than nothing.")], "hours")


# ---------------------------------------------------------------- what is told


class ScopeOut(Schema):
    """What an allowance is about: of the three names the one of its scope."""

    scope = fields.String(required=True, validate=OneOf(SCOPES))
    category = fields.Dict(allow_none=True, metadata={"description": "id, name"})
    instrument = fields.Dict(allow_none=True, metadata={"description": "code, name"})
    site = fields.Dict(allow_none=True, metadata={"description": "code, name"})
    period = fields.String(required=True, validate=OneOf(PERIODS))
    when_exceeded = fields.String(required=True, validate=OneOf(EXCEEDED))


class ItemOut(ScopeOut):
    """An allowance as it is set."""

    hours = fields.Float(required=True)
    valid_from = fields.Date(allow_none=True)
    valid_to = fields.Date(allow_none=True)


class CapsOut(Schema):
    """How many bookings may lie ahead at once; null for any number."""

    company = fields.Integer(allow_none=True)
    person = fields.Integer(allow_none=True)


class DefaultOut(Schema):
    """A set of allowances and caps."""

    version = fields.Integer(required=True)
    items = fields.List(fields.Nested(ItemOut), required=True)
    caps = fields.Nested(CapsOut, required=True)


class AllowancesOut(DefaultOut):
    """A company's allowances and caps; `follows`: they are the default's."""

    follows = fields.Boolean(required=True)


class BalanceOut(ScopeOut):
    """One period of an allowance and what stands in it."""

    id = fields.Integer(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True, metadata={"description": "The last day, included."})
    hours = fields.Float(required=True, metadata={"description": "The limit, without what was added once."})
    extended_hours = fields.Float(required=True)
    held_hours = fields.Float(required=True)
    used_hours = fields.Float(required=True)
    left_hours = fields.Float(required=True)
    percent = fields.Integer(required=True, metadata={"description": "Held or used, of the limit; rounded down."})


class ExtendedOut(BalanceOut):
    """A balance straight from the use case."""

    @pre_dump
    def written(self, standing: Standing, **_rest: Any) -> dict[str, Any]:
        return balance_out(standing, Names([(standing.scope, standing.scope_id)]))


class LineOut(Schema):
    """One line of an account."""

    id = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True)
    hours = fields.Float(required=True, metadata={"description": "As posted; the kind says whether it takes or gives."})
    booking = fields.Integer(allow_none=True)
    instrument = fields.Dict(allow_none=True, metadata={"description": "code, name"})
    person = fields.Dict(allow_none=True, metadata={"description": "id, name: whose booking it is"})
    actor = fields.Dict(allow_none=True, metadata={"description": "id, name: who did it; null for the clock"})
    reason = fields.String(required=True)
    scope = fields.String(required=True)
    period = fields.String(required=True)
    starts_on = fields.Date(required=True)


class AccountOut(Schema):
    """A company's account in one year."""

    company = fields.Dict(required=True, metadata={"description": "id, name"})
    year = fields.Integer(required=True)
    held_hours = fields.Float(required=True)
    used_hours = fields.Float(required=True)
    allowances = fields.List(fields.Nested(BalanceOut), required=True)
    lines = fields.List(fields.Nested(LineOut), required=True)
    next = fields.String(allow_none=True)


def set_out(found: Set) -> dict[str, Any]:
    """A set of allowances as it goes over the wire."""
    names = Names((item.terms.scope, item.terms.scope_id) for item in found.items)
    items = [
        {
            **_scope(item.terms, names),
            "hours": (item.terms.minutes or 0) / 60,
            "valid_from": item.terms.valid_from,
            "valid_to": item.terms.valid_to,
        }
        for item in found.items
    ]
    caps = {"company": found.caps.company, "person": found.caps.person}
    return {"follows": found.follows, "version": found.version, "items": items, "caps": caps}


def balance_out(standing: Standing, names: Names) -> dict[str, Any]:
    """One period of an allowance as it goes over the wire."""
    return {
        "id": standing.id,
        **_scope(standing, names),
        "starts_on": standing.starts_on,
        "ends_on": standing.ends_on - timedelta(days=1),
        "hours": (standing.minutes or 0) / 60,
        "extended_hours": standing.extended / 60,
        "held_hours": standing.held / 60,
        "used_hours": standing.used / 60,
        "left_hours": (standing.left or 0) / 60,
        "percent": standing.percent,
    }


def account_out(found: Statement, lines: Sequence[Any], following: str | None) -> dict[str, Any]:
    """A year of an account with some of its lines, as it goes over the wire."""
    names = Names((one.scope, one.scope_id) for one in found.standings)
    return {
        "company": {"id": found.company_id, "name": found.company_name},
        "year": found.year,
        "held_hours": found.held / 60,
        "used_hours": found.used / 60,
        "allowances": [balance_out(one, names) for one in found.standings],
        "lines": [_line(one) for one in lines],
        "next": following,
    }


def _scope(one: Any, names: Names) -> dict[str, Any]:
    told: dict[str, Any] = {"scope": one.scope, "period": one.period, "when_exceeded": one.when_exceeded}
    name = names.of(one.scope, one.scope_id)
    if name is not None:
        key = {"code": name.code} if name.code else {"id": name.id}
        told[one.scope] = {**key, "name": own(name.en, name.zh)}
    return {**dict.fromkeys(NAMED), **told}


def _line(one: Any) -> dict[str, Any]:
    where = {"code": one.instrument, "name": own(one.instrument_en, one.instrument_zh)} if one.instrument else None
    return {
        **{name: getattr(one, name) for name in ("id", "at", "kind", "reason", "scope", "period", "starts_on")},
        "hours": one.minutes / 60,
        "booking": one.booking_id,
        "instrument": where,
        "person": None if one.person_id is None else {"id": one.person_id, "name": one.person},
        "actor": None if one.actor_id is None else {"id": one.actor_id, "name": one.actor},
    }
