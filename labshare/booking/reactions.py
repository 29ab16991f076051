"""What happens to bookings when others announce something; to the waiting list and the conduct record when they do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking import charging, conduct, lifecycle, waitlist
from labshare.booking.events import (
    BookingAccepted,
    BookingCancelled,
    BookingCompleted,
    BookingDisplaced,
    BookingFact,
    BookingLapsed,
    BookingMissed,
    BookingTakenOver,
    UsageCorrected,
    WaitlistPassed,
    WaitlistTaken,
)
from labshare.booking.models import LATE_CANCEL, NO_SHOW, OVERTIME, PASSED, TAKEN, Booking
from labshare.booking.rules.conduct import CORRECTED, TAKEN_OVER
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows
from labshare.kernel.errors import N_, Conflict, Reason
from labshare.people.events import SiteChanged
from labshare.quotas.events import AccountOpened, AllowancesSet


def count_what_is_there(tx: Transaction, actor: Actor, fact: AccountOpened | AllowancesSet, now: datetime) -> None:
    """What was asked for and used before an allowance was set counts in it too."""
    if fact.company_id is None or not fact.added:
        return
    if isinstance(fact, AccountOpened):
        charging.hold_still(tx, fact.company_id)
    charging.catch_up(tx, actor, fact.company_id, fact.added, now)


def keep_the_zone(_tx: Transaction, _actor: Actor, fact: SiteChanged, _now: datetime) -> None:
    """What was booked at a site lies in days, months and years of its zone; they cannot become others.

    Raises Conflict `zone_in_use`.
    """
    if "zone" not in fact.changed:
        return
    here = sa.select(Booking.id).join(Instrument, Instrument.id == Booking.instrument_id)
    if rows(here.where(Instrument.site_id == fact.object_id).limit(1)):
        text = N_("Time was booked here by the clock of this zone, so the zone stays. Open another site instead.")
        raise Conflict(text, code="zone_in_use", reasons=[Reason("zone_in_use", text)])


# ---------------------------------------------------------------- the waiting list


def end_the_wait(
    tx: Transaction,
    actor: Actor,
    fact: BookingAccepted | BookingCancelled | BookingDisplaced | BookingLapsed,
    now: datetime,
) -> None:
    """Who takes the time that was held for them waits no more; who does not is passed over, and the next is asked."""
    if isinstance(fact, BookingCancelled | BookingDisplaced) and fact.was != lifecycle.OFFERED:
        return
    wait = waitlist.asked_for(fact.object_id)
    if wait is None:
        return
    taken = isinstance(fact, BookingAccepted)
    state, told = (TAKEN, WaitlistTaken) if taken else (PASSED, WaitlistPassed)
    waitlist.turn(tx, actor, wait, state, told, now, booking_id=fact.object_id)


# ---------------------------------------------------------------- the conduct record


def note_no_show(tx: Transaction, _actor: Actor, fact: BookingMissed, now: datetime) -> None:
    """Nobody came, and nothing excuses it."""
    if not fact.excuse:
        conduct.note(tx, _company(fact), fact.object_id, NO_SHOW, now)


def note_late_cancel(tx: Transaction, _actor: Actor, fact: BookingCancelled, now: datetime) -> None:
    """It was given back so late that it costs something."""
    if fact.charge:
        conduct.note(tx, _company(fact), fact.object_id, LATE_CANCEL, now)


def note_overtime(tx: Transaction, _actor: Actor, fact: BookingCompleted, now: datetime) -> None:
    """Somebody stayed too long, and nothing excuses it."""
    if fact.overtime and not fact.excuse:
        conduct.note(tx, _company(fact), fact.object_id, OVERTIME, now, fact.used_to)


def judge_overtime_anew(tx: Transaction, _actor: Actor, fact: UsageCorrected, now: datetime) -> None:
    """The use was another one: what is held against it goes, or comes."""
    was, is_now = _too_long(fact.before), _too_long(fact.after)
    if was and not is_now:
        conduct.lift_of_booking(tx, _company(fact), fact.booking_id, OVERTIME, CORRECTED, now)
    elif is_now and not was:
        used_to = datetime.fromisoformat(fact.after["ends_at"])
        conduct.note(tx, _company(fact), fact.booking_id, OVERTIME, now, used_to)


def forgive_late_cancel(tx: Transaction, _actor: Actor, fact: BookingTakenOver, now: datetime) -> None:
    """Others took the time, so cancelling it late harmed nobody."""
    conduct.lift_of_booking(tx, _company(fact), fact.object_id, LATE_CANCEL, TAKEN_OVER, now)


def _company(fact: BookingFact) -> int:
    if fact.company_id is None:
        raise RuntimeError(f"{fact.kind()} of booking {fact.object_id} says no company")
    return fact.company_id


def _too_long(use: Mapping[str, Any]) -> bool:
    return bool(use["overtime"] and not use["excuse"])
