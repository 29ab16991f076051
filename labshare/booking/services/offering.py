"""Time that is held for a company, for a displaced booking by the clockwork: taken or declined by it, or lapsed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from labshare.booking import charging, displacement, free, gathering, lifecycle, queries, rules, waitlist
from labshare.booking.change import by_the_clock, change, refuse, standing
from labshare.booking.displacement import Displaced
from labshare.booking.events import (
    BookingAccepted,
    BookingCancelled,
    OfferAccepted,
    OfferDeclined,
    OfferLapsed,
    OfferMade,
)
from labshare.booking.models import ACCEPTED, DECLINED, LAPSED, OFFERED, WAITING, Displacement
from labshare.booking.placing import Successor, Whose, place, within_caps
from labshare.booking.queries import Seen
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, changed_meanwhile, swap, table_of, transaction
from labshare.kernel.errors import N_, Conflict, Reason
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.kernel.slots import Slot
from labshare.quotas import account
from labshare.quotas.account import Overdrawn

_displacement = table_of(Displacement)


@dataclass(frozen=True)
class Wish:
    """Another free time than the one that is held."""

    instrument: str
    slot: Slot


def accept(actor: Actor, booking_id: int, wish: Wish | None = None, retry: Retry | None = None) -> Seen:
    """Take the time that is held: for a displaced booking a new one, which names it, else the booking's changed time.

    Instead of a displaced one another free time can be taken. What was approved stays approved on its own instrument;
    a yes counts for no other, and for no longer time. Raises NotFound, Forbidden, Conflict with every reason.
    """
    if wish is None and displacement.of_booking(booking_id) is None:
        return _take(actor, booking_id, retry)
    try:
        return _accept(actor, booking_id, wish, retry)
    except Overdrawn:  # a colleague was faster: what is left now decides, and says what is wrong
        return _accept(actor, booking_id, wish, retry)


def _accept(actor: Actor, booking_id: int, wish: Wish | None, retry: Retry | None) -> Seen:
    now = clock.now()
    old = standing(actor, booking_id, "accept")
    before = _displaced(old)
    instrument_id = before.instrument_id if wish is None else catalogue.id_of(wish.instrument)
    locks = {number for number in (instrument_id, before.instrument_id) if number is not None}
    with transaction(lock=locks, retry=retry) as tx:
        held = _displaced(old, tx)
        refuse(_settled(held))
        slot = held.slot if wish is None else wish.slot
        if instrument_id is None or slot is None or (wish is None and held.instrument_id != instrument_id):
            raise changed_meanwhile()
        known, asked, number = gathering.asked_anew(instrument_id, old.company_id, old.person_id)
        facts = gathering.gather(known, slot, now, asked, offer=held.id)
        taken = held.state == OFFERED and wish is None
        if taken:
            facts = replace(facts, channel=held.channel)
            refuse(rules.acceptance_refusals(facts, held.answer_by))
        else:
            refuse(rules.refusals(facts))
            timeline.release(tx, kind=timeline.OFFER, owner_id=held.id)
        facts = gathering.with_own_word(actor, asked, facts)
        granted = held.was == lifecycle.APPROVED and known.id == old.instrument_id and slot.minutes <= old.slot.minutes
        whose = Whose(old.company_id, old.company_name, old.person_id, old.person_name, old.on_behalf)
        successor = Successor(old.id, granted, held.id if taken else None)
        booking = place(tx, actor, number, known, facts, whose, old.purpose, successor)
        within_caps(tx, asked, facts)
        _settle(tx, actor, held, ACCEPTED, OfferAccepted, old, now, slot, known.id, new_booking_id=booking.id)
        if not booking.over_quota:
            account.hold(tx, actor, charging.whose(booking), facts.shares, now)
        return tx.done(booking)


def _take(actor: Actor, booking_id: int, retry: Retry | None) -> Seen:
    """The laboratory's yes stands already, but for time from the waiting list."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "accept")
        known, asker = gathering.asked(old.instrument_id, old.company_id, old.person_id)
        refuse(rules.offer_refusals(old.state, old.decide_by, old.slot, known.state, asker.active, now))
        waited = waitlist.is_asked(old.waitlist_id)  # once they took it, a changed time is the laboratory's yes
        asks = waited and not actor.is_company_admin and rules.in_house(asker.in_house_minutes, old.slot)
        waits = asks or (waited and known.approval)
        values = {"state": lifecycle.REQUESTED if waits else lifecycle.APPROVED}
        values |= {"awaiting": lifecycle.COMPANY if asks else ""}
        by = rules.decide_by(known, old.slot, now) if waits else None
        said: dict[str, Any] = {"state": values["state"], "decide_by": by, "awaiting": values["awaiting"]}
        return tx.done(change(tx, actor, old, None, {**values, "decide_by": by}, BookingAccepted, now, **said))


def decline(actor: Actor, booking_id: int, retry: Retry | None = None) -> Seen:
    """Do without the time that is held, or is looked for; it is free at once, and costs nothing.

    Raises NotFound, Forbidden, Conflict.
    """
    if displacement.of_booking(booking_id) is None:
        return _do_without(actor, booking_id, retry)
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "decline")
        held = _displaced(old, tx)
        refuse(_settled(held))
        timeline.release(tx, kind=timeline.OFFER, owner_id=held.id)
        slot = held.slot or old.slot
        _settle(tx, actor, held, DECLINED, OfferDeclined, old, now, slot, held.instrument_id or old.instrument_id)
        return tx.done(old)


def _do_without(actor: Actor, booking_id: int, retry: Retry | None) -> Seen:
    """The booking itself holds the time, changed by the laboratory or waited for."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "decline")
        refuse([] if old.state == lifecycle.OFFERED else [_NOTHING])
        refuse(rules.too_late(now, old.starts_at))
        values = {"state": lifecycle.CANCELLED, "decide_by": None}
        seen = change(tx, actor, old, None, values, BookingCancelled, now, was=old.state)
        timeline.release(tx, kind=timeline.BOOKING, owner_id=booking_id)
        charging.let_go(tx, actor, old, now)
        return tx.done(seen)


def make_offer(actor: Actor, booking_id: int, now: datetime) -> bool:
    """Hold the nearest time that passes for a displaced booking; whether there was one, and none was held yet."""
    by_the_clock(actor)
    old = queries.seen(actor, booking_id)
    nearest = free.alternatives(catalogue.known_by_id(old.instrument_id), old.slot, now)
    if not nearest:
        return False
    found = min(nearest, key=lambda one: (one.instrument.id != old.instrument_id, abs(one.slot.start - old.starts_at)))
    with transaction(lock=[found.instrument.id]) as tx:
        held = _displaced(old, tx)
        if held.state != WAITING:
            return False
        known, asked = gathering.asked(found.instrument.id, old.company_id, old.person_id)
        facts = gathering.gather(known, found.slot, now, asked)
        if rules.refusals(facts):
            return False
        by = rules.decide_by(known, found.slot, now)
        values = {"state": OFFERED, "instrument_id": known.id, "channel": facts.granted(), "answer_by": by}
        values |= {"starts_at": found.slot.start, "ends_at": found.slot.end}
        version = swap(tx, _displacement, held.id, held.version, values)
        said = _said(held, old, version, known.id, found.slot)
        publish(tx, actor, OfferMade(object_id=held.id, answer_by=by, **said), now)
        of = {"instrument_id": known.id, "channel": facts.granted(), "owner_id": held.id}
        timeline.claim(tx, slot=rules.held(known, found.slot), kind=timeline.OFFER, **of)
        return True


def lapse(actor: Actor, booking_id: int, now: datetime) -> bool:
    """Give the time back that was held for a company which did not answer; whether that was still to be done."""
    by_the_clock(actor)
    with transaction() as tx:
        old = queries.seen(actor, booking_id)
        held = _displaced(old, tx)
        if held.state != OFFERED or held.slot is None or held.answer_by is None or held.answer_by > now:
            return False
        timeline.release(tx, kind=timeline.OFFER, owner_id=held.id)
        said = {"answer_by": held.answer_by}
        _settle(tx, actor, held, LAPSED, OfferLapsed, old, now, held.slot, held.instrument_id or 0, **said)
        return True


def _displaced(booking: Seen, tx: Transaction | None = None) -> Displaced:
    """Why the booking was displaced, within a transaction held still; one that never was cannot be answered."""
    found = displacement.of_booking(booking.id, tx)
    if found is None:
        raise Conflict(_NOTHING.message, code=_NOTHING.code, reasons=[_NOTHING])
    return found


def _settled(held: Displaced) -> list[Reason]:
    return [] if held.is_open else [_NOTHING]


_NOTHING = Reason("wrong_state", N_("There is no offer to be answered for this booking."))


def _said(held: Displaced, old: Seen, version: int, instrument_id: int, slot: Slot) -> dict[str, Any]:
    return {
        "version": version,
        "company_id": old.company_id,
        "booking_id": held.booking_id,
        "instrument_id": instrument_id,
        "starts_at": slot.start,
        "ends_at": slot.end,
    }


def _settle(
    tx: Transaction,
    actor: Actor,
    held: Displaced,
    state: str,
    fact: type[Any],
    old: Seen,
    now: datetime,
    slot: Slot,
    instrument_id: int,
    **more: Any,
) -> None:
    version = swap(tx, _displacement, held.id, held.version, {"state": state, "answer_by": None})
    publish(tx, actor, fact(object_id=held.id, **_said(held, old, version, instrument_id, slot), **more), now)
