"""What happens to bookings when others announce something, and to the waiting list when bookings do."""

from __future__ import annotations

from datetime import datetime

from labshare.booking import charging, lifecycle, waitlist
from labshare.booking.events import (
    BookingAccepted,
    BookingCancelled,
    BookingDisplaced,
    BookingLapsed,
    WaitlistPassed,
    WaitlistTaken,
)
from labshare.booking.models import PASSED, TAKEN
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction
from labshare.quotas.events import AccountOpened, AllowancesSet


def count_what_is_there(tx: Transaction, actor: Actor, fact: AccountOpened | AllowancesSet, now: datetime) -> None:
    """What was asked for and used before an allowance was set counts in it too."""
    if fact.company_id is None or not fact.added:
        return
    if isinstance(fact, AccountOpened):
        charging.hold_still(tx, fact.company_id)
    charging.catch_up(tx, actor, fact.company_id, fact.added, now)


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
