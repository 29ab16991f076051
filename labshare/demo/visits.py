"""What came of the slots that are past: who came, how late, for how long, what they found; who did not come.

The shares are invented to look like a laboratory's year (EST); no published figures are behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

from labshare.booking.events import BookingCompleted, BookingMissed, BookingStarted
from labshare.booking.lifecycle import COMPLETED, IN_USE, MISSED
from labshare.booking.rules import held, judgement
from labshare.booking.rules.judgement import ASSUMED, CHECKED_IN, OPERATOR
from labshare.demo.shape import Timelines
from labshare.demo.stories import Story
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.slots import MINUTE, Slot

MISSED_SHARE, FORGOT_SHARE, ENTERED_SHARE = 0.04, 0.06, 0.05  # of what was approved and is past
LATE_SHARE, OVERTIME_SHARE, EARLY_SHARE, PROBLEM_SHARE, NOTED_SHARE, COUNTED_SHARE = 0.08, 0.05, 0.1, 0.015, 0.08, 0.7
PROBLEMS = (
    "The stage stuck twice; moved it by hand.",
    "Vacuum took 20 minutes longer than usual.",
    "The software froze once and had to be started again.",
    "Signal drifts after about an hour.",
    "样品台卡顿，重启后恢复。",
    "抽真空时间明显变长。",
    "软件闪退一次，数据已重新采集。",
    "冷却水报警一次，已通知管理员。",
)
NOTES = (
    "All as planned.",
    "Left the holder clean in the drawer.",
    "Used the spare detector.",
    "一切正常。",
    "样品架已清洁放回。",
    "使用了备用探头。",
)


class Visits:
    """Tells what became of approved slots that lie behind `now`, by the thresholds of their instruments."""

    def __init__(
        self,
        rng: Random,
        timelines: Timelines,
        managers: Mapping[int, Sequence[Actor]],
        companies: Mapping[int, str],
        now: datetime,
    ) -> None:
        self.rng, self.timelines, self.managers, self.companies, self.now = rng, timelines, managers, companies, now

    def tell(self, story: Story) -> None:
        """Go on with the story of an approved booking that has begun."""
        known, slot, roll = story.placed.instrument, story.placed.slot, self.rng.random()
        missed_at = slot.start + known.grace_minutes * MINUTE
        if roll < MISSED_SHARE and missed_at < self.now:
            story.values |= {"state": MISSED, "charge": known.no_show_percent}
            told = {"charge": known.no_show_percent}
            story.facts.append((SYSTEM, max(missed_at, self._last(story)), BookingMissed, told))
            return
        entered = slot.end + self.rng.randrange(30, 20 * 60) * MINUTE
        if roll > 1 - ENTERED_SHARE and entered < self.now:
            manager = self.rng.choice(self.managers[known.site_id])
            story.use = self._record(story, slot.start, OPERATOR)
            self._end(story, manager, slot.end, entered, slot.end)
            return
        came = self._came(story)
        if came >= self.now:
            return  # about to come
        late, excuse = judgement.lateness(slot, came, known, [])
        who = story.facts[0][0]
        story.values["state"] = IN_USE
        story.facts.append((who, came, BookingStarted, {"at": came, "late": late, "excuse": excuse}))
        story.use = self._record(story, came, CHECKED_IN) | {"late": late}
        self._leave(story, who, came, forgot=roll < MISSED_SHARE + FORGOT_SHARE)

    def _last(self, story: Story) -> datetime:
        return story.facts[-1][1]

    def _came(self, story: Story) -> datetime:
        known, slot = story.placed.instrument, story.placed.slot
        if self.rng.random() < LATE_SHARE:
            minutes = self.rng.randrange(known.late_minutes + 1, known.grace_minutes)
        else:
            minutes = self.rng.randrange(-min(known.warmup_minutes, known.check_in_minutes), known.late_minutes)
        return max(slot.start + minutes * MINUTE, self._last(story))

    def _leave(self, story: Story, who: Actor, came: datetime, *, forgot: bool) -> None:
        """Go, or forget to say so; whoever is still there at `now` stays."""
        known, slot = story.placed.instrument, story.placed.slot
        ended_by_itself = slot.end + known.auto_end_minutes * MINUTE
        until = self.timelines.free_until(story.placed)
        if forgot and ended_by_itself < min(self.now, until):
            story.use["source"] = ASSUMED
            self._end(story, SYSTEM, slot.end, ended_by_itself, ended_by_itself)
            return
        left = max(came + 5 * MINUTE, min(self._left(slot, known.overtime_minutes), until))
        if left < self.now:
            self._end(story, who, left, left, left)

    def _left(self, slot: Slot, overtime: int) -> datetime:
        roll = self.rng.random()
        if roll < OVERTIME_SHARE:
            return slot.end + self.rng.randrange(overtime + 1, overtime + 45) * MINUTE
        if roll < OVERTIME_SHARE + EARLY_SHARE:
            return slot.end - self.rng.randrange(15, 60) * slot.minutes // 100 * MINUTE
        return slot.end - self.rng.randrange(0, max(2, min(20, slot.minutes // 6))) * MINUTE

    def _record(self, story: Story, start: datetime, source: str) -> dict[str, Any]:
        """The usage record as it begins, all columns of it."""
        known, row = story.placed.instrument, story.values
        same = ("instrument_id", "channel", "company_id", "person_id")
        return {name: row[name] for name in same} | {
            "owner_id": known.owner_id,
            "company_name": self.companies[row["company_id"]],
            "category_en": known.category_en,
            "category_zh": known.category_zh,
            "rate_cny_per_hour": known.rate_cny_per_hour,
            "starts_at": start,
            "ends_at": None,
            "freed_at": None,
            "minutes": None,
            "source": source,
            "samples": None,
            "note": "",
            "problem": "",
            "late": False,
            "overtime": False,
            "left_early": False,
            "excuse": "",
            "version": 1,
        }

    def _end(self, story: Story, who: Actor, left: datetime, at: datetime, freed: datetime) -> None:
        """Close the record as a check-out would, and cut the claim to what was used."""
        use, known, slot, rng = story.use, story.placed.instrument, story.placed.slot, self.rng
        at = max(at, self._last(story))
        overtime, early, _ = judgement.leaving(slot, left, known, [])
        use |= {"ends_at": left, "freed_at": freed, "minutes": judgement.minutes(use["starts_at"], left)}
        use |= {"overtime": overtime, "left_early": early}
        use["version"] = 2 if use["source"] != OPERATOR else 1
        if use["source"] != ASSUMED:
            use["samples"] = rng.randrange(1, 13) if rng.random() < COUNTED_SHARE else None
            use["note"] = rng.choice(NOTES) if rng.random() < NOTED_SHARE else ""
            use["problem"] = rng.choice(PROBLEMS) if rng.random() < PROBLEM_SHARE else ""
        told = {name: use[name] for name in ("source", "overtime", "left_early", "problem")}
        said = {"used_from": use["starts_at"], "used_to": left, **told}
        story.values["state"] = COMPLETED
        story.facts.append((who, at, BookingCompleted, said))
        story.claim = judgement.kept(held(known, slot), use["starts_at"], left, known)
