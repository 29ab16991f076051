"""How a booking's state changes: looked at, refused or compared, swapped and told, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from labshare.booking import policy, queries, tally
from labshare.booking.events import BookingFact
from labshare.booking.models import Booking
from labshare.booking.queries import Seen
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of
from labshare.kernel.errors import Conflict, Forbidden, Reason
from labshare.kernel.journal import publish

_table = table_of(Booking)


def standing(actor: Actor, booking_id: int, move: str) -> Seen:
    """The booking as it stands, if the actor may make this move with it; raises NotFound, Forbidden."""
    old = queries.seen(actor, booking_id)
    if not policy.MAY[move](actor, old):
        raise Forbidden
    return old


def by_the_clock(actor: Actor) -> None:
    """What time does to bookings, only the clockwork does; raises Forbidden."""
    if not policy.may_let_time_pass(actor):
        raise Forbidden


def refuse(reasons: Sequence[Reason]) -> None:
    """Raise Conflict with every reason; none means yes."""
    if reasons:
        raise Conflict(reasons[0].message, code=reasons[0].code, reasons=reasons)


def change(
    tx: Transaction,
    actor: Actor,
    old: Seen,
    version: int | None,
    values: dict[str, Any],
    fact: type[BookingFact],
    now: datetime,
    **said: Any,
) -> Seen:
    """Compare and swap the booking's row, and publish what happened; raises Conflict where somebody was faster."""
    new = swap(tx, _table, old.id, old.version if version is None else version, values)
    publish(tx, actor, fact(object_id=old.id, version=new, **about(old), **said), now)
    seen = replace(old, version=new, **values)
    tally.changed(tx, old, seen)
    return seen


def about(booking: Seen) -> dict[str, Any]:
    """What every fact about a booking says."""
    return {
        "company_id": booking.company_id,
        "instrument_id": booking.instrument_id,
        "starts_at": booking.starts_at,
        "ends_at": booking.ends_at,
    }
