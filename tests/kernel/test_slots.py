"""Intervals of time, held against plain sets of minutes and against what a wall clock shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labshare.kernel.slots import MINUTE, Slot, day_at, day_of, grid, local, on_grid, union

BASE = datetime(2026, 11, 23, tzinfo=UTC)
FIRST, LAST = datetime(2000, 1, 2, tzinfo=UTC), datetime(2100, 12, 30, tzinfo=UTC)
ZONES = [
    ZoneInfo(name)
    for name in (
        "Asia/Shanghai",  # never changes
        "Europe/Berlin",
        "America/St_Johns",  # until 2011 fell back from 00:01 into the day before
        "Australia/Lord_Howe",  # changes by half an hour
        "Asia/Kathmandu",  # 5:45 ahead
        "Pacific/Apia",  # had no 30 December 2011
    )
]
SHANGHAI, BERLIN, ST_JOHNS, LORD_HOWE, _, APIA = ZONES

few = settings(max_examples=60, deadline=None)
zones = st.sampled_from(ZONES)
small = st.tuples(st.integers(0, 80), st.integers(1, 40)).map(lambda at: _slot(at[0], at[0] + at[1]))
anywhere = st.builds(
    lambda start, length: Slot(start, start + length * MINUTE),
    st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)),
    st.integers(1, 4 * 1440),
)
near_changes = st.builds(  # around every kind of odd night
    lambda around, before, length: Slot(around - before * MINUTE, around + (length - before) * MINUTE),
    st.sampled_from(
        [
            datetime(2010, 11, 7, 2, 31, tzinfo=UTC),  # St John's: 00:01 -> 23:01 the day before
            datetime(2011, 3, 13, 3, 31, tzinfo=UTC),  # St John's: 00:01 -> 01:01
            datetime(2011, 12, 30, 10, 0, tzinfo=UTC),  # Apia leaps a day
            datetime(2026, 3, 29, 1, 0, tzinfo=UTC),  # Berlin forward
            datetime(2026, 10, 25, 1, 0, tzinfo=UTC),  # Berlin back
            datetime(2026, 4, 4, 15, 0, tzinfo=UTC),  # Lord Howe back by 30 minutes
        ]
    ),
    st.integers(0, 1500),
    st.integers(1, 3000),
)


def _slot(start: int, end: int) -> Slot:
    return Slot(BASE + start * MINUTE, BASE + end * MINUTE)


def _minutes(*slots: Slot) -> set[int]:
    """The naive oracle: every minute of the slots, one by one."""
    return {at for slot in slots for at in range((slot.start - BASE) // MINUTE, (slot.end - BASE) // MINUTE)}


def _apart(slots: list[Slot]) -> bool:
    return all(one.end < two.start for one, two in pairwise(slots))


@given(small, small)
def test_two_slots_overlap_where_they_share_a_minute(one: Slot, two: Slot) -> None:
    shared = _minutes(one) & _minutes(two)
    assert one.overlaps(two) == two.overlaps(one) == bool(shared)
    assert one.contains(two) == (_minutes(two) <= _minutes(one))
    met = one.meet(two)
    assert met == two.meet(one)
    assert (_minutes(met) if met else set()) == shared


@given(small, st.integers(1, 40))
def test_slots_that_touch_share_nothing(one: Slot, length: int) -> None:
    after, before = Slot(one.end, one.end + length * MINUTE), Slot(one.start - length * MINUTE, one.start)
    assert not one.overlaps(after)
    assert not before.overlaps(one)
    assert one.meet(after) is None
    assert one.overlaps(Slot(one.end - timedelta(microseconds=1), after.end))  # a touch less and they do


@given(small, st.lists(small, max_size=6))
def test_minus_and_union_are_what_sets_of_minutes_say(slot: Slot, others: list[Slot]) -> None:
    left = slot.minus(others)
    assert _minutes(*left) == _minutes(slot) - _minutes(*others)
    assert left == sorted(left)
    assert all(not piece.overlaps(other) for piece in left for other in others)
    merged = union([slot, *others])
    assert _minutes(*merged) == _minutes(slot, *others)
    assert _apart(merged)
    assert union(reversed(merged)) == merged


@given(small, st.integers(0, 600), st.integers(0, 600))
def test_buffers_lie_before_and_after(slot: Slot, before: int, after: int) -> None:
    wide = slot.padded(before, after)
    assert wide.minutes == before + slot.minutes + after
    assert (slot.start - wide.start, wide.end - slot.end) == (before * MINUTE, after * MINUTE)


def test_naive_reversed_and_empty_slots_are_refused() -> None:
    for start, end in (
        (FIRST.replace(tzinfo=None), BASE),
        (BASE, LAST.replace(tzinfo=None)),
        (BASE, BASE),
        (BASE, BASE - MINUTE),
        (BASE, BASE.astimezone(SHANGHAI)),  # the same moment, written otherwise
    ):
        with pytest.raises(ValueError):
            Slot(start, end)


def test_a_slot_is_the_same_in_whatever_zone_it_was_written() -> None:
    there = timezone(timedelta(hours=8))
    assert Slot(BASE.astimezone(there), (BASE + MINUTE).astimezone(there)) == _slot(0, 1)
    assert Slot(BASE.astimezone(there), BASE + MINUTE).start.tzinfo is UTC


def _partition(pieces: Iterable[Slot], slot: Slot) -> None:
    found = list(pieces)
    assert (found[0].start, found[-1].end) == (slot.start, slot.end)
    assert all(one.end == two.start for one, two in pairwise(found))


@few
@given(anywhere | near_changes, zones)
def test_the_days_of_a_slot_cover_it_once_and_lie_in_their_day(slot: Slot, zone: ZoneInfo) -> None:
    pieces = slot.by_local_day(zone)
    _partition((piece for _, piece in pieces), slot)
    days = [day for day, _ in pieces]
    assert days == sorted(set(days))
    for day, piece in pieces:
        assert day_of(day, zone).contains(piece)
        for moment in (piece.start, piece.end - timedelta(microseconds=1)):
            assert day_at(moment, zone) == day
            shown = moment.astimezone(zone).date()
            # The wall clock agrees, but for the hour of St John's in which yesterday came back.
            assert shown == day or (zone is ST_JOHNS and moment.year <= 2011 and shown == day - timedelta(days=1))


@few
@given(anywhere | near_changes, zones)
def test_the_years_of_a_slot_cover_it_once_and_lie_in_their_year(slot: Slot, zone: ZoneInfo) -> None:
    long = Slot(slot.start, slot.end + timedelta(days=400))
    pieces = long.by_local_year(zone)
    _partition((piece for _, piece in pieces), long)
    for year, piece in pieces:
        assert piece.start.astimezone(zone).year == year
        assert (piece.end - timedelta(microseconds=1)).astimezone(zone).year == year


def test_a_night_over_new_year_is_two_hours_of_the_old_and_four_of_the_new() -> None:
    start = datetime(2026, 12, 31, 22, tzinfo=SHANGHAI)
    pieces = Slot(start, datetime(2027, 1, 1, 4, tzinfo=SHANGHAI)).by_local_year(SHANGHAI)
    assert [(year, piece.hours) for year, piece in pieces] == [(2026, 2.0), (2027, 4.0)]


def test_a_weekend_long_run_is_cut_at_each_midnight_even_where_a_day_has_25_hours() -> None:
    run = Slot(datetime(2026, 10, 24, 12, tzinfo=BERLIN), datetime(2026, 10, 26, 12, tzinfo=BERLIN))
    assert [(day.day, piece.hours) for day, piece in run.by_local_day(BERLIN)] == [(24, 12), (25, 25), (26, 12)]
    assert day_of(date(2026, 3, 29), BERLIN).hours == 23
    assert day_of(date(2026, 4, 5), LORD_HOWE).hours == 24.5
    over = Slot(datetime(2011, 12, 29, 12, tzinfo=APIA), datetime(2011, 12, 31, 12, tzinfo=APIA))
    assert [(day.day, piece.hours) for day, piece in over.by_local_day(APIA)] == [(29, 12), (31, 12)]


def test_the_hour_in_which_yesterday_came_back_belongs_to_the_day_that_had_begun() -> None:
    inside = datetime(2010, 11, 7, 3, 0, tzinfo=UTC)  # 23:30 on the 6th, for the second time
    [(day, piece)] = Slot(inside, inside + 10 * MINUTE).by_local_day(ST_JOHNS)
    assert (day, piece.minutes) == (date(2010, 11, 7), 10)


def test_a_time_the_clocks_skip_falls_after_the_gap() -> None:
    assert local(date(2026, 3, 29), time(2, 30), BERLIN).astimezone(BERLIN).time() == time(3, 30)


@few
@given(anywhere | near_changes, st.sampled_from([1, 5, 7, 15, 30, 45, 60, 90, 240, 1440]), zones)
def test_the_grid_is_every_step_from_midnight_and_nothing_else(slot: Slot, step: int, zone: ZoneInfo) -> None:
    slot = Slot(slot.start, min(slot.end, slot.start + 2000 * MINUTE))
    found = list(grid(slot, step, zone))
    assert found == sorted(set(found))
    assert all(slot.start <= at < slot.end and on_grid(at, step, zone) for at in found)
    naive = set()  # walk from each midnight, one step at a time
    for day, piece in slot.by_local_day(zone):
        at = day_of(day, zone).start
        while at < piece.end:
            if at >= piece.start:
                naive.add(at)
            at += step * MINUTE
    assert set(found) == naive
    off = [at + timedelta(seconds=1) for at in found]
    assert not any(on_grid(at, step, zone) for at in off)


def test_the_grid_over_a_change_of_clocks_goes_on_in_real_minutes() -> None:
    night = Slot(datetime(2026, 10, 25, 1, tzinfo=BERLIN), datetime(2026, 10, 25, 4, tzinfo=BERLIN))
    shown = [at.astimezone(BERLIN).strftime("%H:%M") for at in grid(night, 60, BERLIN)]
    assert shown == ["01:00", "02:00", "02:00", "03:00"]
    assert not on_grid(datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN), 60, BERLIN)
    assert on_grid(datetime(2026, 11, 23, 9, 45, tzinfo=ZONES[4]), 45, ZONES[4])
