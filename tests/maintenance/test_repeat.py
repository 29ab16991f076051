"""Windows that come again: Li says once that the microscope is cleaned every Monday, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from labshare.kernel.slots import MINUTE, Slot
from labshare.maintenance.repeat import Repeat, faults, read, slots, written
from tests.maintenance import naive

SHANGHAI, BERLIN, ST_JOHNS, LORD_HOWE = ZONES = [
    ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe")
]
FIRST, LAST = date(2024, 1, 1), date(2037, 12, 31)


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def window(start: str, end: str, zone: ZoneInfo = BERLIN) -> Slot:
    return Slot(at(start, zone), at(end, zone))


def shown(made: list[Slot], zone: ZoneInfo = BERLIN) -> list[str]:
    """What the wall clock shows: day, start and end."""
    return [f"{one.start.astimezone(zone):%m-%d %H:%M}–{one.end.astimezone(zone):%H:%M}" for one in made]


def dates(first: str, **said: Any) -> list[str]:
    """The days in Shanghai on which a morning of cleaning comes again."""
    made = slots(window(f"{first}T09:00", f"{first}T12:00", SHANGHAI), Repeat(**said), SHANGHAI)
    assert {line[-11:] for line in shown(made, SHANGHAI)} == {"09:00–12:00"}
    return [f"{one.start.astimezone(SHANGHAI):%Y-%m-%d}" for one in made]


def as_pairs(made: list[Slot]) -> list[naive.Window]:
    return [(one.start, one.end) for one in made]


# ---------------------------------------------------------------- against the calendar, day by day


@st.composite
def first_windows(draw: st.DrawFn, zone: ZoneInfo) -> Slot:
    day = draw(st.dates(FIRST, LAST))
    minute = draw(st.integers(60, 210) | st.integers(0, 1439))  # the hours in which clocks change, and all others
    wall = datetime(day.year, day.month, day.day, tzinfo=zone, fold=draw(st.integers(0, 1))) + minute * MINUTE
    start = wall.astimezone(UTC)
    return Slot(start, start + draw(st.integers(1, 240) | st.integers(1, 3 * 1440)) * MINUTE)


@st.composite
def bodies(draw: st.DrawFn, day: date) -> dict[str, Any]:
    """A repeat as the wire has it, which a window on this day fits."""
    said: dict[str, Any] = {"every": draw(st.sampled_from(["day", "week", "month"]))}
    said["interval"] = draw(st.integers(1, 4) | st.integers(1, 52))
    own = naive.NAMES[day.weekday()]
    if said["every"] == "week" and draw(st.booleans()):
        said["weekdays"] = sorted({own, *draw(st.lists(st.sampled_from(naive.NAMES)))}, key=naive.NAMES.index)
    if said["every"] == "month":
        last = (day + timedelta(days=7)).month != day.month
        nths = [-1] * last + [(day.day + 6) // 7] * (day.day <= 28)
        how = draw(st.sampled_from([{}, {"day": day.day}, *({"weekdays": [own], "nth": nth} for nth in nths)]))
        said |= how
    if draw(st.booleans()):
        return said | {"times": draw(st.integers(1, 104))}
    return said | {"until": (day + timedelta(days=draw(st.integers(0, 400) | st.integers(0, 5000)))).isoformat()}


@st.composite
def plans(draw: st.DrawFn) -> tuple[ZoneInfo, Slot, dict[str, Any]]:
    zone = draw(st.sampled_from(ZONES))
    first = draw(first_windows(zone))
    return zone, first, draw(bodies(first.start.astimezone(zone).date()))


FEBRUARY_29 = window("2028-02-29T09:00", "2028-02-29T12:00")
SECOND_HOUR = Slot(at("2026-10-25T02:30", fold=1), at("2026-10-25T03:00"))


@settings(max_examples=250)
@given(plans())
@example((BERLIN, FEBRUARY_29, {"every": "month", "interval": 12, "times": 18}))
@example((BERLIN, FEBRUARY_29, {"every": "month", "interval": 12, "times": 19}))
@example((BERLIN, SECOND_HOUR, {"every": "month", "interval": 12, "weekdays": ["sun"], "nth": -1, "times": 9}))
def test_what_is_made_is_what_walking_the_calendar_day_by_day_finds(plan: tuple[ZoneInfo, Slot, Any]) -> None:
    zone, first, said = plan
    expected = naive.windows((first.start, first.end), said, zone)
    wrong = set()
    if len(expected) > 104:
        wrong.add("until")
    if len(expected) < said.get("times", 0):
        wrong.add("times")
    if any(one[1] > other[0] for one, other in pairwise(expected[:105])):
        wrong.add("every")
    repeat = read(said)
    assert (written(repeat), read(written(repeat))) == (said, repeat)
    assert set(faults(repeat, first, zone)) == wrong
    event(f"refused: {sorted(wrong)}" if wrong else said["every"])
    if wrong:
        with pytest.raises(ValueError):
            slots(first, repeat, zone)
    else:
        assert as_pairs(slots(first, repeat, zone)) == expected


def every_day(zone: ZoneInfo, opens: str, closes: str, reckoned_in: ZoneInfo) -> None:
    """A daily window over all years, 104 days at a time, is what the naive walk finds."""
    day = FIRST
    while day <= LAST:
        first = window(f"{day}T{opens}", f"{day}T{closes}", zone)
        said = {"every": "day", "times": 104}
        expected = naive.windows((first.start, first.end), said, zone)
        assert as_pairs(slots(first, Repeat("day", times=104), reckoned_in)) == expected
        day += timedelta(days=104)


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.key)
@pytest.mark.parametrize(
    ("opens", "closes"), [("09:00", "12:00"), ("01:45", "02:15"), ("02:30", "02:45"), ("02:15", "04:00")]
)
def test_every_night_of_fourteen_years_is_as_the_wall_clock_shows_it(zone: ZoneInfo, opens: str, closes: str) -> None:
    every_day(zone, opens, closes, reckoned_in=zone)


@pytest.mark.parametrize("zone", ZONES[1:], ids=lambda zone: zone.key)
def test_reckoning_in_utc_would_be_noticed(zone: ZoneInfo) -> None:
    with pytest.raises(AssertionError):
        every_day(zone, "09:00", "12:00", reckoned_in=ZoneInfo("UTC"))


# ---------------------------------------------------------------- when clocks change


def nights(opens: str, closes: str, day: str, zone: ZoneInfo) -> tuple[list[str], list[int]]:
    """Three nights, the middle one that of the change: what the wall shows, and how long each really is."""
    first = date.fromisoformat(day) - timedelta(days=1)
    start, end = at(f"{first}T{opens}", zone), at(f"{first}T{closes}", zone)
    made = slots(Slot(start, end), Repeat("day", times=3), zone)
    return [line[6:] for line in shown(made, zone)], [one.minutes for one in made]


def test_nine_o_clock_stays_nine_o_clock_over_both_changes() -> None:
    monday = window("2026-03-23T09:00", "2026-03-23T12:00")
    made = slots(monday, Repeat("week", times=40), BERLIN)
    assert {line[6:] for line in shown(made)} == {"09:00–12:00"}
    assert [one.start.hour for one in made[:2]] == [8, 7]
    assert {one.minutes for one in made} == {180}
    in_utc = slots(monday, Repeat("week", times=40), ZoneInfo("UTC"))
    assert {line[6:] for line in shown(in_utc)} == {"09:00–12:00", "10:00–13:00"}


def test_a_time_the_clocks_skip_falls_as_far_after_the_gap() -> None:
    spring = "2026-03-29"
    assert nights("02:30", "02:45", spring, BERLIN) == (["02:30–02:45", "03:30–03:45", "02:30–02:45"], [15, 15, 15])
    assert nights("02:15", "04:00", spring, BERLIN) == (["02:15–04:00", "03:15–04:00", "02:15–04:00"], [105, 45, 105])
    assert nights("01:00", "02:30", spring, BERLIN) == (["01:00–02:30", "01:00–03:30", "01:00–02:30"], [90, 90, 90])
    lord_howe = nights("02:10", "02:20", "2026-10-04", LORD_HOWE)  # only half an hour is skipped
    assert lord_howe == (["02:10–02:20", "02:40–02:50", "02:10–02:20"], [10, 10, 10])
    st_johns = nights("02:30", "02:45", "2026-03-08", ST_JOHNS)
    assert st_johns == (["02:30–02:45", "03:30–03:45", "02:30–02:45"], [15, 15, 15])


def test_where_the_end_would_come_before_the_start_it_lasts_as_long_as_the_first() -> None:
    assert nights("02:30", "03:15", "2026-03-29", BERLIN) == (
        ["02:30–03:15", "03:30–04:15", "02:30–03:15"],
        [45, 45, 45],
    )
    for end, minutes in ((at("2026-10-25T02:30", fold=1), 60), (at("2026-10-25T02:15", fold=1), 45)):
        first = Slot(at("2026-10-25T02:30"), end)  # from one half past two to the other, or nearly
        assert [one.minutes for one in slots(first, Repeat("day", times=3), BERLIN)] == [minutes] * 3


def test_a_time_the_clocks_show_twice_is_its_first_and_happens_once() -> None:
    assert nights("02:30", "02:45", "2026-10-25", BERLIN) == (["02:30–02:45"] * 3, [15, 15, 15])
    made = slots(window("2026-10-24T02:30", "2026-10-24T02:45"), Repeat("day", times=3), BERLIN)
    assert [one.start for one in made] == [at(f"2026-10-{day}T02:30", fold=0) for day in (24, 25, 26)]
    assert made[1].start.hour == 0  # half past two came again at 01:30 UTC
    assert nights("01:40", "01:50", "2026-04-05", LORD_HOWE) == (["01:40–01:50"] * 3, [10, 10, 10])
    assert nights("02:30", "03:30", "2026-10-25", BERLIN)[1] == [
        60,
        120,
        60,
    ]  # as the wall shows it


def test_that_the_first_was_in_the_second_of_two_equal_hours_says_nothing_about_the_others() -> None:
    made = slots(SECOND_HOUR, Repeat("month", 12, (6,), nth=-1, times=2), BERLIN)
    assert made[0] == SECOND_HOUR
    assert made[1].start == at("2027-10-31T02:30", fold=0)
    spring = slots(SECOND_HOUR, Repeat("month", 5, (6,), nth=-1, times=2), BERLIN)
    assert shown(spring)[1] == "03-28 03:30–04:00"


# ---------------------------------------------------------------- which days


def test_a_month_without_the_day_is_left_out() -> None:
    assert dates("2027-01-31", every="month", times=4) == ["2027-01-31", "2027-03-31", "2027-05-31", "2027-07-31"]
    assert dates("2028-01-30", every="month", day=30, times=3) == ["2028-01-30", "2028-03-30", "2028-04-30"]
    assert dates("2027-12-29", every="month", day=29, times=3) == ["2027-12-29", "2028-01-29", "2028-02-29"]
    assert dates("2028-02-29", every="month", interval=12, times=2) == ["2028-02-29", "2032-02-29"]


def test_the_last_friday_is_the_fourth_or_the_fifth() -> None:
    last = dates("2026-01-30", every="month", weekdays=(4,), nth=-1, times=3)
    assert last == ["2026-01-30", "2026-02-27", "2026-03-27"]
    second = dates("2026-01-09", every="month", interval=2, weekdays=(4,), nth=2, times=3)
    assert second == ["2026-01-09", "2026-03-13", "2026-05-08"]


def test_every_other_week_is_counted_by_weeks_that_begin_on_monday() -> None:
    thursday = dates("2026-11-26", every="week", interval=2, weekdays=(0, 3), times=4)
    assert thursday == ["2026-11-26", "2026-12-07", "2026-12-10", "2026-12-21"]
    assert dates("2026-11-29", every="week", interval=2, times=2) == ["2026-11-29", "2026-12-13"]


def test_until_means_that_day_too_by_the_sites_calendar() -> None:
    assert dates("2026-11-23", every="day", interval=3, until=date(2026, 11, 29))[-1] == "2026-11-29"
    assert dates("2026-11-23", every="day", interval=3, until=date(2026, 11, 28))[-1] == "2026-11-26"
    early = window("2026-11-23T01:00", "2026-11-23T02:00", SHANGHAI)  # in UTC still the day before
    made = slots(early, Repeat("week", weekdays=(0,), until=date(2026, 11, 30)), SHANGHAI)
    assert shown(made, SHANGHAI) == ["11-23 01:00–02:00", "11-30 01:00–02:00"]


def test_a_window_over_midnight_ends_as_many_nights_later() -> None:
    made = slots(window("2026-03-27T20:00", "2026-03-30T06:00"), Repeat("week", times=2), BERLIN)
    assert shown(made) == ["03-27 20:00–06:00", "04-03 20:00–06:00"]
    assert [one.hours for one in made] == [57, 58]


# ---------------------------------------------------------------- what is refused

MONDAY = window("2026-11-23T09:00", "2026-11-23T12:00")


def refused(first: Slot = MONDAY, **said: Any) -> list[str]:
    repeat = Repeat(**said)
    with pytest.raises(ValueError):
        slots(first, repeat, BERLIN)
    return sorted(faults(repeat, first, BERLIN))


def test_more_than_a_hundred_and_four_are_refused_and_not_cut() -> None:
    last = date(2026, 11, 23) + timedelta(days=103)
    assert len(slots(MONDAY, Repeat("day", until=last), BERLIN)) == 104
    assert refused(every="day", until=last + timedelta(days=1)) == ["until"]
    assert refused(every="day", times=105) == ["times"]
    assert refused(every="month", interval=52, times=104) == ["times"]  # the last would be in the year 2472


def test_windows_that_touch_are_made_and_windows_that_overlap_are_refused() -> None:
    whole = window("2026-11-23T09:00", "2026-11-24T09:00")
    assert len(slots(whole, Repeat("day", times=104), BERLIN)) == 104
    longer = Slot(whole.start, whole.end + MINUTE)
    assert refused(longer, every="day", times=2) == ["every"]
    assert refused(longer, every="week", weekdays=(0, 1), times=2) == ["every"]
    assert len(slots(longer, Repeat("day", 2, times=104), BERLIN)) == 104
    # A quarter of an hour is left between two; but on the 29th 02:45 is skipped, falls to 03:45, and 03:00 has begun.
    nearly = window("2026-03-26T03:00", "2026-03-27T02:45")
    assert len(slots(nearly, Repeat("day", times=2), BERLIN)) == 2
    assert refused(nearly, every="day", times=4) == ["every"]


def test_the_first_must_be_one_of_those_the_repeat_speaks_of() -> None:
    assert refused(every="week", weekdays=(1, 2), times=3) == ["weekdays"]
    assert refused(every="month", day=24, times=3) == ["day"]
    assert refused(every="month", weekdays=(0,), nth=3, times=3) == ["nth"]
    assert refused(every="month", weekdays=(0,), nth=-1, times=3) == ["nth"]  # the 30th is the last
    assert refused(every="month", weekdays=(1,), nth=1, until=date(2026, 11, 22)) == ["nth", "until", "weekdays"]
    assert refused(every="day", until=date(2026, 11, 22)) == ["until"]


def test_a_repeat_that_contradicts_itself_is_told_everything_at_once() -> None:
    assert refused(every="day") == ["times", "until"]
    assert refused(every="day", weekdays=(0,), day=1, nth=1, times=1) == ["day", "nth", "weekdays"]
    assert refused(every="week", interval=0, day=1, times=0, until=date(2101, 1, 1)) == [
        "day", "interval", "times", "until",
    ]  # fmt: skip
    assert refused(every="month", weekdays=(0, 1), day=1, times=1) == ["nth"]
    assert refused(every="month", weekdays=(0, 1), day=23, nth=4, times=1) == ["day", "weekdays"]
    assert refused(every="month", nth=0, weekdays=(0,), times=1) == ["nth"]
    assert refused(every="year", weekdays=(0, 0), interval=53, times=1) == ["every", "interval", "weekdays"]
    assert refused(every="week", weekdays=(0, 7), times=1) == ["weekdays"]
    assert refused(every="month", interval=12, until=date(2101, 1, 1)) == ["until"]
    [fault] = faults(Repeat("week", interval=53, times=1), MONDAY, BERLIN)["interval"]
    assert str(fault) == "Must be from 1 to 52."
