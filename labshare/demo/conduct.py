"""What the demo laboratory holds against people: some of the last three weeks, and never so much that it bars them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.booking.events import BookingCancelled, BookingCompleted, BookingMissed, ConductNoted
from labshare.booking.models import LATE_CANCEL, NO_SHOW, OVERTIME, ConductEntry
from labshare.booking.rules.conduct import EXPIRES_AFTER, OF_COMPANY, OF_PERSON, POINTS
from labshare.demo.cast import Told
from labshare.demo.stories import Story
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import Transaction, rows, table_of
from labshare.people.models import Person

BEGAN = timedelta(days=21)  # so long before the demo's day the record was begun; what was before is in none
_entry = table_of(ConductEntry)


def enter(tx: Transaction, entered: Sequence[tuple[Story, int]], now: datetime) -> list[Told]:
    """Note what came of these bookings, as far as it bars nobody; the facts of it."""
    names: dict[int, str] = dict(rows(sa.select(Person.id, Person.name)))
    against: list[tuple[datetime, str, Story, int]] = []
    for story, number in entered:
        _who, at, kind, said = story.facts[-1]
        if at > now - BEGAN and (what := _held(kind, said)) is not None:
            against.append((at, what, story, number))
    points: Counter[tuple[str, int]] = Counter()
    told: list[Told] = []
    for at, what, story, number in sorted(against, key=lambda one: (one[0], one[3])):
        company_id, person_id = story.values["company_id"], story.values["person_id"]
        of_person, of_company = points["person", person_id], points["company", company_id]
        if of_person + POINTS[what] >= OF_PERSON.points or of_company + POINTS[what] >= OF_COMPANY.points:
            continue
        points.update({("person", person_id): POINTS[what], ("company", company_id): POINTS[what]})
        whose = {"booking_id": number, "company_id": company_id, "person_id": person_id, "what": what}
        counts: dict[str, Any] = {"points": POINTS[what], "expires_at": at + EXPIRES_AFTER}
        row = sa.insert(_entry).values(**whose, **counts, at=at, version=1).returning(_entry.c.id)
        entry_id = int(tx.execute(row).scalar_one())
        more = {"name": names[person_id], "instrument_id": story.values["instrument_id"]}
        told.append((SYSTEM, ConductNoted(object_id=entry_id, version=1, **whose, **more, **counts), at))
    return told


def _held(kind: type[Any], said: dict[str, Any]) -> str | None:
    """What is held against whose booking it was, because of its last fact."""
    if kind is BookingMissed:
        return NO_SHOW
    if kind is BookingCancelled:
        return LATE_CANCEL if said.get("charge") else None
    return OVERTIME if kind is BookingCompleted and said["overtime"] else None
