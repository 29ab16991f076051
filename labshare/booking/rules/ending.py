"""Whether a use that goes on can end at another time than was booked; pure."""

from __future__ import annotations

from datetime import datetime

from labshare.booking.rules.asking import Facts, asks_for_hours, in_steps, off_grid, standing, too_long
from labshare.booking.rules.opening import closed
from labshare.booking.rules.terms import Terms
from labshare.booking.rules.waiving import MANAGER, QUOTA
from labshare.kernel.errors import N_, Reason
from labshare.kernel.slots import MINUTE, Slot, on_grid
from labshare.quotas import rules as quotas

WAIVABLE_AT_THE_END = (QUOTA, "too_long", "outside_opening_hours")
ADDED = (30, 60)  # minutes that are offered at one press


def steps(terms: Terms) -> list[int]:
    """By how many minutes a use is made longer at one press, on the instrument's grid."""
    return sorted({-(-minutes // terms.grid_minutes) * terms.grid_minutes for minutes in ADDED})


def over_by_then(now: datetime, starts_at: datetime, ends_at: datetime) -> list[Reason]:
    """The reason why a use cannot end then: it has to go on for a minute at least."""
    if ends_at >= max(now, starts_at) + MINUTE:
        return []
    return [Reason("in_the_past", N_("The new end must lie ahead; to end at once, check out."))]


def end_refusals(facts: Facts, old_end: datetime) -> list[Reason]:
    """Every reason why a use cannot end with this slot instead of at the old end; its start is as it was booked.

    To end earlier takes nothing that is not there, so only the end itself must fit.
    """
    slot, terms = facts.slot, facts.terms
    found = []
    if not in_steps(slot, terms) and not on_grid(slot.end, terms.grid_minutes, terms.zone):
        found.append(off_grid(terms))
    if slot.end == old_end:
        found.append(Reason("unchanged", N_("It ends then as it is.")))
    if slot.end <= old_end:
        return found
    found += [*standing(terms.state, facts.company_active), *too_long(slot, terms)]
    found += [*_closed(facts, old_end), *_taken(facts, old_end)]
    return [*found, *quotas.refusals(facts.shares, MANAGER), *asks_for_hours(facts)]


def _closed(facts: Facts, old_end: datetime) -> list[Reason]:
    """Of what lay outside the hours before nobody is asked again, only of what is added."""
    if facts.hours.lets(facts.slot):
        return []
    return closed(facts.hours, Slot(old_end, facts.slot.end), MANAGER)


def _taken(facts: Facts, old_end: datetime) -> list[Reason]:
    """With until when the time is free, where it is free for some time."""
    if facts.channel is not None:
        return []
    first = min(facts.in_the_way, key=lambda one: one.slot.start)
    until = first.slot.start - facts.terms.cooldown_minutes * MINUTE
    at = until.astimezone(facts.terms.zone)
    if first.kind in ("maintenance", "outage"):
        code, text = "maintenance", N_("The instrument is being maintained right after.")
        later = N_("The time is free until %(at)s; then the instrument is maintained.", at=at)
    else:
        code, text = "slot_taken", N_("Somebody else holds the time right after, warm-up and cool-down included.")
        later = N_("The time is free until %(at)s; then somebody else holds it, warm-up and cool-down included.", at=at)
    return [Reason(code, later if until > old_end else text)]
