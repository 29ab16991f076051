"""How a use is judged, fact by fact, without any database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labshare.booking.rules import judgement
from labshare.booking.rules.judgement import ASSUME, CLOSED, MISS, OVERRUN, Hindrance, Verdict
from labshare.kernel.slots import MINUTE, Slot

SHANGHAI = ZoneInfo("Asia/Shanghai")
NINE = datetime(2026, 12, 1, 1, tzinfo=UTC)
BOOKED = Slot(NINE, NINE + 120 * MINUTE)


@dataclass(frozen=True)
class Terms:
    state: str = "in_service"
    zone: ZoneInfo = SHANGHAI
    warmup_minutes: int = 15
    cooldown_minutes: int = 10
    check_in_minutes: int = 15
    grace_minutes: int = 30
    late_minutes: int = 10
    overtime_minutes: int = 10
    early_minutes: int = 30
    auto_end_minutes: int = 60


TERMS = Terms()


def minute(number: int) -> datetime:
    return NINE + number * MINUTE


def held_up(why: str, start: int, end: int | None) -> Hindrance:
    return Hindrance(why, minute(start), None if end is None else minute(end))


@pytest.mark.parametrize(
    ("now", "hindrances", "watched", "verdict"),
    [
        (29, [], True, None),
        (30, [], True, Verdict(MISS)),
        (50, [held_up(OVERRUN, -60, 25)], True, None),
        (55, [held_up(OVERRUN, -60, 25)], True, Verdict(MISS)),
        (119, [held_up(OVERRUN, -60, None)], True, None),
        (120, [held_up(OVERRUN, -60, None)], True, Verdict(MISS, OVERRUN)),
        (119, [held_up(CLOSED, 0, 100)], True, None),
        (120, [held_up(CLOSED, 0, 100)], True, Verdict(MISS, CLOSED)),
        (60, [held_up(CLOSED, 0, 20), held_up(CLOSED, 40, 70)], True, None),  # closed again within the grace
        (100, [held_up(CLOSED, 0, 20), held_up(CLOSED, 40, 70)], True, Verdict(MISS)),
        (50, [held_up(CLOSED, 45, None)], True, Verdict(MISS)),  # it closed after the grace had passed
        (119, [], False, None),
        (120, [], False, Verdict(ASSUME)),
        (120, [held_up(CLOSED, 0, None)], False, Verdict(MISS, CLOSED)),
        (120, [held_up(OVERRUN, 0, None)], False, Verdict(ASSUME)),
    ],
)
def test_what_becomes_of_an_absence(
    now: int, hindrances: list[Hindrance], watched: bool, verdict: Verdict | None
) -> None:
    assert judgement.of_absence(BOOKED, minute(now), TERMS, hindrances, watched=watched) == verdict


def test_what_closes_the_instrument_once_a_short_slot_is_over_excuses_nobody() -> None:
    short, after = Slot(NINE, NINE + 30 * MINUTE), [held_up(CLOSED, 30, 120)]
    assert judgement.of_absence(short, minute(30), TERMS, after, watched=True) == Verdict(MISS)
    assert judgement.of_absence(short, minute(30), TERMS, [held_up(CLOSED, 29, 120)], watched=True) == Verdict(
        MISS, CLOSED
    )


def test_a_slot_shorter_than_the_grace_is_missed_at_its_end() -> None:
    short = Slot(NINE, minute(20))
    assert judgement.of_absence(short, minute(19), TERMS, [], watched=True) is None
    assert judgement.of_absence(short, minute(20), TERMS, [], watched=True) == Verdict(MISS)


@pytest.mark.parametrize(
    ("at", "hindrances", "late"),
    [
        (10, [], (False, "")),
        (11, [], (True, "")),
        (30, [held_up(OVERRUN, -30, 20)], (True, OVERRUN)),
        (31, [held_up(OVERRUN, -30, 20)], (True, "")),
        (60, [held_up(CLOSED, -30, 55)], (True, CLOSED)),
        (60, [held_up(CLOSED, 20, 55)], (True, "")),  # late already when it closed
    ],
)
def test_who_is_late_and_what_excuses_it(at: int, hindrances: list[Hindrance], late: tuple[bool, str]) -> None:
    assert judgement.lateness(BOOKED, minute(at), TERMS, hindrances) == late


@pytest.mark.parametrize(
    ("at", "hindrances", "found"),
    [
        (130, [], (False, False, "")),
        (131, [], (True, False, "")),
        (90, [], (False, False, "")),
        (89, [], (False, True, "")),
        (60, [held_up(CLOSED, 50, None)], (False, True, CLOSED)),
        (60, [held_up(CLOSED, 10, 20)], (False, True, "")),
    ],
)
def test_how_one_leaves(at: int, hindrances: list[Hindrance], found: tuple[bool, bool, str]) -> None:
    assert judgement.leaving(BOOKED, minute(at), TERMS, hindrances) == found


def test_minutes_are_whole() -> None:
    assert judgement.minutes(NINE, minute(90) + timedelta(seconds=59)) == 90


@given(st.integers(-60, 119), st.integers(0, 300), st.integers(0, 60), st.integers(0, 60))
def test_what_a_use_keeps_covers_it_and_ends_no_later_than_before(
    start: int, length: int, warm: int, cool: int
) -> None:
    terms = Terms(warmup_minutes=warm, cooldown_minutes=cool)
    held = BOOKED.padded(warm, cool)
    came, left = minute(start), minute(start + length)
    claim = Slot(min(held.start, came), held.end)  # as a check-in leaves it
    kept = judgement.kept(claim, came, left, terms)
    assert kept.start <= came
    assert kept.end >= min(left, BOOKED.end)
    assert claim.contains(kept)
