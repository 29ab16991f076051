"""What is told of outages, utilities, upkeep and documents, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from labshare.kernel import clock
from labshare.maintenance.models import KINDS
from labshare.maintenance.queries import Broken, Shared
from labshare.maintenance.upkeep import Due
from labshare.web.bodies import OneOf
from labshare.web.i18n import own


class OutageOut(Schema):
    """An instrument that is broken, or was; until when its time is taken, and by whom it was expected to work again."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, validate=OneOf(("open", "ended")))
    instrument = fields.Dict(required=True)
    began_at = fields.AwareDateTime(required=True)
    claimed_until = fields.AwareDateTime(required=True)
    expected_until = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    note = fields.String(required=True)
    remedy = fields.String(required=True)
    version = fields.Integer(required=True)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """What the fields above say."""
        if self.many if many is None else many:
            return [outage_out(one) for one in obj]
        return outage_out(obj)


def outage_out(one: Broken) -> dict[str, Any]:
    """An outage as it goes over the wire."""
    plain = {name: getattr(one, name) for name in ("id", "state", "note", "remedy", "version")}
    moments = ("began_at", "claimed_until", "expected_until", "ended_at")
    instrument = {"code": one.code, "name": own(one.name_en, one.name_zh)}
    return plain | {"instrument": instrument} | {name: _moment(getattr(one, name)) for name in moments}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


class OutagesOut(Schema):
    """A page of outages."""

    items = fields.List(fields.Nested(OutageOut), required=True)
    next = fields.String(allow_none=True)


class UtilityOut(Schema):
    """A utility and the codes of what depends on it."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    name_zh = fields.String(required=True)
    instruments = fields.List(fields.String(), required=True)
    version = fields.Integer(required=True)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """What the fields above say."""
        if self.many if many is None else many:
            return [_utility_out(one) for one in obj]
        return _utility_out(obj)


def _utility_out(one: Shared) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in ("id", "name_en", "name_zh", "version")}
    return plain | {"name": own(one.name_en, one.name_zh), "instruments": list(one.instruments)}


class UtilitiesOut(Schema):
    """Every utility."""

    items = fields.List(fields.Nested(UtilityOut), required=True)
    next = fields.String(allow_none=True)


class UpkeepOut(Schema):
    """What an instrument needs again and again; hours run since it was last done, and when it is planned next."""

    id = fields.Integer(required=True)
    instrument = fields.Dict(required=True)
    kind = fields.String(required=True, validate=OneOf(KINDS))
    every_days = fields.Integer(allow_none=True)
    every_hours = fields.Integer(allow_none=True)
    note = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    hours_run = fields.Float(required=True)
    due_on = fields.AwareDateTime(allow_none=True)
    overdue = fields.Boolean(required=True)
    next_at = fields.AwareDateTime(allow_none=True)
    version = fields.Integer(required=True)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """What the fields above say."""
        now = clock.now()
        if self.many if many is None else many:
            return [_upkeep_out(one, now) for one in obj]
        return _upkeep_out(obj, now)


def _upkeep_out(one: Due, now: datetime) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in ("id", "kind", "every_days", "every_hours", "note", "version")}
    return plain | {
        "instrument": {"code": one.code, "name": own(one.name_en, one.name_zh)},
        "since": one.since.isoformat(),
        "hours_run": one.minutes_run / 60,
        "due_on": _moment(one.due_on),
        "overdue": one.is_overdue(now),
        "next_at": _moment(one.next_at),
    }


class UpkeepsOut(Schema):
    """What every instrument of yours needs."""

    items = fields.List(fields.Nested(UpkeepOut), required=True)
    next = fields.String(allow_none=True)


class DocumentOut(Schema):
    """A file of a window."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    size = fields.Integer(required=True, metadata={"description": "Bytes."})
    at = fields.AwareDateTime(required=True)


class DocumentsOut(Schema):
    """Every file of a window."""

    items = fields.List(fields.Nested(DocumentOut), required=True)
    next = fields.String(allow_none=True)


class AddedOut(Schema):
    """The number of what was added."""

    id = fields.Integer(required=True)

    def dump(self, obj: int, *, many: bool | None = None) -> Any:  # noqa: ARG002 - marshmallow's signature
        """The number."""
        return {"id": obj}
