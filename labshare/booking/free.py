"""Free slots: what would pass the rules on an instrument, and what is nearest to a slot that does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from labshare.booking import rules
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.instruments.queries import Known
from labshare.instruments.timeline import Taken
from labshare.kernel.slots import MINUTE, Slot, grid, union

LOOK_AROUND = timedelta(days=14)
SAME, OTHERS = 3, 2


@dataclass(frozen=True)
class Alternative:
    """A slot that would pass, on the same instrument or one like it."""

    instrument: Known
    slot: Slot


def slots(known: Known, claims: list[Taken], within: Slot, minutes: int, now: datetime) -> Iterator[Slot]:
    """Every slot of `minutes` on the grid inside `within` that passes the instrument's rules by itself."""
    if known.state != "in_service" or not known.min_minutes <= minutes <= known.max_minutes:
        return
    if minutes % known.grid_minutes:
        return
    earliest, latest = rules.window(known, now)
    before, after = known.warmup_minutes * MINUTE, known.cooldown_minutes * MINUTE
    length = minutes * MINUTE
    wide = rules.held(known, within)
    starts = []  # stretches, ends included, in which a start leaves the whole claim free on some channel
    for gaps in timeline.free_gaps(claims, wide, known.channels):
        for gap in gaps:
            first = max(gap.start + before, within.start, earliest)
            last = min(gap.end - after - length, within.end - length, latest)
            if first <= last:
                starts.append(Slot(first, last + MINUTE / 60))
    for stretch in union(starts):
        for start in grid(stretch, known.grid_minutes, known.zone):
            yield Slot(start, start + length)


def of_instrument(known: Known, within: Slot, minutes: int, now: datetime) -> list[Slot]:
    """The free slots of one instrument, sorted; one statement."""
    claims = timeline.taken([known.id], rules.held(known, within))[known.id]
    return list(slots(known, claims, within, minutes, now))


def alternatives(known: Known, slot: Slot, now: datetime) -> list[Alternative]:
    """The nearest slots of the same length: on the instrument itself, then on others of its category.

    Three statements, whatever the catalogue's size.
    """
    minutes = _possible_length(known, slot.minutes)
    start = max(slot.start - LOOK_AROUND, now)
    around = Slot(start, max(slot.end + LOOK_AROUND, start + LOOK_AROUND))
    family = [known, *(other for other in catalogue.known_in(known.category_id) if other.id != known.id)]
    claims = timeline.taken([one.id for one in family], around.padded(1440, 1440))
    mine = _nearest(slots(known, claims[known.id], around, minutes, now), slot, SAME)
    found = [Alternative(known, free) for free in mine]
    others = []
    for other in family[1:]:
        like = _nearest(slots(other, claims[other.id], around, _possible_length(other, minutes), now), slot, 1)
        others += [Alternative(other, free) for free in like]
    others.sort(key=lambda one: abs(one.slot.start - slot.start))
    return found + others[:OTHERS]


def _possible_length(known: Known, minutes: int) -> int:
    whole = max(known.grid_minutes, round(minutes / known.grid_minutes) * known.grid_minutes)
    return min(max(whole, known.min_minutes), known.max_minutes)


def _nearest(free: Iterable[Slot], slot: Slot, most: int) -> list[Slot]:
    return sorted(sorted(free, key=lambda one: abs(one.start - slot.start))[:most])
