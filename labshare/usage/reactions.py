"""What happens to closed years when bookings of theirs change after all.

The sums go on following what is true; what a closed year says stays, and the difference is a line of the year in which
it came about. These are all the facts that can still change something of a year in which nothing is ahead or in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from labshare.booking.events import BookingCompleted, BookingTakenOver, UsageCorrected
from labshare.booking.rules.tallying import Used, difference, of_use
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction
from labshare.kernel.slots import Slot, local_month
from labshare.usage import corrections
from labshare.usage.corrections import Place


def note_correction(tx: Transaction, actor: Actor, fact: UsageCorrected, now: datetime) -> None:
    """A usage record says something else than it did."""
    was, is_now = (_moment(said, "starts_at") for said in (fact.before, fact.after))
    if corrections.is_of_this_year(min(was, is_now), now):
        return
    place, company_id = corrections.of_record(fact.object_id)
    booked = Slot(fact.starts_at, fact.ends_at)
    old, new = (of_use(_used(said, place, company_id), booked, place.zone) for said in (fact.before, fact.after))
    corrections.enter(*(tx, actor, fact, fact.booking_id, fact.instrument_id), difference(old, new), fact.reason, now)


def note_late_entry(tx: Transaction, actor: Actor, fact: BookingCompleted, now: datetime) -> None:
    """A use is entered that began in a year before the one it was booked for."""
    if corrections.is_of_this_year(fact.used_from, now):
        return
    place = corrections.place(fact.instrument_id)
    external = place.owner_id != fact.company_id
    used = Used(fact.used_from, fact.used_to, fact.samples or 0, fact.excuse, external, place.rate)
    counts = of_use(used, Slot(fact.starts_at, fact.ends_at), place.zone)
    corrections.enter(*(tx, actor, fact, fact.object_id, fact.instrument_id), difference({}, counts), "", now)


def note_forgiveness(tx: Transaction, actor: Actor, fact: BookingTakenOver, now: datetime) -> None:
    """What was cancelled late is no late cancellation any more."""
    if corrections.is_of_this_year(fact.starts_at, now):
        return
    month = local_month(fact.starts_at, corrections.place(fact.instrument_id).zone)
    less = {month: {"late_cancels": -1}}
    corrections.enter(*(tx, actor, fact, fact.object_id, fact.instrument_id), less, "", now)


def _used(said: Mapping[str, Any], place: Place, company_id: int) -> Used:
    moments = _moment(said, "starts_at"), _moment(said, "ends_at")
    return Used(*moments, said["samples"] or 0, said["excuse"], place.owner_id != company_id, place.rate)


def _moment(said: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(said[name])
