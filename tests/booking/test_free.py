"""Free slots: exactly those that would pass, by a naive oracle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from labshare.booking import free, rules
from labshare.instruments.rules.opening import ALWAYS, Hours, Pattern
from labshare.instruments.timeline import Taken, free_channel
from labshare.kernel.slots import MINUTE, Slot
from tests.booking.conftest import SHANGHAI, at, body
from tests.cast import Cast

NOW = datetime(2026, 3, 28, 3, 7, 11, tzinfo=UTC)  # a day before clocks change in Europe


@dataclass(frozen=True)
class Plain:
    """An instrument as far as its slots go."""

    state: str = "in_service"
    zone: ZoneInfo = SHANGHAI
    channels: int = 1
    grid_minutes: int = 30
    min_minutes: int = 30
    max_minutes: int = 240
    warmup_minutes: int = 15
    cooldown_minutes: int = 0
    notice_minutes: int = 120
    horizon_days: int = 3
    decide_minutes: int = 2880
    approval: bool = True


plains = st.builds(
    Plain,
    zone=st.sampled_from([ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu")]),
    channels=st.integers(1, 3),
    grid_minutes=st.sampled_from([10, 15, 30, 60]),
    warmup_minutes=st.sampled_from([0, 5, 15, 45]),
    cooldown_minutes=st.sampled_from([0, 10, 30]),
    notice_minutes=st.sampled_from([0, 60, 1440]),
    horizon_days=st.integers(1, 3),
)


days = st.sampled_from([(), ((0, 1440),), ((540, 1080),), ((0, 120), (480, 1440))])


def opening(zone: ZoneInfo) -> st.SearchStrategy[Hours]:
    """Around the clock, or a week of hours with a holiday; attended or not."""
    week = st.tuples(*[days] * 7)
    patterns = st.builds(Pattern, st.just(NOW.date()), week, st.booleans(), st.booleans())
    holiday = {NOW.date() + timedelta(days=2): "holiday"}
    said = st.builds(Hours, st.just(zone), st.lists(patterns, min_size=1, max_size=1), kinds=st.just(holiday))
    return st.one_of(st.just(ALWAYS), said)


def slots_of(starts: list[tuple[int, int]]) -> list[Slot]:
    return [Slot(NOW + first * MINUTE, NOW + (first + length) * MINUTE) for first, length in starts]


def passing(plain: Any, claims: list[Taken], within: Slot, minutes: int, hours: Hours) -> list[Slot]:
    """The oracle: try every minute of the window against the rules themselves."""
    found: list[Slot] = []
    at_minute = within.start.replace(second=0, microsecond=0)
    while at_minute + minutes * MINUTE <= within.end:
        if at_minute >= within.start:
            slot = Slot(at_minute, at_minute + minutes * MINUTE)
            channel = free_channel(claims, rules.held(plain, slot), plain.channels)
            if not rules.refusals(rules.Facts(NOW, slot, plain, True, channel, claims, hours=hours)):
                found.append(slot)
        at_minute += MINUTE
    return found


@given(
    plain=plains,
    taken=st.lists(st.tuples(st.integers(-300, 4000), st.integers(1, 600)), max_size=8),
    first=st.integers(-100, 2000),
    length=st.integers(60, 2400),
    steps=st.integers(1, 8),
    data=st.data(),
)
def test_free_slots_are_exactly_those_the_rules_let_pass(
    plain: Plain, taken: list[tuple[int, int]], first: int, length: int, steps: int, data: st.DataObject
) -> None:
    claims = []
    for slot in slots_of(taken):
        channel = data.draw(st.integers(1, plain.channels))
        if not any(claim.channel == channel and claim.slot.overlaps(slot) for claim in claims):
            claims.append(Taken(channel, slot, "booking", len(claims)))
    within = Slot(NOW + first * MINUTE, NOW + (first + length) * MINUTE)
    minutes = steps * plain.grid_minutes
    known: Any = plain
    hours = data.draw(opening(plain.zone))
    found = list(free.slots(known, claims, within, minutes, NOW, hours))
    assert found == passing(plain, claims, within, minutes, hours)


def test_an_instrument_out_of_service_has_nothing_free() -> None:
    plain: Any = replace(Plain(), state="out_of_service")
    assert list(free.slots(plain, [], Slot(NOW, NOW + timedelta(days=2)), 60, NOW)) == []


def window(start: str, end: str, minutes: int, days: int = 2) -> dict[str, Any]:
    return {"from": at(start, days).isoformat(), "to": at(end, days).isoformat(), "minutes": minutes}


def test_the_free_list_is_sorted_on_the_grid_and_of_the_asked_length(cast: Cast) -> None:
    cast.api("mei").post("/bookings", body("10:00", "11:00"))
    items = cast.api("bo").get("/instruments/SEM-01/free", query_string=window("08:00", "13:00", 60)).json["items"]
    starts = [datetime.fromisoformat(one["starts_at"]) for one in items]
    assert starts == [at(text) for text in ("08:00", "08:30", "11:30", "12:00")]
    assert all(
        datetime.fromisoformat(one["ends_at"]) - start == timedelta(hours=1)
        for one, start in zip(items, starts, strict=True)
    )


def test_every_free_slot_listed_passes_the_dry_run(cast: Cast) -> None:
    mei = cast.api("mei")
    mei.post("/bookings", body("10:00", "11:00"))
    for one in mei.get("/instruments/SEM-01/free", query_string=window("08:00", "18:00", 90)).json["items"]:
        assert mei.post("/bookings/check", {"instrument": "SEM-01", **one}).json["allowed"]


def test_a_window_over_31_days_is_refused_and_one_of_31_is_answered(cast: Cast) -> None:
    mei = cast.api("mei")
    asked = window("08:00", "08:00", 60) | {"to": at("08:00", 33).isoformat()}
    assert mei.get("/instruments/SEM-01/free", query_string=asked).status_code == 200
    asked["to"] = at("08:30", 33).isoformat()
    assert mei.get("/instruments/SEM-01/free", query_string=asked).status_code == 422


def test_an_unknown_instrument_is_missing_before_the_window_is_read(cast: Cast) -> None:
    assert cast.api("mei").get("/instruments/NOPE/free?minutes=junk").status_code == 404
