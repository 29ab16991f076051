"""Whether a booking is possible now: facts in, every reason against it out. Pure, so the dry run decides the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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

LONGEST = timedelta(days=98)  # nobody waives more: with buffers it is one claim, and no claim is over 100 days


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
        *standing(facts.terms.state, facts.company_active),
        *(*_length(facts), *_when(facts), *closed(facts.hours, facts.slot, MANAGER), *taken(facts)),
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


def standing(instrument_state: str, company_active: bool) -> list[Reason]:
    """The reasons that lie with the instrument or the company, whatever time it is."""
    found = []
    if instrument_state not in BOOKABLE:
        found.append(Reason("instrument_unavailable", N_("The instrument is not in service.")))
    if not company_active:
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
    whole = slot.end - slot.start
    if whole <= terms.max_minutes * MINUTE:
        return []
    text = N_("Book at most %(length)s.", length=length(terms.max_minutes))
    return [Reason("too_long", text, MANAGER if whole <= LONGEST else None)]


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


def taken(facts: Facts) -> list[Reason]:
    """The reasons why no channel is free, each kind of them once."""
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
