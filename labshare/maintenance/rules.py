"""Whether time can be taken for maintenance, given the facts: every reason against it at once; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from labshare.kernel.errors import N_, Reason
from labshare.kernel.slots import MINUTE, Slot
from labshare.maintenance import lifecycle

DISPLACE, REFUSE, FIT = WHEN_HIT = ("displace", "refuse", "fit")  # what becomes of bookings that are in the way
LONGEST = timedelta(days=92)
FURTHEST = timedelta(days=832)  # as far ahead as accounts stand open
MOST_CLAIMS = 10_000
UNTIL_KNOWN = timedelta(days=1)  # so far ahead the time of a broken instrument is taken, where nobody knows better
BEFORE_IT_IS_UP = timedelta(hours=1)  # and again, so long before that is up
REMIND_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Facts:
    """Everything a plan rests on, gathered under the lock."""

    now: datetime
    slots: Sequence[Slot]
    retired: Collection[str]  # codes
    bookings: int  # in the way
    in_use: Collection[str]  # codes of instruments that somebody is at, in the way
    closed: Collection[str]  # the kinds of other maintenance in the way
    claims: int  # to be taken
    when_hit: str = DISPLACE


def refusals(facts: Facts) -> list[Reason]:
    """Every reason why the time cannot be taken; none means yes."""
    return [*_when(facts), *_standing(facts), *_in_the_way(facts)]


def _when(facts: Facts) -> list[Reason]:
    found = []
    if any(slot.start < begins(facts.now) or slot.end <= facts.now for slot in facts.slots):
        found.append(Reason("in_the_past", N_("This time has passed.")))
    if any(slot.end - slot.start > LONGEST for slot in facts.slots):
        found.append(Reason("too_long", N_("A window lasts at most %(days)s days.", days=LONGEST.days)))
    if any(slot.end > facts.now + FURTHEST for slot in facts.slots):
        found.append(Reason("too_far_ahead", N_("At most %(days)s days ahead.", days=FURTHEST.days)))
    if facts.claims > MOST_CLAIMS:
        text = N_("Too much at once: %(n)s stretches, at most %(most)s.", n=facts.claims, most=MOST_CLAIMS)
        found.append(Reason("too_many_claims", text))
    return found


def begins(now: datetime) -> datetime:
    """The earliest start of what begins now: forms know minutes only."""
    return now.replace(second=0, microsecond=0)


def _standing(facts: Facts) -> list[Reason]:
    if not facts.retired:
        return []
    text = N_("Retired: %(codes)s.", codes=", ".join(sorted(facts.retired)))
    return [Reason("instrument_unavailable", text)]


def _in_the_way(facts: Facts) -> list[Reason]:
    found = []
    if "maintenance" in facts.closed:
        found.append(Reason("maintenance", N_("Another window is planned then.")))
    if "outage" in facts.closed:
        found.append(Reason("outage", N_("The instrument is out of service then: end the outage, or plan after it.")))
    if facts.in_use and facts.when_hit != FIT:
        text = N_("In use then: %(codes)s. Begin later, or report an outage.", codes=", ".join(sorted(facts.in_use)))
        found.append(Reason("in_use", text))
    if facts.bookings and facts.when_hit == REFUSE:
        found.append(Reason("bookings_hit", N_("%(n)s bookings are in the way.", n=facts.bookings)))
    if facts.when_hit == FIT and not facts.claims:
        found.append(Reason("nothing_free", N_("Bookings leave no time between them.")))
    return found


def wrong_move(state: str, move: str) -> list[Reason]:
    """The reason why a window in this state cannot make this move; none means it can."""
    if lifecycle.after(state, move) is not None:
        return []
    return [Reason("wrong_state", N_("The window is %(state)s; this is not possible.", state=STATE_WORDS[state]))]


def possible(state: str, had: Slot, wanted: Slot, now: datetime) -> Slot:
    """What a window can have of another time: one under way keeps its start, and ends now at the earliest."""
    return Slot(had.start, max(wanted.end, ends_now(had.start, now))) if state == lifecycle.OPEN else wanted


def ends_now(start: datetime, now: datetime) -> datetime:
    """When a window ends that has begun and ends now: it has lasted a minute at least."""
    return max(now, start + MINUTE)


def outage_refusals(state: str, *, has_one: bool, until: datetime | None, now: datetime) -> list[Reason]:
    """Every reason why no outage of the instrument can be reported."""
    found = []
    if state == "retired":
        found.append(Reason("instrument_unavailable", N_("The instrument is retired.")))
    if has_one:
        found.append(Reason("outage", N_("It is out of service already.")))
    if until is not None and not now < until <= now + LONGEST:
        text = N_("Must lie ahead, by at most %(days)s days.", days=LONGEST.days)
        found.append(Reason("in_the_past" if until <= now else "too_long", text))
    return found


def outage_is_over(state: str) -> list[Reason]:
    """The reason why an outage cannot be ended; none means it can."""
    return [] if state == lifecycle.OPEN else [Reason("wrong_state", N_("It works again already."))]


def withdrawal_refusals(state: str, *, in_use: bool) -> list[Reason]:
    """Every reason why an instrument, or channels of it, cannot be taken out of the booking."""
    found = []
    if state == "retired":
        found.append(Reason("wrong_state", N_("The instrument is retired.")))
    if in_use:
        found.append(Reason("in_use", N_("Somebody is using it; wait until they have checked out.")))
    return found


def overdue(since: datetime, minutes_run: int, every_days: int | None, every_hours: int | None, now: datetime) -> bool:
    """Should it have been done by now, by date or by hours run?"""
    by_date = every_days is not None and now >= since + timedelta(days=every_days)
    return by_date or (every_hours is not None and minutes_run * MINUTE >= timedelta(hours=every_hours))


STATE_WORDS = {
    lifecycle.PLANNED: N_("planned"),
    lifecycle.OPEN: N_("under way"),
    lifecycle.DONE: N_("done"),
    lifecycle.CANCELLED: N_("called off"),
}
KIND_WORDS = {
    "preventive": N_("Preventive maintenance"),
    "calibration": N_("Calibration"),
    "repair": N_("Repair"),
    "vendor_visit": N_("Vendor visit"),
}
WHEN_HIT_WORDS = {
    DISPLACE: N_("Displace them, give their hours back and hold other times for them"),
    REFUSE: N_("Do not save if any is hit"),
    FIT: N_("Fit around them"),
}
