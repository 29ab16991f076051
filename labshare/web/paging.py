"""Lists by cursor: the next page begins after the last row shown, whatever was added meanwhile."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from marshmallow import Schema, fields

from labshare.kernel.db import UtcDateTime, rows
from labshare.kernel.errors import N_, Invalid
from labshare.web.bodies import Whole

MOST = 200


class PageArguments(Schema):
    """How much of a list, and from where."""

    limit = Whole(1, MOST, load_default=50, metadata={"description": "At most this many items, up to 200."})
    cursor = fields.String(load_default=None, metadata={"description": "`next` of the page before."})


@dataclass(frozen=True)
class Page:
    """Some rows of a list and the cursor of what follows; None where nothing does."""

    items: Sequence[Any]
    next: str | None


def page(
    statement: sa.Select[Any],
    order: Any,
    tie: Any,
    limit: int,
    cursor: str | None,
    *,
    newest_first: bool = False,
    read: Callable[[sa.Select[Any]], Sequence[Any]] = rows,
) -> Page:
    """One page ordered by `order`, then `tie`; both must be selected. Raises Invalid for a cursor not ours."""
    if cursor is not None:
        after = sa.tuple_(*_read(cursor, order, tie))
        here = sa.tuple_(order, tie)
        statement = statement.where(here < after if newest_first else here > after)
    way = sa.desc if newest_first else sa.asc
    found = read(statement.order_by(way(order), way(tie)).limit(limit + 1))
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    return Page(found[:limit], _write(getattr(last, order.key), getattr(last, tie.key)))


def after_moment(cursor: str) -> tuple[datetime, int]:
    """The moment and number a list that no table holds goes on after. Raises Invalid for a cursor not ours."""
    at, number = _read(cursor, sa.column("at", UtcDateTime()), sa.column("number", sa.BigInteger()))
    return at.value, number.value


def cursor_at(at: datetime, number: int) -> str:
    """The cursor of what follows this moment and number."""
    return _write(at, number)


def _write(value: Any, tie: int) -> str:
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([plain, tie]).encode()).decode().rstrip("=")


def _read(cursor: str, order: Any, tie: Any) -> list[Any]:
    try:
        value, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(order.type, UtcDateTime | sa.DateTime):
            value = datetime.fromisoformat(value)
            if value.tzinfo is None:
                raise ValueError("naive")
            value = value.astimezone(UTC)
        elif isinstance(order.type, sa.String):
            if not isinstance(value, str) or "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
                raise ValueError("text")
        elif not _fits(value, order.type):
            raise ValueError("number")
        if not _fits(number, tie.type):
            raise ValueError("number")
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError) as error:
        raise Invalid(fields={"cursor": [N_("This is not a cursor of ours.")]}) from error
    return [sa.literal(value, order.type), sa.literal(number, tie.type)]


def _fits(value: Any, kind: Any) -> bool:
    """Is it a whole number that a column of this kind could hold?"""
    return type(value) is int and abs(value) < (2**63 if isinstance(kind, sa.BigInteger) else 2**31)
