"""What is told of accounts, and how."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields, pre_dump

from labshare.quotas.models import EXCEEDED, PERIODS, SCOPES
from labshare.quotas.naming import NAMED, Names
from labshare.quotas.queries import Set, Standing, Statement
from labshare.web.bodies import OneOf
from labshare.web.i18n import own


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
