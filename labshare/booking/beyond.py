"""Which bookings stand on limits that were lowered below what is held and used there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking import lifecycle
from labshare.booking.models import Booking
from labshare.booking.queries import SEEN, visible_to
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows
from labshare.quotas import account, watch
from labshare.quotas.models import Line
from labshare.quotas.queries import Standing

_held, _used = account.effects(Line.kind, Line.minutes)


def requests_to_pass() -> list[tuple[int, int]]:
    """Booking and balance of each request a lowered limit has no room for; the newest, and no more than need be."""
    over = {one.id: one.lowered for one in watch.beyond_limit()}
    waiting = (
        sa.select(Booking.id, Line.balance_id, _held)
        .join(Line, Line.booking_id == Booking.id)
        .where(Booking.state == lifecycle.REQUESTED, Booking.over_quota.is_(False), Line.balance_id.in_(sorted(over)))
        .group_by(Booking.id, Booking.created_at, Line.balance_id)
        .having(_held > 0)
        .order_by(Booking.created_at.desc(), Booking.id.desc(), Line.balance_id)
    )
    held: dict[int, dict[int, int]] = defaultdict(dict)
    for booking_id, balance_id, minutes in rows(waiting) if over else ():
        held[booking_id][balance_id] = int(minutes)
    found = []
    for booking_id, takes in held.items():
        if (balance_id := next((one for one in takes if over[one] > 0), None)) is None:
            continue
        found.append((booking_id, balance_id))
        for one, minutes in takes.items():
            over[one] -= minutes
    return found


def approved(actor: Actor, now: datetime) -> sa.Select[Any]:
    """Approved bookings to come that hold minutes on such a limit, as SEEN says them, for a list."""
    over = [one.id for one in watch.beyond_limit()]
    theirs = sa.select(Line.booking_id).where(Line.balance_id.in_(over), Line.booking_id.is_not(None))
    holding = theirs.group_by(Line.booking_id, Line.balance_id).having(_held > 0)
    return SEEN.where(
        visible_to(actor), Booking.state == lifecycle.APPROVED, Booking.starts_at > now, Booking.id.in_(holding)
    )


def limits_of(booking_ids: Collection[int]) -> dict[int, list[Standing]]:
    """For each of these bookings the lowered limits on which it holds minutes, in two statements."""
    over = {one.id: one for one in watch.beyond_limit()}
    columns: Any = (Line.booking_id, Line.balance_id)
    mine = sa.and_(Line.balance_id.in_(sorted(over)), Line.booking_id.in_(sorted(booking_ids)))
    found = defaultdict(list)
    for booking_id, balance_id in rows(sa.select(*columns).where(mine).group_by(*columns).having(_held > 0)):
        found[booking_id].append(over[balance_id])
    return found


def count_approved(actor: Actor, now: datetime) -> int:
    """How many those are."""
    return int(rows(sa.select(sa.func.count()).select_from(approved(actor, now).subquery()))[0][0])
