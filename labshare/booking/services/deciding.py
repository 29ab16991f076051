"""Answering requests and giving time back; only what takes another time locks its instrument."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from labshare.booking import answering, charging, gathering, lifecycle, queries, rules, tally, waivers
from labshare.booking.answering import Word
from labshare.booking.change import about, change, refuse, standing
from labshare.booking.events import BookingCancelled, BookingOffered
from labshare.booking.explaining import explained
from labshare.booking.models import Booking
from labshare.booking.queries import Seen
from labshare.booking.waivers import Waiving
from labshare.instruments import timeline
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import swap, table_of, transaction
from labshare.kernel.errors import N_, Invalid
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.kernel.slots import Slot

_booking = table_of(Booking)


def approve(
    actor: Actor,
    booking_id: int,
    answer: str = "",
    version: int | None = None,
    retry: Retry | None = None,
    waive: Collection[str] = (),
) -> Seen:
    """Say yes to a request; its time is held already, and its hours unless it is over quota: then they are held now.

    What is waived by name needs a reason, which is the answer. Raises NotFound, Forbidden, Invalid, Conflict with
    every reason.
    """
    now = clock.now()
    if waive and not answer:
        raise Invalid(fields={"reason": [N_("Say why.")]})
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "approve")
        done = answering.approve(tx, actor, old, version, Word(answer, waive), now)
        answering.settle(tx, actor, [done], now)
        return tx.done(done.booking)


def offer(
    actor: Actor,
    booking_id: int,
    slot: Slot,
    answer: str = "",
    waive: Collection[str] = (),
    version: int | None = None,
    retry: Retry | None = None,
) -> Seen:
    """Say yes to another time than was asked for: it is held, and its hours, until the company accepts or it lapses.

    What was asked for is free at once. What is waived by name needs a reason, which is the answer. Raises NotFound,
    Forbidden, Invalid, Conflict with every reason.
    """
    now = clock.now()
    if waive and not answer:
        raise Invalid(fields={"reason": [N_("Say why.")]})
    before = standing(actor, booking_id, "offer")
    with explained(now, slot) as refusal, transaction(lock=[before.instrument_id], retry=retry) as tx:
        old = queries.seen(actor, booking_id)
        refusal.raise_if(rules.wrong_move(old.state, "offer") or rules.awaits_company(old.awaiting))
        refusal.raise_if(rules.same_time(slot, old.slot))
        known, asker = gathering.asked(old.instrument_id, old.company_id, old.person_id)
        facts = gathering.gather(known, slot, now, asker, but=booking_id)
        reasons = [*rules.refusals(facts), *rules.asks_for_hours(facts)]
        refusal.raise_if(rules.left(reasons, waive), known)
        waiving = Waiving(rules.passed(reasons, waive), answer)
        until = rules.hold_until(slot, now, rules.CHANGED)
        values: dict[str, Any] = {"state": lifecycle.OFFERED, "decide_by": until, "answer": answer}
        values |= {"starts_at": slot.start, "ends_at": slot.end, "channel": facts.granted()}
        values |= {"over_quota": False, "provisional": facts.provisional, "answered_at": old.answered_at or now}
        new = swap(tx, _booking, old.id, old.version if version is None else version, values)
        seen = replace(old, version=new, **values)
        held = rules.held(known, slot)
        timeline.shift(tx, kind=timeline.BOOKING, owner_id=old.id, channel=seen.channel, slot=held)
        waivers.note(tx, actor, old.id, waiving, now)
        said: dict[str, Any] = {"answer_by": until, "was": old.state, "answer": answer, "waived": waiving.codes}
        said |= {"old_starts_at": old.starts_at, "old_ends_at": old.ends_at, "provisional": facts.provisional}
        fact = BookingOffered(object_id=old.id, version=new, **about(seen), person_id=old.person_id, **said)
        publish(tx, actor, fact, now)
        tally.changed(tx, old, seen)
        charging.rehold(tx, actor, seen, facts.shares, waiving, now)
        return tx.done(seen)


def reject(actor: Actor, booking_id: int, reason: str, version: int | None = None, retry: Retry | None = None) -> Seen:
    """Say no to a request, and why; its time is free at once, and its hours.

    Its company's admins say it while they are asked, the laboratory once it is. Raises NotFound, Forbidden, Conflict.
    """
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "reject")
        done = answering.reject(tx, actor, old, version, Word(reason), now)
        answering.settle(tx, actor, [done], now)
        return tx.done(done.booking)


def cancel(actor: Actor, booking_id: int, version: int | None = None, retry: Retry | None = None) -> Seen:
    """Give the time back before it begins; it is free at once, and so are the hours, unless it is late.

    Late is what the company itself gives back of an approved booking after the instrument's deadline. Raises
    NotFound, Forbidden, Conflict.
    """
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "cancel")
        refuse(rules.wrong_move(old.state, "cancel") or rules.too_late(now, old.starts_at))
        charge = queries.charge_of_cancelling(actor, old, now)
        values = {"state": lifecycle.CANCELLED, "decide_by": None, "awaiting": "", "charge": charge}
        seen = change(tx, actor, old, version, values, BookingCancelled, now, was=old.state, charge=charge)
        timeline.release(tx, kind=timeline.BOOKING, owner_id=booking_id)
        charging.cancelled(tx, actor, old, charge, now)
        return tx.done(seen)
