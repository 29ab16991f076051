"""A use that goes on is made longer, where the time is free, or shorter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from labshare.booking import charging, ending, gathering, policy, queries, rules, tally, waivers
from labshare.booking.change import about, refuse, standing
from labshare.booking.events import BookingEndChanged
from labshare.booking.gathering import Asker
from labshare.booking.models import Booking
from labshare.booking.queries import Seen
from labshare.booking.waivers import Waiving
from labshare.instruments import hours, timeline
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import changed_meanwhile, swap, table_of, transaction
from labshare.kernel.errors import N_, Forbidden, Invalid
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.kernel.slots import MINUTE, Slot
from labshare.quotas import account, quotes
from labshare.quotas.account import Overdrawn

_booking = table_of(Booking)


def change_end(
    actor: Actor,
    booking_id: int,
    ends_at: datetime,
    waive: Collection[str] = (),
    reason: str = "",
    version: int | None = None,
    retry: Retry | None = None,
) -> Seen:
    """Let a use end later, where the time after it is free and the hours are left, or earlier.

    Staff may waive rules by name, and say why. Raises NotFound, Forbidden, Invalid, Conflict with every reason.
    """
    if waive and not reason:
        raise Invalid(fields={"reason": [N_("Say why.")]})
    try:
        return _change_end(actor, booking_id, ends_at, waive, reason, version, retry)
    except Overdrawn:  # a colleague was faster: what is left now decides, and says what is wrong
        return _change_end(actor, booking_id, ends_at, waive, reason, version, retry)


def _change_end(
    actor: Actor,
    booking_id: int,
    ends_at: datetime,
    waive: Collection[str],
    reason: str,
    version: int | None,
    retry: Retry | None,
) -> Seen:
    now = clock.now()
    before = standing(actor, booking_id, "change_end")
    if waive and not policy.may_waive(actor, before.site_id):
        raise Forbidden
    with transaction(lock=[before.instrument_id], retry=retry) as tx:
        old = queries.seen(actor, booking_id)
        refuse(rules.wrong_move(old.state, "change_end") or rules.over_by_then(now, old.starts_at, ends_at))
        known, asker = gathering.asked(old.instrument_id, old.company_id, old.person_id)
        slot = Slot(old.starts_at, ends_at)
        facts, claim = _gather(old, known, asker, slot, now)
        reasons = rules.end_refusals(facts, old.ends_at)
        refuse(rules.left(reasons, waive))
        waiving = Waiving(rules.passed(reasons, waive), reason)
        new = swap(tx, _booking, old.id, old.version if version is None else version, {"ends_at": slot.end})
        seen = replace(old, version=new, ends_at=slot.end)
        ending.hold(tx, seen, claim)
        waivers.note(tx, actor, old.id, waiving, now)
        said: dict[str, Any] = {
            "old_ends_at": old.ends_at,
            "waived": waiving.codes,
            "reason": reason if waiving.codes else "",
        }
        publish(tx, actor, BookingEndChanged(object_id=old.id, version=new, **about(seen), **said), now)
        tally.changed(tx, old, seen)
        charging.rehold(tx, actor, seen, facts.shares, waiving, now)
        return tx.done(seen)


def _gather(old: Seen, known: Known, asker: Asker, slot: Slot, now: datetime) -> tuple[rules.Facts, Slot]:
    """What the new end rests on, and what the booking would hold then: always on the channel it is used on.

    It holds what it did from its start on, which an early check-in may have moved. For an earlier end nobody in the
    way is looked for, and the account is asked all the same: it holds less from then on.
    """
    claims = [
        one for one in timeline.taken([known.id], _widest(old, known, slot))[known.id] if one.channel == old.channel
    ]
    mine = [one.slot for one in claims if (one.kind, one.owner_id) == (timeline.BOOKING, old.id)]
    if not mine:  # checked out in this very moment
        raise changed_meanwhile()
    held = mine[0]
    end = slot.end + known.cooldown_minutes * MINUTE
    claim = Slot(held.start, end if slot.end > old.ends_at else min(end, held.end))
    others = [one for one in claims if one.owner_id != old.id or one.kind != timeline.BOOKING]
    in_the_way = [one for one in others if one.slot.overlaps(claim)]
    shares = quotes.of_slot(old.company_id, known, slot, account.standing(old.id)).shares
    channel = None if in_the_way else old.channel
    opening = hours.of([known])[known.id]
    return rules.Facts(now, slot, known, asker.active, channel, in_the_way, shares, hours=opening), claim


def _widest(old: Seen, known: Known, slot: Slot) -> Slot:
    return Slot(old.starts_at, max(old.ends_at, slot.end)).padded(0, known.cooldown_minutes)
