"""What became of each placed slot: who asked when, what was answered, what was moved or given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from labshare.booking.events import (
    BookingApproved,
    BookingCancelled,
    BookingFact,
    BookingMoved,
    BookingRejected,
    BookingRequested,
)
from labshare.booking.lifecycle import APPROVED, CANCELLED, REJECTED, REQUESTED
from labshare.booking.rules import decide_by, late_to_cancel
from labshare.demo.purposes import REFUSALS, purpose
from labshare.demo.shape import Placed, Timelines
from labshare.instruments.queries import Known
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.slots import MINUTE, Slot

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REJECTED_SHARE, CANCELLED_SHARE, MOVED_SHARE, PENDING_SHARE = 0.06, 0.08, 0.03, 0.13
LONGEST_LEAD = 25 * DAY

# Which sectors come for which category; the others come too, four times less often.
LIKES = {
    "Electron microscopy": ("semiconductor", "materials", "aerospace", "battery"),
    "X-ray and surface": ("semiconductor", "display", "materials"),
    "NDT and CT": ("aerospace", "battery"),
    "Spectroscopy": ("display", "chemistry", "materials"),
    "Chromatography and mass spectrometry": ("chemistry", "bio"),
    "Magnetic resonance": ("chemistry", "bio"),
    "Thermal analysis": ("materials", "energy", "battery"),
    "Particles and surfaces": ("battery", "energy", "chemistry"),
    "Mechanical testing": ("aerospace", "materials"),
    "Electronics and semiconductor": ("semiconductor", "display"),
    "Life science": ("bio",),
}


@dataclass(frozen=True)
class Party:
    """A company with its people, as the demo needs them to tell its bookings."""

    company_id: int
    sector: str
    weight: float
    people: Sequence[Actor]


_ANSWERS = (BookingApproved, BookingRejected)


@dataclass
class Story:
    """One booking: its row, and how it came to be so, oldest fact first."""

    placed: Placed
    values: dict[str, Any]
    facts: list[tuple[Actor, datetime, type[BookingFact], dict[str, Any]]] = field(default_factory=list)
    use: dict[str, Any] = field(default_factory=dict)  # the usage record, once somebody came
    claim: Slot | None = None  # what a completed one keeps; the others hold all of their time

    def row(self) -> dict[str, Any]:
        """The row as it is after all that happened: every fact made a version."""
        answers = (at for who, at, kind, _ in self.facts if kind in _ANSWERS and not who.is_system)
        return self.values | {"version": len(self.facts), "answered_at": min(answers, default=None)}

    def events(self, booking_id: int) -> list[tuple[Actor, BookingFact, datetime]]:
        """The facts of the journal, one a version, now that the booking has an id."""
        row = self.values
        same = {
            "object_id": booking_id,
            "company_id": row["company_id"],
            "instrument_id": row["instrument_id"],
            "starts_at": row["starts_at"],
            "ends_at": row["ends_at"],
        }
        told = enumerate(self.facts, start=1)
        return [(who, kind(version=version, **(same | more)), at) for version, (who, at, kind, more) in told]


class Teller:
    """Tells one story a slot; what it says depends on the random numbers it is given and on nothing else."""

    def __init__(
        self,
        rng: Random,
        timelines: Timelines,
        parties: Sequence[Party],
        managers: Mapping[int, Sequence[Actor]],
        now: datetime,
    ) -> None:
        self.rng, self.timelines, self.parties, self.managers, self.now = (
            rng,
            timelines,
            parties,
            managers,
            now,
        )
        self._weights: dict[int, list[float]] = {}

    def tell(self, placed: Placed, *, who: Actor | None = None, fate: str | None = None, stays: bool = False) -> Story:
        """The story of one slot; of whom it is, and how it ends, may be given, and that it was never elsewhere."""
        rng, instrument, slot = self.rng, placed.instrument, placed.slot
        who = who or self._asker(instrument)
        fate = fate or self._fate(placed)
        asked = self._asked(placed, pending=fate == REQUESTED)
        by = decide_by(instrument, slot, asked) if instrument.approval else None
        story = Story(placed, self._row(placed, who, fate, asked))
        said = {"person_id": who.person_id, "decide_by": by, "provisional": story.values["provisional"]}
        story.facts.append((who, asked, BookingRequested, said))
        if fate == REQUESTED:
            story.values["decide_by"] = by
            return story
        if not instrument.approval:
            self._approve(story, SYSTEM, asked)
            settled = asked
        else:
            manager = rng.choice(self.managers[instrument.site_id])
            settled = self._decided(asked, min(by or slot.start, self.now), instrument)
            if fate == REJECTED:
                story.values["answer"] = rng.choice(REFUSALS)
                story.facts.append((manager, settled, BookingRejected, {"answer": story.values["answer"]}))
                return story
            if fate == CANCELLED and rng.random() < 0.15:
                settled = _between(rng, asked, settled)
                story.facts.append((who, settled, BookingCancelled, {"was": REQUESTED}))
                return story
            self._approve(story, manager, settled)
        if fate == CANCELLED:
            back = _between(rng, settled, min(slot.start, self.now))
            late = late_to_cancel(slot, asked, instrument.cancel_minutes, back)
            story.values["charge"] = instrument.late_cancel_percent if late else 0
            told = {"was": APPROVED, "charge": story.values["charge"]}
            story.facts.append((who, back, BookingCancelled, told))
        elif not stays and rng.random() < MOVED_SHARE:
            self._move(story, who, settled)
        return story

    # -- who and what

    def _asker(self, instrument: Known) -> Actor:
        if instrument.id not in self._weights:
            likes = LIKES[instrument.category_en]
            self._weights[instrument.id] = list(
                accumulate(
                    _weight(party, likes, at_home=party.company_id == instrument.owner_id) for party in self.parties
                )
            )
        party = self.rng.choices(self.parties, cum_weights=self._weights[instrument.id])[0]
        return self.rng.choices(party.people, weights=range(len(party.people), 0, -1))[0]

    def _fate(self, placed: Placed) -> str:
        roll, instrument = self.rng.random(), placed.instrument
        if roll < CANCELLED_SHARE:
            return CANCELLED
        if instrument.approval and roll < CANCELLED_SHARE + REJECTED_SHARE:
            return REJECTED
        far = placed.slot.start > self.now + 30 * HOUR + instrument.notice_minutes * MINUTE
        if instrument.approval and far and self.rng.random() < PENDING_SHARE:
            return REQUESTED
        return APPROVED

    def _row(self, placed: Placed, who: Actor, fate: str, asked: datetime) -> dict[str, Any]:
        return {
            "state": fate,
            "instrument_id": placed.instrument.id,
            "company_id": who.company_id,
            "person_id": who.person_id,
            "starts_at": placed.slot.start,
            "ends_at": placed.slot.end,
            "channel": placed.channel,
            "purpose": purpose(self.rng, placed.instrument.category_en),
            "on_behalf": False,
            "decide_by": None,
            "answer": "",
            "created_at": asked,
            "excuse": "",
            "over_quota": False,
            "charge": 0,
            "provisional": self._provisional(placed.instrument, placed.slot),
        }

    def _provisional(self, instrument: Known, slot: Slot) -> bool:
        return self.timelines.opening[instrument.id].is_provisional(slot)

    # -- when

    def _asked(self, placed: Placed, *, pending: bool) -> datetime:
        """When it was asked for: within horizon and notice, in waking hours, and not just now."""
        if pending:  # since yesterday morning, so that no answer is due before tomorrow
            return self.now - self.rng.randrange(2 * 60, 15 * 60) * MINUTE
        instrument, slot = placed.instrument, placed.slot
        latest = min(slot.start - instrument.notice_minutes * MINUTE, self.now - 3 * HOUR)
        room = min(LONGEST_LEAD, latest - (slot.end - (instrument.horizon_days - 5) * DAY))
        lead = min(timedelta(minutes=int(self.rng.expovariate(1 / (5 * 1440)))), room)
        asked = latest - lead - self.rng.randrange(5, 90) * MINUTE
        return asked - 8 * HOUR if asked.astimezone(instrument.zone).hour < 7 else asked

    def _decided(self, asked: datetime, before: datetime, instrument: Known) -> datetime:
        """When the laboratory answered: some hours later, while somebody is there, and in time."""
        answer = asked + self.rng.randrange(20, 26 * 60) * MINUTE
        here = answer.astimezone(instrument.zone)
        if not 8 <= here.hour < 19:
            opens = here.replace(hour=8, minute=0) + (DAY if here.hour >= 19 else 0 * DAY)
            answer = opens.astimezone(UTC) + self.rng.randrange(10, 4 * 60) * MINUTE
        return answer if answer < before else _between(self.rng, asked, before)

    # -- what happened

    def _approve(self, story: Story, by: Actor, at: datetime) -> None:
        story.facts.append((by, at, BookingApproved, {}))

    def _move(self, story: Story, who: Actor, settled: datetime) -> None:
        """It stood a few days elsewhere first; that time is kept free, as if nobody had wanted it since."""
        placed = story.placed
        instrument, slot = placed.instrument, placed.slot
        shift = self.rng.choice((-3, -2, -1, 1, 2, 3)) * DAY
        old = Slot(slot.start + shift, slot.end + shift)
        before = min(old.start, slot.start - instrument.notice_minutes * MINUTE, self.now) - 2 * HOUR
        if before - settled < 6 * HOUR or settled > old.start - 2 * DAY or not self.timelines.place(instrument, old):
            return
        moved = _between(self.rng, settled, before)
        was = {"starts_at": old.start, "ends_at": old.end}
        story.facts = [(by, at, kind, more | was) for by, at, kind, more in story.facts]
        if instrument.approval:
            story.facts[0][3]["decide_by"] = decide_by(instrument, old, story.facts[0][1])
        story.facts[0][3]["provisional"] = self._provisional(instrument, old)
        back = {"old_starts_at": old.start, "old_ends_at": old.end, "was": APPROVED}
        back["provisional"] = story.values["provisional"]
        state = REQUESTED if instrument.approval else APPROVED
        story.facts.append((who, moved, BookingMoved, back | {"state": state}))
        if instrument.approval:
            manager = self.rng.choice(self.managers[instrument.site_id])
            self._approve(story, manager, self._decided(moved, min(slot.start, self.now), instrument))


def _weight(party: Party, likes: Sequence[str], *, at_home: bool) -> float:
    return party.weight * (4 if party.sector in likes or at_home else 1)


def _between(rng: Random, after: datetime, before: datetime) -> datetime:
    """A whole minute between two moments, or the first where there is none."""
    minutes = (before - after) // MINUTE
    return after + rng.randrange(1, minutes) * MINUTE if minutes > 1 else after
