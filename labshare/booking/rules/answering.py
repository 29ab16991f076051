"""Whether a booking can be answered, given back or moved, and what becomes of it as time passes; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from labshare.booking import lifecycle
from labshare.booking.rules.asking import standing
from labshare.booking.rules.waiving import MANAGER, QUOTA
from labshare.kernel.errors import N_, Reason
from labshare.kernel.slots import MINUTE, Slot
from labshare.quotas import rules as quotas
from labshare.quotas.rules import Share


def wrong_move(state: str, move: str) -> list[Reason]:
    """The reason why a booking in this state cannot make this move; none means it can."""
    if lifecycle.after(state, move) is not None:
        return []
    return [
        Reason(
            "wrong_state",
            N_("The booking is %(state)s; this is not possible.", state=STATE_WORDS[state]),
        )
    ]


def awaits_company(awaiting: str) -> list[Reason]:
    """The reason why the laboratory cannot answer yet."""
    if awaiting != lifecycle.COMPANY:
        return []
    return [Reason("awaiting_company", N_("The company's own admin has not answered it yet."))]


def same_time(slot: Slot, asked: Slot) -> list[Reason]:
    """The reason why a time is no other than was asked for."""
    return [Reason("unchanged", N_("This is the time that was asked for: approve it."))] if slot == asked else []


def nothing_to_endorse(awaiting: str) -> list[Reason]:
    """The reason why the company's own admin has nothing to answer."""
    if awaiting == lifecycle.COMPANY:
        return []
    return [Reason("not_awaiting_company", N_("It does not wait for the company's own admin."))]


def has_it(person_id: int, old_person_id: int) -> list[Reason]:
    """The reason why nothing is handed over to whoever has it."""
    return [Reason("unchanged", N_("They have it already."))] if person_id == old_person_id else []


def too_late(now: datetime, starts_at: datetime) -> list[Reason]:
    """The reason why nothing more can be done about a slot that has begun."""
    return [Reason("in_the_past", N_("This time has passed."))] if starts_at <= now else []


REMIND_AHEAD = timedelta(days=1)  # bookings asked for earlier than this are called to mind


def answer_is_due(decide_by: datetime, decide_minutes: int, now: datetime) -> tuple[bool, bool]:
    """Is half of the instrument's time to answer up (managers are reminded), are three quarters (deputies are told)?

    Counted back from decide-by, so a request at short notice is urgent from its first minute.
    """
    left, whole = decide_by - now, decide_minutes * MINUTE
    return left * 2 <= whole, left * 4 <= whole


def too_early_to_expire(decide_by: datetime | None, now: datetime) -> list[Reason]:
    """The reason why a request still waits."""
    if decide_by is not None and decide_by <= now:
        return []
    return [Reason("still_waiting", N_("The laboratory may still answer this request."))]


def approval_refusals(
    now: datetime,
    starts_at: datetime,
    instrument_state: str,
    company_active: bool,
    shares: Sequence[Share] = (),
    waived: Collection[str] = (),
) -> list[Reason]:
    """Every reason why a request, whose time is held, cannot be approved any more; `shares` are hours not held yet."""
    found = [*too_late(now, starts_at), *standing(instrument_state, company_active)]
    if QUOTA not in waived:
        found += [Reason(QUOTA, quotas.short_of(share), MANAGER) for share in quotas.exceeded(shares)]
    return found


def too_much(shares: Sequence[Share]) -> bool:
    """Do any of these hours have to be waived?"""
    return bool(quotas.exceeded(shares))


SLIP = timedelta(hours=1)  # so long after asking one may take it back for nothing, however near the start is


def late_to_cancel(slot: Slot, asked_at: datetime, cancel_minutes: int, now: datetime) -> bool:
    """Does giving an approved booking back cost something by now?"""
    return slot.start - now < cancel_minutes * MINUTE and now - asked_at > SLIP


def late_to_move(percent: int) -> list[Reason]:
    """The reason why an approved booking cannot be moved any more: a move would be a cancellation for nothing."""
    if not percent:
        return []
    text = N_("Too late to move it: to give it back now costs %(percent)s %% of its hours.", percent=percent)
    return [Reason("too_late_to_move", text)]


STATE_WORDS = {
    lifecycle.REQUESTED: N_("waiting for an answer"),
    lifecycle.APPROVED: N_("approved"),
    lifecycle.REJECTED: N_("rejected"),
    lifecycle.CANCELLED: N_("cancelled"),
    lifecycle.EXPIRED: N_("expired"),
    lifecycle.IN_USE: N_("in use"),
    lifecycle.COMPLETED: N_("completed"),
    lifecycle.MISSED: N_("missed"),
    lifecycle.DISPLACED: N_("displaced"),
    lifecycle.OFFERED: N_("offered to the company"),
    lifecycle.LAPSED: N_("not answered in time"),
}
