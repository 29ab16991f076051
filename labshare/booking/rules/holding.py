"""How long time is held for a company that has to answer, and whether it can still be taken; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from labshare.booking import lifecycle
from labshare.instruments.rules import BOOKABLE
from labshare.kernel.errors import N_, Reason
from labshare.kernel.slots import Slot

SHORTEST = timedelta(minutes=30)
WAITED_FOR, CHANGED = timedelta(hours=12), timedelta(hours=72)  # at most: time others wait for too, and changed time


def hold_until(slot: Slot, now: datetime, most: timedelta) -> datetime:
    """Until when the slot is held: for a quarter of the time left, half an hour at least, never past its start."""
    return min(now + max(min((slot.start - now) / 4, most), SHORTEST), slot.start)


def offer_refusals(
    state: str, answer_by: datetime | None, slot: Slot, instrument_state: str, company_active: bool, now: datetime
) -> list[Reason]:
    """Every reason why a company cannot take the time that is held for it by a booking in this state."""
    found = []
    if state != lifecycle.OFFERED:
        found.append(Reason("wrong_state", N_("There is no offer to be answered for this booking.")))
    elif slot.start <= now:
        found.append(Reason("in_the_past", N_("This time has passed.")))
    elif answer_by is None or answer_by <= now:
        found.append(Reason("offer_lapsed", N_("The time was held for an answer, and is not any more.")))
    if instrument_state not in BOOKABLE:
        found.append(Reason("instrument_unavailable", N_("The instrument is not in service.")))
    if not company_active:
        found.append(Reason("company_suspended", N_("The company may not book at present.")))
    return found
