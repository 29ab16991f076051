"""Two bookings of the member's that the demo laboratory displaced: one was replaced long ago, one has an offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from labshare.booking.events import BookingApproved, BookingDisplaced, BookingRequested
from labshare.booking.lifecycle import APPROVED, DISPLACED
from labshare.booking.models import MAINTENANCE
from labshare.demo.care import MEMBERS_PAST_WINDOW, MEMBERS_WINDOW, Diary, Planned
from labshare.demo.cast import Cast
from labshare.demo.shape import Placed, Timelines
from labshare.demo.stories import HOUR, Story, Teller
from labshare.kernel.actor import SYSTEM
from labshare.kernel.slots import MINUTE

START, LENGTH = 10 * 60, 120  # of the day, both in minutes
OFFERED = 5 * MINUTE  # after the window was planned


@dataclass(frozen=True)
class Lost:
    """A booking that a window displaced, the other time that was held for it, and what was made of that."""

    story: Story
    window: Planned
    offer: Placed
    successor: Story | None = None


def tell(rng: Random, timelines: Timelines, cast: Cast, diary: Diary) -> list[Lost]:
    """Both stories; their times are taken before anybody else books."""
    coming, past = diary.of(MEMBERS_WINDOW), diary.of(MEMBERS_PAST_WINDOW)
    offered = _free(timelines, diary, MEMBERS_WINDOW, diary.ahead[coming.care.workday + 1 :])
    taken = _free(timelines, diary, MEMBERS_PAST_WINDOW, diary.behind[past.care.workday - 1 :: -1])
    first = Lost(_displaced(rng, timelines, cast, diary, coming), coming, offered)
    second = Lost(
        _displaced(rng, timelines, cast, diary, past), past, taken, _accepted(rng, timelines, cast, past, taken)
    )
    return [first, second]


def _free(timelines: Timelines, diary: Diary, code: str, days: Any) -> Placed:
    for day in days:
        if placed := timelines.place_at(diary.known[code], day, START, LENGTH):
            return placed
    raise RuntimeError(f"{code} should be free in an empty laboratory")


def _displaced(rng: Random, timelines: Timelines, cast: Cast, diary: Diary, window: Planned) -> Story:
    known = diary.known[window.care.codes[0]]
    day = window.slots[0].start.astimezone(diary.zone).date()
    teller = Teller(rng, timelines, cast.parties, cast.managers, window.at)  # all of it was said before
    story = teller.tell(
        Placed(known, 1, diary.slot(day, START, LENGTH)), who=cast.known["member"], fate=APPROVED, stays=True
    )
    story.values["state"] = DISPLACED
    told = {"was": APPROVED, "cause": MAINTENANCE, "cause_id": 0}  # which window, is known once it is entered
    story.facts.append((cast.managers[known.site_id][0], window.at, BookingDisplaced, told))
    return story


def _accepted(rng: Random, timelines: Timelines, cast: Cast, window: Planned, placed: Placed) -> Story:
    """The booking it became, three hours later; the instrument needs no yes."""
    who, at = cast.known["member"], window.at + 3 * HOUR
    teller = Teller(rng, timelines, cast.parties, cast.managers, at + timedelta(days=1))
    story = teller.tell(placed, who=who, fate=APPROVED, stays=True)
    story.values["created_at"] = at
    said = {**story.facts[0][3], "decide_by": None}
    story.facts = [(who, at, BookingRequested, said), (SYSTEM, at, BookingApproved, {})]
    return story
