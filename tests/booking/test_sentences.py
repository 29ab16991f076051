"""What a booking's history says of hours: more than was left, waived, charged, taken back."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from labshare.booking.sentences import sentence

SLOT = {"starts_at": "2026-11-23T01:00:00+00:00", "ends_at": "2026-11-23T03:00:00+00:00"}
OLD = {"old_starts_at": "2026-11-22T01:00:00+00:00", "old_ends_at": "2026-11-22T03:00:00+00:00"}
SAID: dict[str, tuple[str, dict[str, Any], str | None, str]] = {
    "more than is left": ("booking_requested", {"over_quota": True}, "Mei", "it is more than the company has left."),
    "as much as is left": ("booking_requested", {"over_quota": False}, "Mei", " to 11:00."),
    "moved to more than is left": (
        "booking_moved",
        {**OLD, "over_quota": True, "was": "approved", "state": "requested"},
        "Mei",
        "it is now waiting for an answer, and more than the company has left.",
    ),
    "waived": (
        "booking_approved",
        {"waived": ["quota_exceeded"], "answer": "For the review."},
        "Li",
        "Li approved it, though it is more than the company had left: For the review.",
    ),
    "approved once there was room": ("booking_approved", {"waived": [], "answer": ""}, "Li", "Li approved it."),
    "the company may use less": (
        "booking_over_quota",
        {},
        None,
        "The company may use less than before: it keeps its time, but no hours until the laboratory waives them.",
    ),
    "cancelled late": (
        "booking_cancelled",
        {"was": "approved", "charge": 50, "why": ""},
        "Mei",
        "Mei cancelled it too late; 50 % of its hours are charged.",
    ),
    "cancelled in time": ("booking_cancelled", {"was": "approved", "charge": 0}, "Mei", "it was approved."),
    "taken back": (
        "booking_cancelled",
        {"was": "approved", "charge": 0, "why": "company_suspended"},
        None,
        "The company may not book for now: it was taken back, and costs nothing. It was approved.",
    ),
    "nobody came": (
        "booking_missed",
        {"charge": 100},
        None,
        "Nobody came; the rest of the time was given to others. 100 % of its hours are charged.",
    ),
    "nobody could come": (
        "booking_missed",
        {"charge": 0, "excuse": "closed"},
        None,
        "The instrument was out of service, so it could not begin; this is not held against anybody.",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_the_history_says_what_a_booking_cost_and_who_let_it_pass(case: str) -> None:
    kind, data, who, words = SAID[case]
    said = str(sentence(kind, SLOT | data, who, ZoneInfo("Asia/Shanghai")))
    assert said.endswith(words)
