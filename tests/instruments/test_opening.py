"""When an instrument is open, reckoned: against a naive oracle that looks at every minute's wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labshare.instruments import words
from labshare.instruments.rules.opening import CLOSED, OPEN, UNKNOWN, Hours, Pattern, meets, workday
from labshare.instruments.rules.week import ALL_WEEK, DAY, BadHours, Stretches, Week, line, parts, read_stretches, sound
from labshare.kernel.slots import MINUTE, Slot, union

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NINE_TO_FIVE: Week = (((540, 1020),),) * 5 + ((), ())
# Saturday to Monday: in Berlin the clocks skip an hour, or have one twice; over New Year one year ends.
FIRST_DAYS = [date(2026, 3, 28), date(2026, 10, 24), date(2026, 12, 31)]

# Within the hour that Berlin's clocks skip or repeat a wall clock says no single moment; test_slots has that rule.
bounds = st.sampled_from([*range(0, 121, 30), *range(180, DAY + 1, 45), 601, 1439])
stretches = st.lists(st.tuples(bounds, bounds).filter(lambda one: one[0] < one[1]), max_size=3).map(
    lambda some: tuple(union_of_minutes(some))
)
weeks = st.tuples(*[stretches] * 7)


def union_of_minutes(some: list[tuple[int, int]]) -> list[tuple[int, int]]:
    origin = datetime(2026, 1, 1, tzinfo=UTC)
    joined = union(Slot(origin + start * MINUTE, origin + end * MINUTE) for start, end in some)
    return [((one.start - origin) // MINUTE, (one.end - origin) // MINUTE) for one in joined]


def patterns(day: date, *, own: bool = False) -> st.SearchStrategy[list[Pattern]]:
    week = weeks | st.none() if own else weeks
    some = st.builds(
        Pattern,
        valid_from=st.sampled_from([day - timedelta(days=400), day, day + timedelta(days=1)]),
        week=week,
        holidays=st.booleans(),
        unattended=st.booleans(),
    )
    return st.lists(some, max_size=2, unique_by=lambda one: one.valid_from)


@st.composite
def all_hours(draw: st.DrawFn, first: date) -> Hours:
    days = [first + timedelta(days=number) for number in range(3)]
    kinds = st.sampled_from(["workday", "restday", "holiday", "makeup_workday"])
    return Hours(
        zone=draw(st.sampled_from([SHANGHAI, BERLIN])),
        site=draw(patterns(first)),
        own=draw(patterns(first, own=True)),
        exceptions=draw(st.dictionaries(st.sampled_from(days), stretches, max_size=1)),
        kinds=draw(st.dictionaries(st.sampled_from(days), kinds, max_size=2)),
        published=draw(st.sampled_from([frozenset(), frozenset({2026}), frozenset({2026, 2027})])),
    )


def open_then(hours: Hours, moment: datetime) -> tuple[bool, bool]:
    """The oracle: is it open in this minute, and is that provisional? Asked of the wall clock, as the rules read."""
    wall = moment.astimezone(hours.zone)
    day, minute = wall.date(), wall.hour * 60 + wall.minute

    def within(some: Stretches) -> bool:
        return any(start <= minute < end for start, end in some)

    if day in hours.exceptions:
        return within(hours.exceptions[day]), False
    mine = sorted((one for one in hours.own if one.valid_from <= day), key=lambda one: one.valid_from)
    sites = sorted((one for one in hours.site if one.valid_from <= day), key=lambda one: one.valid_from)
    pattern = mine[-1] if mine else sites[-1] if sites else None
    if pattern is None:
        return True, False
    week = pattern.week if pattern.week is not None else sites[-1].week if sites else ALL_WEEK
    assert week is not None
    number = day.weekday()
    if pattern.holidays:
        return within(week[number]), False
    kind = hours.kinds.get(day)
    if kind in ("holiday", "restday"):
        return False, False
    if kind is not None and number > 4:
        worked = [one for one in week[:5] if one]
        return bool(worked) and within(worked[0]), False
    is_open = within(week[number])
    return is_open, is_open and kind is None and number < 5 and day.year not in hours.published


@settings(max_examples=20)
@given(data=st.data(), first=st.sampled_from(FIRST_DAYS))
def test_every_minute_is_open_or_closed_as_its_wall_clock_says(data: st.DataObject, first: date) -> None:
    hours = data.draw(all_hours(first))
    start = datetime.combine(first, datetime.min.time(), tzinfo=hours.zone).astimezone(UTC)
    start += data.draw(st.integers(0, 600)) * MINUTE
    within = Slot(start, start + data.draw(st.integers(60, 2400)) * MINUTE)
    moments = [within.start + number * MINUTE for number in range(within.minutes)]
    oracle = [moment for moment in moments if open_then(hours, moment)[0]]
    found = [one.start + number * MINUTE for one in hours.open_in(within) for number in range(one.minutes)]
    assert found == oracle
    assert hours.offered_minutes(within) == len(oracle)
    assert sum(one.minutes for one in hours.closed_in(within)) == within.minutes - len(oracle)
    provisional = {moment.astimezone(hours.zone).date() for moment in moments if open_then(hours, moment)[1]}
    assert provisional <= set(hours.provisional_days(within))


@settings(max_examples=20)
@given(data=st.data(), first=st.sampled_from(FIRST_DAYS), length=st.sampled_from([30, 60, 300, 1500]))
def test_a_start_is_listed_exactly_where_the_hours_let_the_slot_be(
    data: st.DataObject, first: date, length: int
) -> None:
    hours = data.draw(all_hours(first))
    start = datetime.combine(first, datetime.min.time(), tzinfo=hours.zone).astimezone(UTC)
    within = Slot(start, start + 2000 * MINUTE)
    listed = hours.starts(within, length * MINUTE)
    for number in range(0, 2000, 15):
        begin = start + number * MINUTE
        slot = Slot(begin, begin + length * MINUTE)
        fits = slot.end <= within.end
        expected = fits and hours.lets(slot)
        assert any(one.start <= begin < one.end for one in listed) == expected, slot
        day = begin.astimezone(hours.zone).date()
        ends = [slot] if not hours.unattended(day) else [Slot(begin, begin + MINUTE)]
        minutes = [one.start + step * MINUTE for one in ends for step in range(one.minutes)]
        assert hours.lets(slot) == all(open_then(hours, moment)[0] for moment in minutes)


def at(day: int, clock_time: str, month: int = 12, year: int = 2026) -> datetime:
    hour, minute = map(int, clock_time.split(":"))
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def test_closing_time_is_a_good_end_and_no_start() -> None:
    hours = Hours(SHANGHAI, site=[Pattern(date(2026, 1, 1), NINE_TO_FIVE)], published=frozenset({2026}))
    assert hours.lets(Slot(at(1, "16:00"), at(1, "17:00")))
    assert not hours.lets(Slot(at(1, "16:00"), at(1, "17:01")))
    assert not hours.lets(Slot(at(1, "17:00"), at(1, "17:30")))
    assert not hours.lets(Slot(at(1, "08:59"), at(1, "10:00")))
    runs = Hours(SHANGHAI, site=[Pattern(date(2026, 1, 1), NINE_TO_FIVE, unattended=True)], published=frozenset({2026}))
    assert runs.lets(Slot(at(1, "16:59"), at(6, "03:00")))
    assert not runs.lets(Slot(at(1, "17:00"), at(1, "17:30")))


def test_hours_that_touch_over_midnight_are_one_stretch() -> None:
    late = ((0, 120), (1200, DAY))
    hours = Hours(SHANGHAI, site=[Pattern(date(2026, 1, 1), (late,) * 7, holidays=True)])
    assert hours.lets(Slot(at(1, "20:00"), at(2, "02:00")))
    assert not hours.lets(Slot(at(1, "20:00"), at(2, "02:01")))
    whole = Hours(SHANGHAI, site=[Pattern(date(2026, 1, 1), ALL_WEEK, holidays=True)])
    assert whole.open_in(Slot(at(1, "00:00"), at(9, "00:00"))) == [Slot(at(1, "00:00"), at(9, "00:00"))]


def test_a_later_pattern_leaves_last_years_hours_as_they_were() -> None:
    short = (((600, 720),),) * 5 + ((), ())
    before = Hours(SHANGHAI, site=[Pattern(date(2025, 1, 1), NINE_TO_FIVE)], published=frozenset({2025, 2026}))
    after = Hours(
        SHANGHAI,
        site=[Pattern(date(2025, 1, 1), NINE_TO_FIVE), Pattern(date(2026, 1, 1), short)],
        published=frozenset({2025, 2026}),
    )
    last_year = Slot(at(1, "00:00", 1, 2025), at(1, "00:00", 1, 2026))
    assert before.offered_minutes(last_year) == after.offered_minutes(last_year) == 261 * 480
    this_year = Slot(at(1, "00:00", 1, 2026), at(1, "00:00", 1, 2027))
    assert after.offered_minutes(this_year) == 261 * 120


def test_a_day_that_the_clocks_shorten_offers_less() -> None:
    hours = Hours(BERLIN, site=[Pattern(date(2026, 1, 1), ALL_WEEK, holidays=True)])
    sunday = datetime(2026, 3, 29, tzinfo=BERLIN)
    assert hours.offered_minutes(Slot(sunday, datetime(2026, 3, 30, tzinfo=BERLIN))) == 23 * 60
    skipped = Hours(BERLIN, site=[Pattern(date(2026, 1, 1), (((120, 180),),) * 7, holidays=True)])
    assert skipped.offered_minutes(Slot(sunday, datetime(2026, 3, 30, tzinfo=BERLIN))) == 0


@pytest.mark.parametrize(
    ("day", "kind", "published", "answer"),
    [
        (date(2027, 1, 4), None, False, UNKNOWN),
        (date(2027, 1, 4), None, True, OPEN),
        (date(2027, 1, 9), None, False, UNKNOWN),
        (date(2027, 1, 9), None, True, CLOSED),
        (date(2027, 1, 4), "holiday", True, CLOSED),
        (date(2027, 1, 4), "restday", False, CLOSED),
        (date(2027, 1, 9), "makeup_workday", True, OPEN),
        (date(2027, 1, 9), "workday", False, OPEN),
    ],
)
def test_the_calendar_answers_open_closed_or_unknown(day: date, kind: str | None, published: bool, answer: str) -> None:
    kinds = {day: kind} if kind else {}
    assert workday(day, kinds, frozenset({2027}) if published else frozenset()) == answer


def test_two_sorted_lists_of_slots_meet_in_what_both_have() -> None:
    def slots(*some: tuple[int, int]) -> list[Slot]:
        return [Slot(at(1, "00:00") + start * MINUTE, at(1, "00:00") + end * MINUTE) for start, end in some]

    assert meets(slots((0, 10), (20, 30), (40, 50)), slots((5, 25), (29, 45))) == slots(
        (5, 10), (20, 25), (29, 30), (40, 45)
    )
    assert meets(slots((0, 10)), slots((10, 20))) == []


# ---------------------------------------------------------------- as people write them


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("", ()),
        ("08:00-12:00, 13:00-18:00", ((480, 720), (780, 1080))),
        ("8:00 – 24:00", ((480, 1440),)),
        ("00:00-08:00；08:00-12:00", ((0, 720),)),
    ],
)
def test_a_line_of_hours_is_read_and_written_the_same(said: str, read: Stretches) -> None:
    assert read_stretches(parts(said)) == read
    assert read_stretches(parts(line(read))) == read


@pytest.mark.parametrize(
    "said",
    [
        *("25:00-26:00", "08:00-24:01", "08:60-09:00", "22:00-06:00", "08:00-08:00", "08:00", "eight to five"),
        *("08:00-12:00, 11:00-13:00", "13:00-18:00, 08:00-12:00", "08:00-12:00,", "-08:00-12:00", "０８:00-12:00"),
    ],
)
def test_hours_that_are_none_are_refused(said: str) -> None:
    with pytest.raises(BadHours):
        read_stretches(parts(said))


def test_a_day_has_few_stretches() -> None:
    assert len(sound([(number * 60, number * 60 + 30) for number in range(8)])) == 8
    with pytest.raises(BadHours):
        sound([(number * 60, number * 60 + 30) for number in range(9)])


def test_days_alike_are_said_once() -> None:
    week = (((480, 1320),),) * 5 + (((540, 1080),), ())
    said = [str(text) for text in words.week(Pattern(date(2026, 1, 1), week, unattended=True))]
    assert said == [
        "Monday to Friday: 08:00-22:00",
        "Saturday: 09:00-18:00",
        "Sunday: closed",
        "Closed on public holidays; on weekend days that are worked instead as on a weekday.",
        "Only the start must lie within these hours; what runs may go on unattended.",
    ]
    assert [str(text) for text in words.week(None)] == ["Open around the clock, every day."]
    assert str(words.week(Pattern(date(2026, 1, 1), ALL_WEEK))[0]) == "Every day: all day"
