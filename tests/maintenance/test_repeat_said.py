"""How Li says that a window comes again, what is understood of it, and how people are told."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import event, given
from hypothesis import strategies as st

from labshare.kernel.errors import Invalid
from labshare.maintenance.repeat import LAST, Repeat, contradictions, in_words, written
from labshare.maintenance.schemas import RepeatIn
from labshare.web import i18n
from labshare.web.bodies import load, strict_json


def understood(said: Any) -> Repeat:
    """What a JSON body is understood as."""
    return load(RepeatIn(), strict_json(json.dumps(said).encode()))


def faults(**said: Any) -> list[str]:
    with pytest.raises(Invalid) as told:
        understood(said)
    assert all(messages for messages in told.value.fields.values())
    return sorted(told.value.fields)


SAID: list[tuple[dict[str, Any], Repeat]] = [
    (
        {"every": "week", "interval": 2, "weekdays": ["mon", "thu"], "times": 10},
        Repeat("week", 2, (0, 3), times=10),
    ),
    (
        {"every": "month", "interval": 1, "day": 31, "until": "2027-12-31"},
        Repeat("month", day=31, until=date(2027, 12, 31)),
    ),
    (
        {"every": "month", "interval": 1, "weekdays": ["fri"], "nth": -1, "times": 12},
        Repeat("month", 1, (4,), nth=LAST, times=12),
    ),
    ({"every": "day", "interval": 52, "times": 104}, Repeat("day", 52, times=104)),
]


@pytest.mark.parametrize(("said", "repeat"), SAID)
def test_a_repeat_is_read_as_it_is_written(said: dict[str, Any], repeat: Repeat) -> None:
    assert understood(said) == repeat
    assert written(repeat) == said


def test_what_need_not_be_said_can_be_left_out_or_null() -> None:
    assert understood({"every": "week", "times": 1}) == Repeat("week", times=1)
    blank = dict.fromkeys(("day", "nth", "until"))
    assert understood({"every": "week", "weekdays": [], "interval": 2.0, "times": 3, **blank}) == Repeat(
        "week", 2, times=3
    )
    assert understood({"every": "week", "weekdays": ["sun", "mon"], "times": 1}).weekdays == (0, 6)


HOSTILE: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["every"]),
    ({"every": True, "times": 3}, ["every"]),
    ({"every": "year", "times": 3}, ["every"]),
    ({"every": ["day"], "times": 3}, ["every"]),
    ({"every": "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "times": 3}, ["every"]),
    ({"every": "day", "rrule": "FREQ=DAILY", "times": 3}, ["rrule"]),
    ({"every": "day"}, ["times", "until"]),
    ({"every": "day", "times": 3, "until": "2027-01-01"}, ["times", "until"]),
    ({"every": "day", "times": True}, ["times"]),
    ({"every": "day", "times": "3"}, ["times"]),
    ({"every": "day", "times": 0}, ["times"]),
    ({"every": "day", "times": 105}, ["times"]),
    ({"every": "day", "times": 2**53}, ["times"]),
    ({"every": "day", "times": 1e300}, ["times"]),
    ({"every": "day", "times": 3, "interval": 0}, ["interval"]),
    ({"every": "day", "times": 3, "interval": -1}, ["interval"]),
    ({"every": "day", "times": 3, "interval": 53}, ["interval"]),
    ({"every": "day", "times": 3, "interval": 1.5}, ["interval"]),
    ({"every": "day", "times": 3, "interval": False}, ["interval"]),
    ({"every": "day", "times": 3, "interval": None}, ["interval"]),
    ({"every": "day", "times": 3, "weekdays": ["mon"], "day": 1}, ["day", "weekdays"]),
    ({"every": "day", "until": "31.12.2027"}, ["until"]),
    ({"every": "day", "until": "2027-02-29"}, ["until"]),
    ({"every": "day", "until": "9999-12-31"}, ["until"]),
    ({"every": "day", "until": 20271231}, ["until"]),
    ({"every": "day", "until": "2027-12-31T00:00:00Z"}, ["until"]),
    ({"every": "week", "times": 3, "weekdays": ["mon", "mon"]}, ["weekdays"]),
    ({"every": "week", "times": 3, "weekdays": ["Mon"]}, ["weekdays"]),
    ({"every": "week", "times": 3, "weekdays": "mon"}, ["weekdays"]),
    ({"every": "week", "times": 3, "weekdays": {"mon": 1}}, ["weekdays"]),
    ({"every": "week", "times": 3, "weekdays": [0]}, ["weekdays"]),
    ({"every": "week", "times": 3, "weekdays": [None]}, ["weekdays"]),
    ({"every": "week", "times": 3, "weekdays": [["mon"]]}, ["weekdays"]),
    ({"every": "week", "times": 3, "weekdays": None}, ["weekdays"]),
    ({"every": "week", "times": 3, "weekdays": ["mon"], "nth": 1}, ["nth"]),
    ({"every": "month", "times": 3, "day": 32}, ["day"]),
    ({"every": "month", "times": 3, "day": 0}, ["day"]),
    ({"every": "month", "times": 3, "day": -1}, ["day"]),
    ({"every": "month", "times": 3, "nth": 5, "weekdays": ["mon"]}, ["nth"]),
    ({"every": "month", "times": 3, "nth": 0, "weekdays": ["mon"]}, ["nth"]),
    ({"every": "month", "times": 3, "nth": 1}, ["weekdays"]),
    ({"every": "month", "times": 3, "nth": 1, "weekdays": ["mon", "tue"]}, ["weekdays"]),
    ({"every": "month", "times": 3, "weekdays": ["mon"]}, ["nth"]),
    ({"every": "month", "times": 3, "weekdays": ["mon"], "nth": 1, "day": 1}, ["day"]),
]


@pytest.mark.parametrize(("said", "wrong"), HOSTILE, ids=lambda one: str(one)[:60])
def test_what_cannot_be_meant_is_refused_by_its_field(said: dict[str, Any], wrong: list[str]) -> None:
    assert faults(**said) == wrong


def test_ten_thousand_weekdays_are_one_fault() -> None:
    with pytest.raises(Invalid) as told:
        understood({"every": "week", "times": 3, "weekdays": ["x"] * 10_000})
    assert [str(one) for one in told.value.fields["weekdays"]] == ["Too long: at most 7."]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 110) | st.floats(-1e300, 1e300) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=9,
)
CHANGES = {
    "every": st.sampled_from(["day", "week", "month"]) | ANYTHING,
    "weekdays": st.lists(st.sampled_from(["mon", "tue", "sun"]), max_size=2) | ANYTHING,
    "until": st.none() | st.dates(date(1999, 1, 1), date(2102, 1, 1)).map(str) | ANYTHING,
    **dict.fromkeys(("interval", "day", "nth", "times"), st.none() | st.integers(-2, 60) | ANYTHING),
}
ONE_OR_TWO = st.lists(st.sampled_from(sorted(CHANGES)), max_size=2).flatmap(
    lambda changed: st.fixed_dictionaries({field: CHANGES[field] for field in changed})
)


@given(st.builds(lambda one, changes: one[0] | changes, st.sampled_from(SAID), ONE_OR_TWO))
def test_whatever_is_said_is_a_sound_repeat_or_refused(said: dict[str, Any]) -> None:
    try:
        repeat = understood(said)
    except Invalid as refusal:
        refused = set(refusal.fields)
        event("refused")
    else:
        refused = set()
        event("understood")
    assert refused <= {"every", "interval", "weekdays", "day", "nth", "until", "times"}
    if refused:
        return
    assert contradictions(repeat) == {}
    assert understood(written(repeat)) == repeat
    assert str(in_words(repeat)).startswith("every ")


WORDS: list[tuple[Repeat, str, str]] = [
    (
        Repeat("week", 2, (0, 3), times=10),
        "every 2 weeks on Monday and Thursday, 10 times",
        "每2周的周一和周四，共10次",
    ),
    (
        Repeat("week", 1, (4, 0, 2), times=2),
        "every week on Monday, Wednesday and Friday, 2 times",
        "每周的周一、周三和周五，共2次",
    ),
    (Repeat("week", 1, (6,), times=1), "every week on Sunday, once", "每周的周日，共1次"),
    (Repeat("week", times=104), "every week, 104 times", "每周，共104次"),
    (Repeat("week", 52, times=3), "every 52 weeks, 3 times", "每52周，共3次"),
    (Repeat("day", until=date(2026, 12, 31)), "every day, until Thu 31 Dec 2026", "每天，直至2026年12月31日 周四"),
    (Repeat("day", 3, times=5), "every 3 days, 5 times", "每3天，共5次"),
    (Repeat("month", times=6), "every month, 6 times", "每月，共6次"),
    (Repeat("month", 2, day=15, times=6), "every 2 months on day 15, 6 times", "每2个月的15日，共6次"),
    (
        Repeat("month", day=31, times=6),
        "every month on day 31, where there is one, 6 times",
        "每月的31日（没有该日的月份跳过），共6次",
    ),
    (
        Repeat("month", 1, (4,), nth=LAST, times=12),
        "every month on the last Friday, 12 times",
        "每月的最后一个周五，共12次",
    ),
    (
        Repeat("month", 3, (1,), nth=2, times=4),
        "every 3 months on the second Tuesday, 4 times",
        "每3个月的第二个周二，共4次",
    ),
]


def test_a_repeat_is_said_in_the_readers_language(app: Flask) -> None:
    for language, number in (("en", 1), ("zh", 2)):
        with app.test_request_context(headers={"Accept-Language": language}), force_locale(i18n.LOCALES[language]):
            for words in WORDS:
                assert i18n.say(in_words(words[0])) == words[number]
