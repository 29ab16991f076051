"""How a use ends: its record is closed, what is left of its time is free, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labshare.booking import charging, lifecycle, presence, tally
from labshare.booking.change import change
from labshare.booking.events import BookingCompleted
from labshare.booking.models import UsageRecord
from labshare.booking.presence import Scene, Use
from labshare.booking.queries import Seen
from labshare.booking.rules import judgement
from labshare.booking.rules.judgement import CLOSED, Hindrance
from labshare.instruments import timeline
from labshare.instruments.queries import Known
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of
from labshare.kernel.slots import MINUTE, Slot
from labshare.quotas.account import Entry
from labshare.quotas.models import OUTAGE_CREDIT
from labshare.quotas.models import USE as USED

_record = table_of(UsageRecord)
_TOLD = ("overtime", "left_early", "excuse", "problem", "samples")  # by the fact that the use is over


def use_of(booking: Seen) -> Use:
    """The usage record of a booking that is in use or completed."""
    use = presence.use_of(booking.id)
    if use is None:
        raise RuntimeError(f"booking {booking.id} is {booking.state} and has no usage record")
    return use


def hold(tx: Transaction, booking: Seen, slot: Slot) -> None:
    """The booking holds this time, no longer what it held."""
    timeline.shift(tx, kind=timeline.BOOKING, owner_id=booking.id, channel=booking.channel, slot=slot)


def hold_again(tx: Transaction, booking: Seen, scene: Scene, slot: Slot) -> None:
    """The same of a use that is corrected, also where nothing was left of its time."""
    if scene.holds:
        hold(tx, booking, slot)
        return
    of = {"instrument_id": booking.instrument_id, "channel": booking.channel, "owner_id": booking.id}
    timeline.claim(tx, slot=slot, kind=timeline.BOOKING, **of)


def complete(
    tx: Transaction,
    actor: Actor,
    old: Seen,
    version: int | None,
    known: Known,
    scene: Scene,
    use: Use,
    end: datetime,
    now: datetime,
    values: dict[str, Any],
) -> Seen:
    """Close the open record, give back what is left of the time, and tell."""
    ended = {"ends_at": end, "freed_at": max(now, end), "minutes": judgement.minutes(use.starts_at, end)}
    source = values.get("source", use.source)
    said: dict[str, Any] = {"used_from": use.starts_at, "used_to": end, "source": source}
    said |= {name: values[name] for name in _TOLD if name in values}
    seen = change(tx, actor, old, version, {"state": lifecycle.COMPLETED}, BookingCompleted, now, **said)
    swap(tx, _record, use.id, use.version, ended | values)
    tally.used(tx, old, None, {**vars(use), **ended, **values})
    hold(tx, old, judgement.kept(scene.claim, use.starts_at, end, known))
    return seen


def cut_short(tx: Transaction, actor: Actor, old: Seen, known: Known, now: datetime) -> list[Entry]:
    """The instrument broke down in use: the use ends, and nothing is held against anybody.

    Its time is free from now on, cool-down and all. What its company gets back of what it held, for the end.
    """
    use = use_of(old)
    end, broken = max(now, use.starts_at), [Hindrance(CLOSED, now, None)]
    overtime, early, excuse = judgement.leaving(old.slot, end, known, broken)
    judged = {"overtime": overtime, "left_early": early, "excuse": use.excuse or excuse or (CLOSED if overtime else "")}
    complete(tx, actor, old, None, known, presence.around(old, known, now), use, end, now, judged)
    timeline.release(tx, kind=timeline.BOOKING, owner_id=old.id, after=max(now, use.starts_at + MINUTE))
    return charging.lines_of_use(old, known, use.starts_at, end, USED, OUTAGE_CREDIT)
