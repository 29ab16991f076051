"""Free slots: what would pass the rules on an instrument, and what is nearest to a slot that does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from types import MappingProxyType

from labshare.booking import rules
from labshare.instruments import hours, timeline
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.instruments.rules import BOOKABLE
from labshare.instruments.rules.opening import ALWAYS, Hours, meets
from labshare.instruments.timeline import Taken
from labshare.kernel.slots import MINUTE, Slot, grid, union
from labshare.web.paging import Page, after_moment, cursor_at

LOOK_AROUND = timedelta(days=14)
SAME, OTHERS = 3, 2


@dataclass(frozen=True)
class Alternative:
    """A slot that would pass, on the same instrument or one like it."""

    instrument: Known
    slot: Slot


def slots(
    known: Known, claims: list[Taken], within: Slot, minutes: int, now: datetime, opening: Hours = ALWAYS
) -> Iterator[Slot]:
    """Every slot of `minutes` on the grid inside `within` that passes the instrument's rules by itself."""
    if known.state not in BOOKABLE or not known.min_minutes <= minutes <= known.max_minutes:
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
    for stretch in meets(union(starts), opening.starts(within, length)):
        for start in grid(stretch, known.grid_minutes, known.zone):
            yield Slot(start, start + length)


def of_instrument(known: Known, within: Slot, minutes: int, now: datetime) -> list[Slot]:
    """The free slots of one instrument, sorted; two statements."""
    claims = timeline.taken([known.id], rules.held(known, within))[known.id]
    return list(slots(known, claims, within, minutes, now, hours.of([known])[known.id]))


def of_instruments(some: Sequence[Known], within: Slot, minutes: int, now: datetime) -> Iterator[Alternative]:
    """The free slots of many instruments, by start and then by instrument; two statements, however many they are.

    Reckoned as they are asked for, so that the earliest cost no more than they are.
    """
    known = sorted(some, key=lambda one: one.id)
    before = max((one.warmup_minutes for one in known), default=0)
    after = max((one.cooldown_minutes for one in known), default=0)
    claims = timeline.taken([one.id for one in known], within.padded(before, after)) if known else {}
    opening = hours.of(known)

    def way(one: Known) -> Iterator[Alternative]:
        for slot in slots(one, claims[one.id], within, minutes, now, opening[one.id]):
            yield Alternative(one, slot)

    return merge(*map(way, known), key=lambda one: (one.slot.start, one.instrument.id))


def page(some: Sequence[Known], within: Slot, minutes: int, now: datetime, limit: int, cursor: str | None) -> Page:
    """So many of these, from where the cursor says. Raises Invalid for a cursor that is not ours."""
    at, number = (within.start, 0) if cursor is None else after_moment(cursor)
    rest = Slot(max(at, within.start), within.end) if at < within.end else None
    every = of_instruments(some, rest, minutes, now) if rest is not None else iter(())
    following = (one for one in every if (one.slot.start, one.instrument.id) > (at, number))
    found = list(islice(following, limit + 1))
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], cursor_at(last.slot.start, last.instrument.id) if last else None)


def alternatives(known: Known, slot: Slot, now: datetime) -> list[Alternative]:
    """The nearest slots of the same length: on the instrument itself, then on others of its category.

    A constant number of statements, whatever the catalogue's size.
    """
    return alternatives_of([(known, slot)], now)[0]


def alternatives_of(
    asked: Sequence[tuple[Known, Slot]],
    now: datetime,
    without: Collection[tuple[str, int]] = (),
    instead: Mapping[int, Sequence[Taken]] = MappingProxyType({}),
) -> list[list[Alternative]]:
    """The same of many slots, each by itself, in as many statements as of one.

    As if the claims of the owners `without` were gone, and those of `instead` were there, by instrument.
    """
    if not asked:
        return []
    spans = [_around(slot, now) for _, slot in asked]
    widest = Slot(min(span.start for span in spans), max(span.end for span in spans))
    families: dict[int, list[Known]] = defaultdict(list)
    for one in catalogue.known_in({known.category_id for known, _ in asked}):
        families[one.category_id].append(one)
    everybody = {one.id: one for some in families.values() for one in some} | {known.id: known for known, _ in asked}
    found = timeline.taken(everybody, widest.padded(1440, 1440))
    opening = hours.of(list(everybody.values()))
    claims = {
        number: [one for one in some if (one.kind, one.owner_id) not in without] + list(instead.get(number, ()))
        for number, some in found.items()
    }
    return [
        _alternatives(known, slot, span, families[known.category_id], claims, opening, now)
        for (known, slot), span in zip(asked, spans, strict=True)
    ]


REACH = (timedelta(days=1), timedelta(days=4), timedelta(days=10))  # how far is looked, if nearer is not enough


def nearest_of(asked: Sequence[tuple[Known, Slot]], now: datetime, most: int) -> list[list[Slot]]:
    """The nearest slots of the same length on the instrument itself, so many at most; of many slots, each by itself.

    None overlaps another, nor what the slot's own booking holds. Two statements, however many they are; looks no
    further than it must, for a long list asks this of every line.
    """
    if not asked:
        return []
    widest = Slot(min(slot.start for _, slot in asked) - REACH[-1], max(slot.end for _, slot in asked) + REACH[-1])
    known = {one.id: one for one, _ in asked}
    claims, opening = timeline.taken(known, widest.padded(1440, 1440)), hours.of(list(known.values()))
    return [_near(one, slot, claims[one.id], opening[one.id], now, most) for one, slot in asked]


def _near(known: Known, slot: Slot, claims: list[Taken], opening: Hours, now: datetime, most: int) -> list[Slot]:
    found: list[Slot] = []
    for reach in REACH:
        within = Slot(slot.start - reach, slot.end + reach)
        wide = within.padded(1440, 1440)
        near = [one for one in claims if one.slot.overlaps(wide)]
        found = []
        for one in sorted(slots(known, near, within, slot.minutes, now, opening), key=lambda one: _away(one, slot)):
            if not any(one.overlaps(other) for other in found):
                found.append(one)
            if len(found) == most:
                return sorted(found)
    return sorted(found)


def _away(one: Slot, slot: Slot) -> timedelta:
    return abs(one.start - slot.start)


def _around(slot: Slot, now: datetime) -> Slot:
    start = max(slot.start - LOOK_AROUND, now)
    return Slot(start, max(slot.end + LOOK_AROUND, start + LOOK_AROUND))


def _alternatives(
    known: Known,
    slot: Slot,
    around: Slot,
    family: list[Known],
    claims: Mapping[int, list[Taken]],
    opening: Mapping[int, Hours],
    now: datetime,
) -> list[Alternative]:
    def free(one: Known, minutes: int) -> Iterator[Slot]:
        return slots(one, claims[one.id], around, minutes, now, opening[one.id])

    minutes = _possible_length(known, slot.minutes)
    mine = _nearest(free(known, minutes), slot, SAME)
    found = [Alternative(known, near) for near in mine]
    others = []
    for other in family:
        if other.id != known.id:
            like = _nearest(free(other, _possible_length(other, minutes)), slot, 1)
            others += [Alternative(other, near) for near in like]
    others.sort(key=lambda one: abs(one.slot.start - slot.start))
    return found + others[:OTHERS]


def _possible_length(known: Known, minutes: int) -> int:
    whole = max(known.grid_minutes, round(minutes / known.grid_minutes) * known.grid_minutes)
    return min(max(whole, known.min_minutes), known.max_minutes)


def _nearest(free: Iterable[Slot], slot: Slot, most: int) -> list[Slot]:
    return sorted(sorted(free, key=lambda one: _away(one, slot))[:most])
