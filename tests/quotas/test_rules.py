"""Counting minutes by period, and saying whether they suffice: against sets of minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labshare.kernel.slots import MINUTE
from labshare.quotas import rules
from labshare.quotas.models import ASK, PERIODS, REFUSE
from labshare.quotas.rules import Share, Terms

SHANGHAI, BERLIN, ST_JOHNS = map(ZoneInfo, ("Asia/Shanghai", "Europe/Berlin", "America/St_Johns"))
ZONES = st.sampled_from([SHANGHAI, BERLIN, ST_JOHNS])
BEGAN = datetime(2025, 12, 20, tzinfo=UTC)
MOMENTS = st.integers(0, 388 * 1440 * 60).map(lambda seconds: BEGAN + timedelta(seconds=seconds))
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@given(st.sampled_from(PERIODS), DAYS)
def test_every_day_lies_in_one_period_and_the_next_begins_where_it_ends(kind: str, day: date) -> None:
    first, after = rules.period_of(kind, day)
    assert first <= day < after
    assert rules.period_of(kind, first) == (first, after)
    assert rules.period_of(kind, after)[0] == after
    assert rules.period_of(kind, after - timedelta(days=1)) == (first, after)


@pytest.mark.parametrize(
    ("kind", "first", "after"),
    [
        ("week", date(2026, 12, 28), date(2027, 1, 4)),
        ("month", date(2026, 12, 1), date(2027, 1, 1)),
        ("quarter", date(2026, 10, 1), date(2027, 1, 1)),
        ("year", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_the_periods_of_new_years_eve(kind: str, first: date, after: date) -> None:
    assert rules.period_of(kind, date(2026, 12, 31)) == (first, after)


def by_minute(start: datetime, end: datetime, kind: str, zone: ZoneInfo, first: date, last: date) -> dict[date, int]:
    """The same, minute by minute: a minute belongs to the day on which it was completed, seen from its last moment."""
    found: dict[date, int] = {}
    at = start + MINUTE
    while at <= end:
        day = (at - timedelta.resolution).astimezone(zone).date()
        if first <= day <= last:
            opens, _ = rules.period_of(kind, day)
            found[opens] = found.get(opens, 0) + 1
        at += MINUTE
    return found


@given(
    MOMENTS, st.integers(1, 5000), st.integers(0, 59), st.sampled_from(PERIODS), ZONES, st.integers(-3, 3),
    st.integers(0, 9),
)  # fmt: skip
def test_pieces_are_what_counting_minutes_gives(
    start: datetime, minutes: int, seconds: int, kind: str, zone: ZoneInfo, opens: int, days: int
) -> None:
    end = start + minutes * MINUTE + timedelta(seconds=seconds)
    first = start.astimezone(zone).date() + timedelta(days=opens)
    last = first + timedelta(days=days)
    assert dict(rules.pieces(start, end, kind, zone, first, last)) == by_minute(start, end, kind, zone, first, last)


@given(MOMENTS, st.integers(1, 150_000), st.sampled_from(PERIODS), ZONES)
def test_pieces_add_up_to_the_whole(start: datetime, minutes: int, kind: str, zone: ZoneInfo) -> None:
    pieces = rules.pieces(start, start + minutes * MINUTE, kind, zone)
    assert sum(piece for _, piece in pieces) == minutes
    assert pieces == sorted(set(pieces))


def test_a_night_over_the_new_year_is_cut_at_the_sites_midnight() -> None:
    start = datetime(2026, 12, 31, 22, tzinfo=SHANGHAI)
    found = rules.pieces(start, start + timedelta(hours=6), "year", SHANGHAI)
    assert found == [(date(2026, 1, 1), 120), (date(2027, 1, 1), 240)]
    assert rules.pieces(start, start + timedelta(hours=6), "year", BERLIN) == [(date(2026, 1, 1), 360)]


def test_nothing_used_is_no_piece() -> None:
    at = datetime(2026, 5, 5, tzinfo=UTC)
    assert rules.pieces(at, at, "year", SHANGHAI) == []
    assert rules.pieces(at, at + timedelta(seconds=59), "year", SHANGHAI) == []


def share(minutes: int, left: int | None, then: str = REFUSE, mine: int = 0) -> Share:
    return Share(1, "all", "month", then, date(2026, 5, 1), minutes, left, 1, mine)


def test_the_last_minute_may_be_taken_and_not_one_more() -> None:
    assert not share(60, 60).exceeds
    assert share(61, 60).exceeds
    assert not share(10_000, None).exceeds


def test_what_a_booking_holds_already_is_not_in_its_own_way() -> None:
    assert not share(90, 30, mine=60).exceeds
    assert share(91, 30, mine=60).exceeds
    assert not share(60, -500, mine=60).exceeds, "moved within a limit that was lowered since"


def test_one_that_refuses_is_a_reason_and_one_that_asks_is_for_the_manager() -> None:
    refuses, asks, fits = share(61, 60), share(61, 60, ASK), share(1, 60, ASK)
    assert [reason.code for reason in rules.refusals([refuses, asks, fits])] == ["quota_exceeded"]
    assert rules.over_quota([asks])
    assert not rules.over_quota([refuses, fits])


def test_reasons_say_hours_as_people_do() -> None:
    [reason] = rules.refusals([share(210, 90)])
    assert "1.5 h left" in str(reason.message)
    assert "3.5 h" in str(reason.message)


def terms(scope: str = "all", scope_id: int | None = None, start: date | None = None, end: date | None = None) -> Terms:
    return Terms(scope, scope_id, "year", 60, REFUSE, start, end)


def test_a_sound_set_has_no_faults() -> None:
    halves = terms(end=date(2026, 6, 30)), terms(start=date(2026, 7, 1))
    assert rules.faults([*halves, terms("category", 1), terms("category", 2)]) == {}


@pytest.mark.parametrize(
    "items",
    [
        [terms(), terms("all", 3)],
        [terms(), terms("site")],
        [terms(), terms()],
        [terms(), terms(start=date(2026, 1, 1))],
        [terms("site", 1), terms("site", 2, date(2026, 2, 1), date(2026, 1, 1))],
        [terms(end=date(2026, 6, 30)), terms(start=date(2026, 6, 30))],
    ],
)
def test_the_second_of_these_is_at_fault(items: list[Terms]) -> None:
    assert list(rules.faults(items)) == [1]
