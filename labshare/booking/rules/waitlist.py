"""Whether one may wait for time that is taken, and whether time that became free can be held for who waits; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labshare.booking.rules.asking import Facts, asks_for_hours, refusals
from labshare.booking.rules.waiving import QUOTA
from labshare.kernel.errors import N_, Reason
from labshare.kernel.slots import Slot, union

MOST = 50  # in one line, and of one company in all lines
WAITED_OUT = frozenset({"slot_taken", "maintenance"})  # what somebody waits for to go
ASKED_LATER = frozenset({QUOTA, "too_many_bookings", "restricted"})  # may be otherwise once the time becomes free


@dataclass(frozen=True)
class Line:
    """How many wait for time that overlaps, how often the company waits for this very time, and how often at all."""

    long: int
    here: int
    anywhere: int


def joining_refusals(facts: Facts, line: Line) -> list[Reason]:
    """Every reason why a company cannot wait for a slot; what hours it has left is asked once the slot is free."""
    found = [one for one in refusals(facts) if one.code not in WAITED_OUT | ASKED_LATER]
    if facts.channel is not None and not found:
        found.append(Reason("slot_free", N_("Nobody holds this time: it can be booked.")))
    if line.here:
        found.append(Reason("already_waiting", N_("The company waits for this time already.")))
    if line.long >= MOST:
        found.append(Reason("line_full", N_("%(most)s wait for this time already.", most=MOST)))
    if line.anywhere >= MOST:
        text = N_("The company waits for %(most)s times already; leave a line to join another.", most=MOST)
        found.append(Reason("too_many_waits", text))
    return found


def offering_refusals(facts: Facts) -> list[Reason]:
    """Every reason why time that became free is not held for who waits for it: what would keep them from booking it.

    Hours that a manager would have to waive count too, for others wait with hours left. Who is passed over for such
    a reason stays in line.
    """
    return [*refusals(facts), *asks_for_hours(facts)]


def leaving_refusals(state: str) -> list[Reason]:
    """The reason why somebody cannot leave the line."""
    if state == "waiting":
        return []
    if state == "offered":
        text = N_("The time is held for the company: take it, or do without it.")
    else:
        text = N_("The company does not wait any more.")
    return [Reason("wrong_state", text)]


def is_taken_over(slot: Slot, others: Iterable[Slot]) -> bool:
    """Do others hold the whole of it, with the time they warm up and cool down?"""
    return not slot.minus(union(others))
