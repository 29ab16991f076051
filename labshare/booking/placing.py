"""A new booking's place: its row, its claim and its facts, written in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from labshare.booking import gathering, lifecycle, rules, tally, waivers
from labshare.booking.change import about, refuse
from labshare.booking.events import BookingApproved, BookingOffered, BookingRequested
from labshare.booking.gathering import Asker
from labshare.booking.models import Booking
from labshare.booking.queries import Seen
from labshare.booking.waivers import NOTHING, Waiving
from labshare.instruments import timeline
from labshare.instruments.queries import Known
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import Transaction, table_of
from labshare.kernel.journal import publish
from labshare.quotas import account


@dataclass(frozen=True)
class Whose:
    """For which company a booking is, and for whom of it."""

    company_id: int
    company_name: str
    person_id: int | None
    person_name: str
    on_behalf: bool


@dataclass(frozen=True)
class Successor:
    """What a booking is taken for that replaces a displaced one: by a yes that was given to that one, if `granted`.

    `offer_id` is the offer whose claim becomes the booking's; None where the time was not held.
    """

    of: int
    granted: bool
    offer_id: int | None


def place(
    tx: Transaction,
    actor: Actor,
    drawn: int | None,
    known: Known,
    facts: rules.Facts,
    whose: Whose,
    purpose: str,
    successor: Successor | None = None,
    waiving: Waiving = NOTHING,
) -> Seen:
    """Write the booking under the number that was `drawn` for it; it waits for a yes where one is needed."""
    slot, now = facts.slot, facts.now
    over_quota = facts.over_quota and rules.QUOTA not in waiving.codes
    in_house = facts.in_house and not (successor is not None and successor.granted)
    waits = over_quota or in_house or (facts.terms.approval and not (successor is not None and successor.granted))
    decide_by = rules.decide_by(known, slot, now) if waits else None
    values: dict[str, Any] = {
        "state": lifecycle.REQUESTED if waits else lifecycle.APPROVED,
        "version": 1 if waits else 2,
        "awaiting": lifecycle.COMPANY if in_house else "",
        "decide_by": decide_by,
        "over_quota": over_quota,
        "replaces_id": successor.of if successor is not None else None,
    }
    booking = _write(tx, drawn, known, facts, whose, purpose, values, successor)
    waivers.note(tx, actor, booking.id, waiving, now)
    said: dict[str, Any] = {"person_id": whose.person_id or 0, "decide_by": decide_by, "over_quota": over_quota}
    said |= {name: getattr(booking, name) for name in ("replaces_id", "provisional", "awaiting")}
    said |= {"waived": waiving.codes, "reason": waiving.reason if waiving.codes else ""}
    publish(tx, actor, BookingRequested(object_id=booking.id, version=1, **about(booking), **said), now)
    if not waits:
        publish(tx, SYSTEM, BookingApproved(object_id=booking.id, version=2, **about(booking)), now)
    return booking


def hold_for(
    tx: Transaction,
    actor: Actor,
    drawn: int | None,
    known: Known,
    facts: rules.Facts,
    whose: Whose,
    purpose: str,
    waitlist_id: int,
    until: datetime,
) -> Seen:
    """Write the booking that holds time for whoever waited for it, until they have answered."""
    values: dict[str, Any] = {"state": lifecycle.OFFERED, "decide_by": until, "waitlist_id": waitlist_id}
    booking = _write(tx, drawn, known, facts, whose, purpose, values)
    said: dict[str, Any] = {"person_id": whose.person_id or 0, "answer_by": until, "waitlist_id": waitlist_id}
    said |= {"provisional": facts.provisional}
    publish(tx, actor, BookingOffered(object_id=booking.id, version=1, **about(booking), **said), facts.now)
    return booking


def _write(
    tx: Transaction,
    drawn: int | None,
    known: Known,
    facts: rules.Facts,
    whose: Whose,
    purpose: str,
    values: dict[str, Any],
    successor: Successor | None = None,
) -> Seen:
    """The booking's row, and its claim."""
    row: dict[str, Any] = {
        "version": 1,
        "awaiting": "",
        "instrument_id": known.id,
        "company_id": whose.company_id,
        "person_id": whose.person_id,
        "starts_at": facts.slot.start,
        "ends_at": facts.slot.end,
        "channel": facts.granted(),
        "purpose": purpose,
        "on_behalf": whose.on_behalf,
        "answer": "",
        "created_at": facts.now,
        "answered_at": None,
        "excuse": "",
        "over_quota": False,
        "charge": 0,
        "replaces_id": None,
        "waitlist_id": None,
        "provisional": facts.provisional,
        **values,
    }
    number = tx.insert(table_of(Booking), row, drawn)
    _claim(tx, known, facts, number, successor)
    seen = _as_seen(known, row | {"id": number}, whose)
    tally.changed(tx, None, seen)
    return seen


def _claim(tx: Transaction, known: Known, facts: rules.Facts, number: int, successor: Successor | None) -> None:
    if successor is not None and successor.offer_id is not None:
        offer_id = successor.offer_id
        timeline.hand_over(tx, kind=timeline.OFFER, owner_id=offer_id, to_kind=timeline.BOOKING, to_id=number)
        return
    held = rules.held(known, facts.slot)
    of = {"instrument_id": known.id, "channel": facts.granted(), "owner_id": number}
    timeline.claim(tx, slot=held, kind=timeline.BOOKING, **of)


def _as_seen(known: Known, row: dict[str, Any], whose: Whose) -> Seen:
    return Seen(
        **row,
        instrument_code=known.code,
        instrument_en=known.name_en,
        instrument_zh=known.name_zh,
        site_id=known.site_id,
        zone=known.zone.key,
        rate=known.rate_cny_per_hour,
        company_name=whose.company_name,
        person_name=whose.person_name,
    )


def within_caps(tx: Transaction, asker: Asker, facts: rules.Facts) -> None:
    """Count again where there are caps, once everybody who asks for the company in this moment stands in line."""
    ahead = facts.ahead
    if ahead is None:
        return
    account.queue_up(tx, ahead.account_id)
    company, person = gathering.ahead_of(asker.id, asker.person_id, facts.now)
    refuse(rules.too_many(replace(ahead, company=company, person=person), more=0))
