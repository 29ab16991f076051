"""How the use of an instrument is judged: facts in, a verdict out. Pure, so the counter and the clock decide alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from labshare.booking.rules.terms import Claimed
from labshare.kernel.errors import N_, Reason
from labshare.kernel.slots import MINUTE, Slot

CHECKED_IN, OPERATOR, ASSUMED = "checked_in", "operator", "assumed"  # how a use is known
CLOSED, OVERRUN = "closed", "overrun"  # why nothing is held against a user
MISS, ASSUME, END = "miss", "assume", "end"
ATTENDANCE = timedelta(hours=1)  # judged so long after the grace at the latest; later nobody was there to judge


class Thresholds(Protocol):
    """The numbers of an instrument by which its use is judged; minutes."""

    @property
    def state(self) -> str: ...
    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def warmup_minutes(self) -> int: ...
    @property
    def cooldown_minutes(self) -> int: ...
    @property
    def check_in_minutes(self) -> int: ...
    @property
    def grace_minutes(self) -> int: ...
    @property
    def late_minutes(self) -> int: ...
    @property
    def overtime_minutes(self) -> int: ...
    @property
    def early_minutes(self) -> int: ...
    @property
    def auto_end_minutes(self) -> int: ...


@dataclass(frozen=True)
class Hindrance:
    """Time in which nobody could begin: closed, or somebody else was still there; `end` None: it still is so."""

    why: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Verdict:
    """What the clock does to a booking: miss, assume or end it; with an excuse it is nobody's fault."""

    does: str
    excuse: str = ""


def begins(start: datetime, hindrances: Iterable[Hindrance], patience: int) -> tuple[datetime | None, str]:
    """From when on one could begin and had so many minutes in peace (None: not yet), and what last stood in the way."""
    at, why = start, ""
    for one in sorted(hindrances, key=lambda hindrance: hindrance.start):
        if one.start > at + patience * MINUTE:
            break
        if one.end is None:
            return None, one.why
        if one.end > at:
            at, why = one.end, one.why
    return at, why


def of_absence(
    slot: Slot, now: datetime, terms: Thresholds, hindrances: Sequence[Hindrance], *, watched: bool
) -> Verdict | None:
    """What becomes of a booking nobody came for; None while one still waits.

    Grace runs from when one could really begin. Where the clockwork itself was away, nobody was there to judge.
    """
    hindrances = [one for one in hindrances if one.start < slot.end]  # what came after it kept nobody away
    over = now >= slot.end
    if not watched:
        opened, _ = begins(slot.start, [one for one in hindrances if one.why == CLOSED], terms.grace_minutes)
        if not over:
            return None
        return Verdict(ASSUME) if opened is not None and opened < slot.end else Verdict(MISS, CLOSED)
    at, why = begins(slot.start, hindrances, terms.grace_minutes)
    until = None if at is None else at + terms.grace_minutes * MINUTE
    if until is None or (why and until > slot.end):
        return Verdict(MISS, why) if over else None
    return Verdict(MISS) if now >= min(until, slot.end) else None


def of_unended(ends_at: datetime, now: datetime, terms: Thresholds) -> Verdict | None:
    """What becomes of a use nobody ended: it ends as booked some time after its end, and is held against nobody."""
    return Verdict(END) if now >= ends_at + terms.auto_end_minutes * MINUTE else None


def attended_until(slot: Slot, terms: Thresholds) -> datetime:
    """Until when the clockwork must have been at work once since the start, so that an absence can be judged."""
    return slot.start + terms.grace_minutes * MINUTE + ATTENDANCE


def lateness(slot: Slot, at: datetime, terms: Thresholds, hindrances: Sequence[Hindrance]) -> tuple[bool, str]:
    """Did the use begin late, and what excuses it?"""
    allowed = terms.late_minutes * MINUTE
    if at <= slot.start + allowed:
        return False, ""
    could, why = begins(slot.start, hindrances, terms.late_minutes)
    return True, why if could is None or at <= could + allowed else ""


def leaving(slot: Slot, at: datetime, terms: Thresholds, hindrances: Sequence[Hindrance]) -> tuple[bool, bool, str]:
    """Was the end of the use overtime, was it early, and what excuses that?"""
    overtime = at > slot.end + terms.overtime_minutes * MINUTE
    early = at < slot.end - terms.early_minutes * MINUTE
    closed = any(one.why == CLOSED and one.start <= at and (one.end is None or one.end > at) for one in hindrances)
    return overtime, early, CLOSED if early and closed else ""


@dataclass(frozen=True)
class Arrival:
    """What a check-in rests on, gathered under the lock."""

    now: datetime
    slot: Slot
    terms: Thresholds
    company_active: bool
    somebody_there: bool  # the channel is in use by another booking
    in_the_way: Sequence[Claimed]  # other claims on the channel that an early check-in would run into


def arrival_refusals(facts: Arrival) -> list[Reason]:
    """Every reason why one cannot check in now."""
    found = []
    opens = facts.slot.start - facts.terms.check_in_minutes * MINUTE
    if facts.now < opens:
        text = N_("Check-in opens at %(at)s.", at=opens.astimezone(facts.terms.zone))
        found.append(Reason("too_soon", text))
    if facts.now >= facts.slot.end:
        found.append(Reason("in_the_past", N_("This time has passed.")))
    if facts.terms.state != "in_service":
        found.append(Reason("instrument_unavailable", N_("The instrument is not in service.")))
    if not facts.company_active:
        found.append(Reason("company_suspended", N_("The company may not book at present.")))
    if facts.somebody_there:
        found.append(Reason("slot_taken", N_("Somebody is still using the instrument.")))
    elif facts.in_the_way:
        found.append(Reason("slot_taken", N_("Somebody else holds the time before yours.")))
    return found


def record_refusals(booked: Slot, used: Slot, now: datetime) -> list[Reason]:
    """Every reason why staff cannot enter this as the use of the booking."""
    found = []
    if booked.start > now:
        found.append(Reason("too_soon", N_("The booking has not begun.")))
    if used.end > now:
        found.append(Reason("in_the_future", N_("What was used lies in the past.")))
    if not used.overlaps(booked):
        found.append(Reason("outside_booking", N_("What was used overlaps the booked time.")))
    return found


def minutes(start: datetime, end: datetime) -> int:
    """The length of a use in whole minutes."""
    return (end - start) // MINUTE


def kept(widest: Slot, start: datetime, end: datetime, terms: Thresholds) -> Slot:
    """What a completed use keeps of the time it held: what was used with its buffers, and never a later end."""
    first = max(start - terms.warmup_minutes * MINUTE, min(widest.start, start))
    last = min(end + terms.cooldown_minutes * MINUTE, widest.end)
    return Slot(first, max(last, min(first + MINUTE, widest.end)))
