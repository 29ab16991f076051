"""Who is at an instrument, what kept others from beginning, and what was used: the facts a judgement rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from labshare.booking import lifecycle
from labshare.booking.models import Booking, UsageRecord
from labshare.booking.queries import Seen
from labshare.booking.rules import judgement
from labshare.booking.rules.judgement import CLOSED, OVERRUN, Hindrance, Verdict
from labshare.clockwork.models import JobRun
from labshare.instruments import timeline
from labshare.instruments.models import Instrument
from labshare.instruments.queries import Known
from labshare.instruments.timeline import Taken
from labshare.kernel.db import rows
from labshare.kernel.journal import Entry
from labshare.kernel.slots import MINUTE, Slot

JUDGE = "judge_use"  # the job that judges; its runs say whether anybody was there to judge
_CLOSING = frozenset({timeline.MAINTENANCE, timeline.OUTAGE})


@dataclass(frozen=True)
class Use:
    """What was used of a booking, or is being used."""

    id: int
    booking_id: int
    starts_at: datetime
    ends_at: datetime | None
    minutes: int | None
    source: str
    samples: int | None
    note: str
    problem: str
    late: bool
    overtime: bool
    left_early: bool
    excuse: str
    company_id: int
    company_name: str
    owner_id: int
    rate_cny_per_hour: Decimal
    category_en: str
    category_zh: str
    version: int

    @property
    def hours(self) -> float | None:
        """Whole minutes / 60; None while in use."""
        return None if self.minutes is None else self.minutes / 60

    @property
    def category(self) -> dict[str, str]:
        return {"name_en": self.category_en, "name_zh": self.category_zh}


_USE: sa.Select[Any] = sa.select(*(getattr(UsageRecord, name) for name in Use.__dataclass_fields__))


def use_of(booking_id: int) -> Use | None:
    """The usage record of a booking; None where nothing was used yet."""
    found = rows(_USE.where(UsageRecord.booking_id == booking_id))
    return Use(*found[0]) if found else None


@dataclass(frozen=True)
class Scene:
    """What is and was going on around a booking's slot on its channel."""

    claim: Slot  # what the booking itself holds
    holds: bool  # or would hold: nothing is left of a use that ended as it began, where its time was needed at once
    others: Sequence[Taken]  # other claims on the channel
    hindrances: Sequence[Hindrance]
    somebody_there: bool


def around(booking: Seen, known: Known, now: datetime) -> Scene:
    """The scene of a booking that holds its time, in three statements."""
    wide = Slot(min(now, booking.starts_at), max(now + MINUTE, booking.ends_at)).padded(1440, 1440)
    claims = [one for one in timeline.taken([known.id], wide)[known.id] if one.channel == booking.channel]
    mine = [one.slot for one in claims if (one.kind, one.owner_id) == (timeline.BOOKING, booking.id)]
    others = [one for one in claims if (one.kind, one.owner_id) != (timeline.BOOKING, booking.id)]
    closed = [Hindrance(CLOSED, one.slot.start, one.slot.end) for one in others if one.kind in _CLOSING]
    overruns = _others_at(booking)
    return Scene(
        claim=mine[0] if mine else booking.slot,
        holds=bool(mine),
        others=others,
        hindrances=[*closed, *overruns, *_out_of_service(booking, known)],
        somebody_there=any(one.end is None for one in overruns),
    )


def _others_at(booking: Seen) -> list[Hindrance]:
    """Other uses of the channel that reached into the slot."""
    statement = sa.select(UsageRecord.starts_at, UsageRecord.freed_at).where(
        UsageRecord.instrument_id == booking.instrument_id,
        UsageRecord.channel == booking.channel,
        UsageRecord.booking_id != booking.id,
        UsageRecord.starts_at < booking.ends_at,
        sa.or_(UsageRecord.freed_at.is_(None), UsageRecord.freed_at > booking.starts_at),
    )
    return [Hindrance(OVERRUN, start, end) for start, end in rows(statement)]


def _out_of_service(booking: Seen, known: Known) -> list[Hindrance]:
    """Since the slot began, when the instrument was out of service: read off the journal, backwards from what it is."""
    statement = (
        sa.select(Entry.at, Entry.data)
        .where(Entry.object == "instrument", Entry.object_id == known.id, Entry.at > booking.starts_at)
        .where(Entry.kind == "instrument_changed")
        .order_by(Entry.id)
    )
    turns = [(at, *data["changes"]["state"]) for at, data in rows(statement) if data["changes"].get("state")]
    found = []
    since, state = booking.starts_at, turns[0][1] if turns else known.state
    for at, _old, new in turns:
        if state != "in_service":
            found.append(Hindrance(CLOSED, since, at))
        since, state = at, new
    return found if state == "in_service" else [*found, Hindrance(CLOSED, since, None)]


def watched(booking: Seen, known: Known, now: datetime) -> bool:
    """Was the clockwork at work when an absence could be seen, or is it in time still?"""
    until = judgement.attended_until(booking.slot, known)
    if now <= until:
        return True
    at_work = sa.select(JobRun.id).where(
        JobRun.job == JUDGE,
        JobRun.period.between(booking.starts_at - MINUTE, until),
        JobRun.started_at.between(booking.starts_at, until),
        JobRun.finished_at.is_not(None),
    )
    return bool(rows(at_work.limit(1)))


def verdict(booking: Seen, known: Known, now: datetime) -> Verdict | None:
    """What the clock has to do to this booking now; None where it has to do nothing."""
    if booking.state == lifecycle.IN_USE:
        return judgement.of_unended(booking.ends_at, now, known)
    if booking.state != lifecycle.APPROVED or now < booking.starts_at:
        return None
    scene = around(booking, known, now)
    seen = watched(booking, known, now)
    return judgement.of_absence(booking.slot, now, known, scene.hindrances, watched=seen)


def due(now: datetime) -> list[tuple[int, str]]:
    """Bookings that may have to be judged, by id and state: uses long over first, for they keep others waiting."""
    statement = (
        sa.select(Booking.id, Booking.state, Booking.starts_at, Booking.ends_at)
        .add_columns(Instrument.grace_minutes, Instrument.auto_end_minutes)
        .join(Instrument, Instrument.id == Booking.instrument_id)
        .where(
            sa.or_(
                sa.and_(Booking.state == lifecycle.IN_USE, Booking.ends_at <= now),
                sa.and_(Booking.state == lifecycle.APPROVED, Booking.starts_at <= now),
            )
        )
        .order_by(Booking.state.desc(), Booking.starts_at, Booking.id)  # "in_use" comes after "approved"
    )
    found = []
    for number, state, start, end, grace, auto_end in rows(statement):
        when = end + auto_end * MINUTE if state == lifecycle.IN_USE else min(start + grace * MINUTE, end)
        if when <= now:
            found.append((number, state))
    return found
