"""Who has approved bookings on the instruments a fact names, around the time it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from labshare.booking import lifecycle
from labshare.booking.models import Booking
from labshare.kernel.db import rows
from labshare.kernel.slots import Slot
from labshare.notifications import recipes
from labshare.notifications.facts import Fact
from labshare.people.models import Person


@dataclass(frozen=True)
class Holders:
    """The people, and the companies whose admins stand for them: staff asked for it, or the one who asked has left."""

    people: frozenset[int] = frozenset()
    companies: frozenset[int] = frozenset()


def holders_of(facts: Sequence[Fact]) -> dict[int, Holders]:
    """The holders of each fact that is told to any, by the journal's ids; one statement at most."""
    slots = {fact.id: slot for fact in facts if (slot := _around(fact)) is not None}
    if not slots:
        return {}
    numbers = sorted({one.id for fact in facts if fact.id in slots for one in fact.instruments})
    first, last = min(slot.start for slot in slots.values()), max(slot.end for slot in slots.values())
    near = sa.and_(Booking.instrument_id.in_(numbers), Booking.starts_at < last, Booking.ends_at > first)
    statement = (
        sa.select(
            *(Booking.instrument_id, Booking.starts_at, Booking.ends_at),
            *(Booking.person_id, Booking.company_id, Booking.on_behalf, Person.active),
        )
        .join(Person, Person.id == Booking.person_id)
        .where(near, Booking.state == lifecycle.APPROVED)
    )
    found = rows(statement)
    told = {}
    for fact in facts:
        if fact.id in slots:
            named = {one.id for one in fact.instruments}
            mine = [
                one
                for one in found
                if one.instrument_id in named and Slot(one.starts_at, one.ends_at).overlaps(slots[fact.id])
            ]
            told[fact.id] = Holders(
                frozenset(one.person_id for one in mine if not one.on_behalf and one.active),
                frozenset(one.company_id for one in mine if one.on_behalf or not one.active),
            )
    return told


def _around(fact: Fact) -> Slot | None:
    recipe = recipes.RECIPES[fact.kind]
    return recipe.around(fact) if recipe.around is not None and recipes.HOLDERS in recipe.to(fact) else None
