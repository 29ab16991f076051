"""What a plan would do: whom it hits and where they could go instead, and which time it takes; decided, not done.

The preview and the saving ask the same, so what is shown is what happens.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from labshare.booking import displacement, free
from labshare.booking.displacement import Area, Hit
from labshare.booking.free import Alternative
from labshare.booking.queries import Seen
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.instruments.queries import Known
from labshare.instruments.timeline import Place, Taken
from labshare.kernel.db import Transaction
from labshare.kernel.errors import Reason
from labshare.kernel.slots import Slot
from labshare.maintenance import rules
from labshare.maintenance.queries import Seen as Window


@dataclass(frozen=True)
class Plan:
    """Time that is needed: some instruments, one slot or several, and what becomes of bookings in the way."""

    instruments: Sequence[Known]
    slots: Sequence[Slot]
    when_hit: str = rules.DISPLACE

    @property
    def areas(self) -> list[Area]:
        return [Area(one.id, slot) for one in self.instruments for slot in self.slots]


@dataclass(frozen=True)
class Line:
    """A booking that is hit, and the nearest slots of its length that would be free."""

    booking: Seen
    nearest: Sequence[Alternative] = ()


@dataclass(frozen=True)
class Affected:
    """A company that is hit: how many bookings, hours, and yuan by estimate."""

    company_id: int
    name: str
    bookings: int
    hours: float
    estimate_cny: float


@dataclass(frozen=True)
class Consequences:
    """What a plan comes to: every booking hit, the time it takes, and every reason why it cannot be."""

    lines: Sequence[Line] = ()
    places: Sequence[Place] = ()
    reasons: Sequence[Reason] = ()
    hit: Hit = field(default_factory=Hit)

    @property
    def companies(self) -> list[Affected]:
        """The same by company, the most hours first."""
        found: dict[int, list[Seen]] = {}
        for line in self.lines:
            found.setdefault(line.booking.company_id, []).append(line.booking)
        affected = [
            Affected(
                number,
                some[0].company_name,
                len(some),
                sum(one.slot.minutes for one in some) / 60,
                round(sum(one.estimate_cny for one in some), 2),
            )
            for number, some in found.items()
        ]
        return sorted(affected, key=lambda one: (-one.hours, one.name))


def foresee(plan: Plan, now: datetime, tx: Transaction | None = None, own: int | None = None) -> Consequences:
    """What the plan comes to as things stand; within a transaction the bookings hit are held still.

    What the window `own` holds itself is not in its way. At most six statements, however many are hit.
    """
    found = displacement.hit(plan.areas, tx, without=[(timeline.MAINTENANCE, own)] if own is not None else ())
    places = places_of(plan, found)
    codes = {one.id: one.code for one in plan.instruments}
    displaced = [] if plan.when_hit == rules.FIT else found.bookings
    facts = rules.Facts(
        now=now,
        slots=plan.slots,
        retired=[one.code for one in plan.instruments if one.state == "retired"],
        bookings=len(found.bookings),
        in_use={codes[one.instrument_id] for one in found.in_use},
        closed={claim.kind for _, claim in found.closed},
        claims=len(places),
        when_hit=plan.when_hit,
    )
    return Consequences([Line(one) for one in displaced], places, rules.refusals(facts), found)


def places_of(plan: Plan, found: Hit) -> list[Place]:
    """Every stretch of a channel that is taken: all of it, or what bookings leave of it."""
    taken: dict[tuple[int, int], list[Slot]] = {}
    if plan.when_hit == rules.FIT:
        for number, claim in found.claims:
            if claim.kind in (timeline.BOOKING, timeline.OFFER):
                taken.setdefault((number, claim.channel), []).append(claim.slot)
    return [
        Place(one.id, channel, piece)
        for one in plan.instruments
        for channel in range(1, one.channels + 1)
        for slot in plan.slots
        for piece in slot.minus(taken.get((one.id, channel), ()))
    ]


def with_nearest(
    some: Consequences, now: datetime, taking: Sequence[Place] = (), gone: Collection[tuple[str, int]] = ()
) -> Consequences:
    """The same with the nearest slots for each booking hit, as if the plan were carried out; three statements."""
    bookings = [line.booking for line in some.lines]
    known = {one.id: one for one in catalogue.known_by_ids({one.instrument_id for one in bookings})}
    instead: dict[int, list[Taken]] = {}
    for place in taking or some.places:
        instead.setdefault(place.instrument_id, []).append(Taken(place.channel, place.slot, timeline.MAINTENANCE, 0))
    asked = [(known[one.instrument_id], one.slot) for one in bookings]
    nearest = free.alternatives_of(asked, now, gone or some.hit.owners, instead)
    lines = [Line(one, found) for one, found in zip(bookings, nearest, strict=True)]
    return Consequences(lines, some.places, some.reasons, some.hit)


def all_of(known: Known, slot: Slot) -> list[Place]:
    """Every channel of the instrument for all of the time."""
    return [Place(known.id, channel, slot) for channel in range(1, known.channels + 1)]


def by_window(found: Consequences, windows: Sequence[Window]) -> dict[int, Hit]:
    """Which window displaces which booking: the first whose time the booking's claim touches; offers go at once."""
    owner: dict[int, int] = {}
    for _, claim in found.hit.claims:
        if claim.kind == timeline.BOOKING and claim.owner_id not in owner:
            owner[claim.owner_id] = next(one.id for one in windows if one.slot.overlaps(claim.slot))
    displaced = {line.booking.id for line in found.lines}
    hit = {
        one.id: Hit(bookings=[b for b in found.hit.bookings if b.id in displaced and owner[b.id] == one.id])
        for one in windows
    }
    if windows and not windows[0].fits:
        hit[windows[0].id] = replace(hit[windows[0].id], offers=found.hit.offers)
    return hit


def owner_of(windows: Sequence[Window], place: Place) -> int:
    """Which window takes the stretch."""
    return next(one.id for one in windows if one.slot.contains(place.slot))
