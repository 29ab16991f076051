"""How long time is held for a company that has to answer, and whether it can still be taken; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from labshare.booking import lifecycle
from labshare.booking.rules.answering import too_late
from labshare.booking.rules.asking import Facts, standing, taken, too_many
from labshare.booking.rules.waiving import MANAGER
from labshare.kernel.errors import N_, Reason
from labshare.kernel.slots import Slot
from labshare.quotas import rules as quotas

SHORTEST = timedelta(minutes=30)
WAITED_FOR, CHANGED = timedelta(hours=12), timedelta(hours=72)  # at most: time others wait for too, and changed time


def hold_until(slot: Slot, now: datetime, most: timedelta) -> datetime:
    """Until when the slot is held: for a quarter of the time left, half an hour at least, never past its start."""
    return min(now + max(min((slot.start - now) / 4, most), SHORTEST), slot.start)


def acceptance_refusals(facts: Facts, answer_by: datetime | None) -> list[Reason]:
    """Every reason why a company cannot take the time that is held for it instead of a displaced booking.

    How long, how soon and how far ahead was asked when it was offered.
    """
    return [
        *(*standing(facts.terms.state, facts.company_active), *taken(facts)),
        *(*quotas.refusals(facts.shares, MANAGER), *too_many(facts.ahead)),
        *_not_held(facts.slot, answer_by, facts.now),
    ]


def offer_refusals(
    state: str, answer_by: datetime | None, slot: Slot, instrument_state: str, company_active: bool, now: datetime
) -> list[Reason]:
    """Every reason why a company cannot take the time that is held for it by a booking in this state."""
    if state == lifecycle.OFFERED:
        found = _not_held(slot, answer_by, now)
    else:
        found = [Reason("wrong_state", N_("There is no offer to be answered for this booking."))]
    return [*found, *standing(instrument_state, company_active)]


def _not_held(slot: Slot, answer_by: datetime | None, now: datetime) -> list[Reason]:
    if slot.start <= now:
        return too_late(now, slot.start)
    if answer_by is None or answer_by <= now:
        return [Reason("offer_lapsed", N_("The time was held for an answer, and is not any more."))]
    return []
