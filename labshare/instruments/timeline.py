"""Which claim holds which minute of an instrument: the one place where time is taken, and freed by deleting.

A claim includes the buffers around it and belongs to one channel. Whoever takes time has locked the
instrument; the database refuses an overlap all the same (`ex_claim_overlap`, on both engines).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.instruments.models import OVERLAP, Claim
from labshare.kernel import db
from labshare.kernel.db import LONGEST_CLAIM, Transaction
from labshare.kernel.slots import Slot, union

BOOKING, MAINTENANCE, OUTAGE, OFFER = "booking", "maintenance", "outage", "offer"
_claim = db.table_of(Claim)


@dataclass(frozen=True)
class Place:
    """A stretch of one channel of an instrument."""

    instrument_id: int
    channel: int
    slot: Slot


@dataclass(frozen=True)
class Taken:
    """One claim of an instrument, as far as rules care."""

    channel: int
    slot: Slot
    kind: str
    owner_id: int


_TAKEN = sa.select(
    _claim.c.instrument_id, _claim.c.channel, _claim.c.starts_at, _claim.c.ends_at, _claim.c.kind, _claim.c.owner_id
).where(db.touches(_claim.c.starts_at, _claim.c.ends_at))
_OF_ONE = _TAKEN.where(_claim.c.instrument_id == sa.bindparam("instruments"))  # what every booking asks
_OF_MANY = _TAKEN.where(_claim.c.instrument_id.in_(sa.bindparam("instruments", expanding=True)))


def taken(instrument_ids: Iterable[int], window: Slot) -> dict[int, list[Taken]]:
    """Every claim that touches the window, by instrument, in one statement."""
    found: dict[int, list[Taken]] = {number: [] for number in instrument_ids}
    asked = db.window(window.start, window.end)
    if len(found) == 1:
        claims = db.rows(_OF_ONE, instruments=next(iter(found)), **asked)
    else:
        claims = db.rows(_OF_MANY, instruments=list(found), **asked)
    for number, channel, starts_at, ends_at, kind, owner_id in claims:
        found[number].append(Taken(channel, Slot(starts_at, ends_at), kind, owner_id))
    return found


def free_channel(claims: Sequence[Taken], slot: Slot, channels: int) -> int | None:
    """The lowest channel whose claims leave the whole slot free, or None."""
    busy = {claim.channel for claim in claims if claim.slot.overlaps(slot)}
    return next((channel for channel in range(1, channels + 1) if channel not in busy), None)


def free_gaps(claims: Sequence[Taken], window: Slot, channels: int) -> list[list[Slot]]:
    """For each channel, the stretches of the window no claim touches."""
    by_channel: dict[int, list[Slot]] = {channel: [] for channel in range(1, channels + 1)}
    for claim in claims:
        if claim.channel in by_channel:
            by_channel[claim.channel].append(claim.slot)
    return [window.minus(union(slots)) for slots in by_channel.values()]


def claim(tx: Transaction, *, instrument_id: int, channel: int, slot: Slot, kind: str, owner_id: int) -> None:
    """Take the time: Conflict `slot_taken` where the database refuses, by the transaction's end at the latest.

    Raises ValueError over 100 days.
    """
    if slot.end - slot.start > LONGEST_CLAIM:
        raise ValueError("a claim this long must be cut into pieces")
    tx.note(_claim, _row(instrument_id, channel, slot, kind, owner_id), guarded_by=OVERLAP)


def claim_all(tx: Transaction, kind: str, places: Iterable[tuple[int, Place]]) -> int:
    """Take many stretches at once, each for its owner; how many. Raises as `claim` does, at once."""
    taken_now = [_row(one.instrument_id, one.channel, one.slot, kind, owner) for owner, one in places]
    if any(row["ends_at"] - row["starts_at"] > LONGEST_CLAIM for row in taken_now):
        raise ValueError("a claim this long must be cut into pieces")
    if taken_now:
        tx.execute(sa.insert(_claim), taken_now)
    return len(taken_now)


def _row(instrument_id: int, channel: int, slot: Slot, kind: str, owner_id: int) -> dict[str, Any]:
    return {
        "instrument_id": instrument_id,
        "channel": channel,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "kind": kind,
        "owner_id": owner_id,
    }


def spread(tx: Transaction, instrument_id: int, channels: range, now: datetime) -> int:
    """Close new channels too for whatever closes the whole instrument from now on; how many claims that takes."""
    closing = sa.and_(_claim.c.kind.in_((MAINTENANCE, OUTAGE)), _claim.c.ends_at > now)
    owners: sa.Select[Any] = (
        sa.select(_claim.c.kind, _claim.c.owner_id, sa.func.min(_claim.c.starts_at), sa.func.max(_claim.c.ends_at))
        .add_columns(sa.func.max(_claim.c.channel))
        .where(closing, _claim.c.instrument_id == instrument_id)
        .group_by(_claim.c.kind, _claim.c.owner_id)
    )
    found: Sequence[Any] = tx.execute(owners).all()
    rows = [
        _row(instrument_id, channel, Slot(max(start, now), end), kind, owner)
        for kind, owner, start, end, highest in found
        for channel in channels
        if channel > highest
    ]
    if rows:
        tx.execute(sa.insert(_claim), rows)
    return len(rows)


def shift(tx: Transaction, *, kind: str, owner_id: int, channel: int, slot: Slot) -> None:
    """Give a claim another time on its instrument; Conflict `slot_taken` where the database refuses.

    Raises ValueError over 100 days.
    """
    if slot.end - slot.start > LONGEST_CLAIM:
        raise ValueError("a claim this long must be cut into pieces")
    mine = sa.update(_claim).where(_claim.c.kind == kind, _claim.c.owner_id == owner_id)
    changed = tx.execute(mine.values(channel=channel, starts_at=slot.start, ends_at=slot.end)).rowcount
    if changed != 1:
        raise RuntimeError(f"{kind} {owner_id} should hold one claim, not {changed}")


def hand_over(tx: Transaction, *, kind: str, owner_id: int, to_kind: str, to_id: int) -> None:
    """Give a claim another owner; nobody else can come between."""
    mine = sa.update(_claim).where(_claim.c.kind == kind, _claim.c.owner_id == owner_id)
    changed = tx.execute(mine.values(kind=to_kind, owner_id=to_id)).rowcount
    if changed != 1:
        raise RuntimeError(f"{kind} {owner_id} should hold one claim, not {changed}")


def release(tx: Transaction, *, kind: str, owner_id: int, after: datetime | None = None) -> int:
    """Free everything the owner holds, or only what it holds after a moment; how many claims that touched."""
    return release_all(tx, kind=kind, owner_ids=[owner_id], after=after)


def release_all(tx: Transaction, *, kind: str, owner_ids: Iterable[int], after: datetime | None = None) -> int:
    """The same of many owners."""
    mine = sa.and_(_claim.c.kind == kind, _claim.c.owner_id.in_(sorted(owner_ids)))
    cut = 0
    if after is not None:
        begun = sa.and_(_claim.c.starts_at < after, _claim.c.ends_at > after)
        cut = tx.execute(sa.update(_claim).where(mine, begun).values(ends_at=after)).rowcount
        mine = sa.and_(mine, _claim.c.starts_at >= after)
    return cut + tx.execute(sa.delete(_claim).where(mine)).rowcount
