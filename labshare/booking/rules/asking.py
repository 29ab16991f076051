"""Whether a booking is possible now: facts in, every reason against it out. Pure, so the dry run decides the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from labshare.booking import lifecycle
from labshare.booking.rules.opening import closed
from labshare.booking.rules.terms import Claimed, Terms
from labshare.booking.rules.waiving import MANAGER, QUOTA
from labshare.instruments.rules import BOOKABLE
from labshare.instruments.rules.opening import ALWAYS, Hours
from labshare.instruments.words import length
from labshare.kernel.errors import N_, Reason
from labshare.kernel.slots import MINUTE, Slot, on_grid
from labshare.quotas import rules as quotas
from labshare.quotas.models import ASK
from labshare.quotas.rules import Share


@dataclass(frozen=True)
class Ahead:
    """How many bookings lie ahead of now, and how many may, of the account they are counted in."""

    company: int
    person: int
    company_cap: int | None
    person_cap: int | None
    account_id: int


@dataclass(frozen=True)
class Facts:
    """Everything a decision rests on, gathered under the lock."""

    now: datetime
    slot: Slot
    terms: Terms
    company_active: bool
    channel: int | None  # a channel that is free for the slot with its buffers, None where none is
    in_the_way: Sequence[Claimed] = ()
    shares: Sequence[Share] = ()  # what the slot takes of the company's account
    ahead: Ahead | None = None  # None where nothing caps it
    hours: Hours = ALWAYS
    restricted_until: datetime | None = None  # because of what is held against whoever asks
    in_house: bool = False  # the company's own admins answer first

    def granted(self) -> int:
        """The channel to claim, once refusals() found nothing; raises RuntimeError where none is free."""
        if self.channel is None:
            raise RuntimeError("a slot without a free channel was not refused")
        return self.channel

    @property
    def over_quota(self) -> bool:
        """Does it take more than is left, where a manager may be asked for that?"""
        return quotas.over_quota(self.shares)

    @property
    def provisional(self) -> bool:
        """Does it stand only until a year's notice is published that says whether its days are worked?"""
        return self.hours.is_provisional(self.slot)

    @property
    def approval(self) -> bool:
        """Must the laboratory say yes?"""
        return self.terms.approval or self.over_quota


def held(terms: Terms, slot: Slot) -> Slot:
    """The time a booking really occupies: the slot with its warm-up and cool-down."""
    return slot.padded(terms.warmup_minutes, terms.cooldown_minutes)


def window(terms: Terms, now: datetime) -> tuple[datetime, datetime]:
    """From when to when a booking may start, as things stand."""
    return now + terms.notice_minutes * MINUTE, now + timedelta(days=terms.horizon_days)


def decide_by(terms: Terms, slot: Slot, now: datetime) -> datetime:
    """When a request must be answered: within the instrument's time, and before the slot starts."""
    return min(now + terms.decide_minutes * MINUTE, slot.start)


def in_house(least: int | None, slot: Slot) -> bool:
    """Is the slot one that its company approves in-house first, from so many minutes on? None: it never does."""
    return least is not None and slot.minutes >= least


def refusals(facts: Facts) -> list[Reason]:
    """Every reason why the slot cannot be had; none means yes."""
    return [
        *(*standing(facts), *_length(facts), *_when(facts), *closed(facts.hours, facts.slot, MANAGER), *_taken(facts)),
        *(
            *quotas.refusals(facts.shares, MANAGER),
            *too_many(facts.ahead),
            *restricted(facts.restricted_until, facts.terms, facts.now),
        ),
    ]


def asks_for_hours(facts: Facts) -> list[Reason]:
    """Where a request would pass, but wait for a manager to waive the hours that are not left: why."""
    return [Reason(QUOTA, quotas.short_of(share), MANAGER) for share in quotas.exceeded(facts.shares, ASK)]


def too_many(ahead: Ahead | None, more: int = 1) -> list[Reason]:
    """The reasons why no booking can be added to those that lie ahead; with `more` 0, why there are too many."""
    found: list[Reason] = []
    if ahead is None:
        return found
    if ahead.company_cap is not None and ahead.company + more > ahead.company_cap:
        text = N_("The company may have %(cap)s bookings ahead at once.", cap=ahead.company_cap)
        found.append(Reason("too_many_bookings", text, MANAGER))
    if ahead.person_cap is not None and ahead.person + more > ahead.person_cap:
        text = N_("Each person may have %(cap)s bookings ahead at once.", cap=ahead.person_cap)
        found.append(Reason("too_many_bookings", text, MANAGER))
    return found


def standing(facts: Facts) -> list[Reason]:
    """The reasons that lie with the instrument or the company, whatever time it is."""
    found = []
    if facts.terms.state not in BOOKABLE:
        found.append(Reason("instrument_unavailable", N_("The instrument is not in service.")))
    if not facts.company_active:
        found.append(Reason("company_suspended", N_("The company may not book at present.")))
    return found


def restricted(until: datetime | None, terms: Terms, now: datetime) -> list[Reason]:
    """The reason why somebody may have no new bookings because of what is held against them."""
    if until is None or until <= now:
        return []
    text = N_("No new bookings until %(at)s: see the conduct record.", at=until.astimezone(terms.zone))
    return [Reason("restricted", text, MANAGER)]


def _length(facts: Facts) -> list[Reason]:
    slot, terms = facts.slot, facts.terms
    whole = slot.end - slot.start
    found = []
    if whole < terms.min_minutes * MINUTE:
        text = N_("Book at least %(length)s.", length=length(terms.min_minutes))
        found.append(Reason("too_short", text, MANAGER))
    found += too_long(slot, terms)
    if not in_steps(slot, terms) or not on_grid(slot.start, terms.grid_minutes, terms.zone):
        found.append(off_grid(terms))
    return found


def too_long(slot: Slot, terms: Terms) -> list[Reason]:
    """The reason why the slot is longer than may be booked."""
    if slot.end - slot.start <= terms.max_minutes * MINUTE:
        return []
    return [Reason("too_long", N_("Book at most %(length)s.", length=length(terms.max_minutes)), MANAGER)]


def in_steps(slot: Slot, terms: Terms) -> bool:
    """Is the slot a whole number of the grid's steps long?"""
    return (slot.end - slot.start) % (terms.grid_minutes * MINUTE) == timedelta(0)


def off_grid(terms: Terms) -> Reason:
    """Why a slot is not on the instrument's grid."""
    step = length(terms.grid_minutes)
    return Reason(
        "off_grid", N_("Start and length must be multiples of %(length)s, counted from midnight.", length=step)
    )


def _when(facts: Facts) -> list[Reason]:
    earliest, latest = window(facts.terms, facts.now)
    start = facts.slot.start
    if start < facts.now:
        return [Reason("in_the_past", N_("This time has passed."))]
    if start < earliest:
        text = N_("Ask earlier: the first possible start is %(at)s.", at=earliest.astimezone(facts.terms.zone))
        return [Reason("too_soon", text, MANAGER)]
    if start > latest:
        text = N_("Too far ahead: the last possible start is %(at)s.", at=latest.astimezone(facts.terms.zone))
        return [Reason("too_far_ahead", text, MANAGER)]
    return []


def _taken(facts: Facts) -> list[Reason]:
    if facts.channel is not None:
        return []
    kinds = {claim.kind for claim in facts.in_the_way}
    found = []
    if kinds & {"maintenance", "outage"}:
        found.append(Reason("maintenance", N_("The instrument is being maintained at that time.")))
    if kinds - {"maintenance", "outage"} or not kinds:
        text = N_("Somebody else holds this time, warm-up and cool-down included.")
        found.append(Reason("slot_taken", text))
    return found


def acceptance_refusals(facts: Facts, answer_by: datetime | None) -> list[Reason]:
    """Every reason why a company cannot take the time that is held for it.

    How long, how soon and how far ahead was asked when it was offered.
    """
    found = [*standing(facts), *_taken(facts), *quotas.refusals(facts.shares, MANAGER), *too_many(facts.ahead)]
    if facts.slot.start <= facts.now:
        found.append(Reason("in_the_past", N_("This time has passed.")))
    elif answer_by is None or answer_by <= facts.now:
        found.append(Reason("offer_lapsed", N_("The time was held for an answer, and is not any more.")))
    return found


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
    found = too_late(now, starts_at)
    if instrument_state not in BOOKABLE:
        found.append(Reason("instrument_unavailable", N_("The instrument is not in service.")))
    if not company_active:
        found.append(Reason("company_suspended", N_("The company may not book at present.")))
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
