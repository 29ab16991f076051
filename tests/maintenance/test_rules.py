"""Whether time can be taken for maintenance, decided from plain facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.slots import Slot
from labshare.maintenance import lifecycle, policy, rules
from labshare.maintenance.rules import FIT, FURTHEST, LONGEST, MOST_CLAIMS, REFUSE, Facts

NOW = datetime(2026, 12, 1, 1, 0, 30, tzinfo=UTC)  # half a minute past nine in Chengdu
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
GOOD = Facts(NOW, [Slot(NOW + HOUR, NOW + 3 * HOUR)], retired=(), bookings=0, in_use=(), closed=(), claims=1)


def codes(**changes: Any) -> list[str]:
    return [reason.code for reason in rules.refusals(replace(GOOD, **changes))]


def ahead(start: timedelta, length: timedelta = HOUR) -> list[Slot]:
    return [Slot(NOW + start, NOW + start + length)]


def test_nothing_speaks_against_free_time_ahead() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"slots": ahead(-31 * SECOND)}, "in_the_past"),
        ({"slots": [*GOOD.slots, *ahead(-2 * HOUR)]}, "in_the_past"),
        ({"slots": ahead(HOUR, LONGEST + SECOND)}, "too_long"),
        ({"slots": ahead(FURTHEST - HOUR + SECOND)}, "too_far_ahead"),
        ({"claims": MOST_CLAIMS + 1}, "too_many_claims"),
        ({"retired": ["SEM-01"]}, "instrument_unavailable"),
        ({"closed": {"maintenance"}}, "maintenance"),
        ({"closed": {"outage"}}, "outage"),
        ({"in_use": {"SEM-01"}}, "in_use"),
        ({"bookings": 1, "when_hit": REFUSE}, "bookings_hit"),
        ({"claims": 0, "when_hit": FIT}, "nothing_free"),
    ],
)
def test_each_reason_is_given_by_itself(changes: dict[str, Any], code: str) -> None:
    assert codes(**changes) == [code]


@pytest.mark.parametrize(
    "changes",
    [
        {"slots": ahead(-30 * SECOND)},  # the minute that runs
        {"slots": ahead(timedelta())},
        {"slots": ahead(HOUR, LONGEST)},
        {"slots": ahead(FURTHEST - HOUR)},
        {"claims": MOST_CLAIMS},
        {"bookings": 7},
        {"bookings": 7, "when_hit": FIT},
        {"bookings": 0, "when_hit": REFUSE},
        {"in_use": {"SEM-01"}, "when_hit": FIT},
    ],
)
def test_up_to_its_edge_each_rule_is_silent(changes: dict[str, Any]) -> None:
    assert codes(**changes) == []


def test_all_reasons_are_given_at_once() -> None:
    found = codes(slots=ahead(-HOUR, LONGEST + 2 * HOUR), retired=["A"], closed={"outage", "maintenance"}, in_use={"A"})
    assert found == ["in_the_past", "too_long", "instrument_unavailable", "maintenance", "outage", "in_use"]


@pytest.mark.parametrize(
    ("state", "moves"),
    [
        ("planned", {"change", "cancel", "open", "close"}),
        ("open", {"change", "cancel", "close"}),
        ("done", set()),
        ("cancelled", set()),
    ],
)
def test_a_window_moves_as_its_lifecycle_says(state: str, moves: set[str]) -> None:
    assert {move for move in lifecycle.MOVES if not rules.wrong_move(state, move)} == moves
    assert {reason.code for move in lifecycle.MOVES for reason in rules.wrong_move(state, move)} <= {"wrong_state"}


@pytest.mark.parametrize(
    ("state", "has_one", "until", "found"),
    [
        ("in_service", False, None, []),
        ("in_maintenance", False, HOUR, []),
        ("out_of_service", False, LONGEST, []),
        ("out_of_service", True, None, ["outage"]),
        ("retired", False, None, ["instrument_unavailable"]),
        ("in_service", False, timedelta(), ["in_the_past"]),
        ("in_service", False, LONGEST + SECOND, ["too_long"]),
        ("retired", True, -HOUR, ["instrument_unavailable", "outage", "in_the_past"]),
    ],
)
def test_when_an_outage_can_be_reported(state: str, has_one: bool, until: timedelta | None, found: list[str]) -> None:
    moment = None if until is None else NOW + until
    said = rules.outage_refusals(state, has_one=has_one, until=moment, now=NOW)
    assert [reason.code for reason in said] == found


def test_an_outage_ends_once() -> None:
    assert rules.outage_is_over("open") == []
    assert [reason.code for reason in rules.outage_is_over("ended")] == ["wrong_state"]


def test_what_is_in_use_or_retired_is_not_taken_out_of_the_booking() -> None:
    assert rules.withdrawal_refusals("in_maintenance", in_use=False) == []
    both = rules.withdrawal_refusals("retired", in_use=True)
    assert [reason.code for reason in both] == ["wrong_state", "in_use"]


@pytest.mark.parametrize(
    ("days", "hours", "since", "minutes", "overdue"),
    [
        (30, None, 30 * 24 * HOUR, 0, True),
        (30, None, 30 * 24 * HOUR - SECOND, 10**6, False),
        (None, 100, 999 * 24 * HOUR, 5999, False),
        (None, 100, timedelta(), 6000, True),
        (30, 100, 31 * 24 * HOUR, 0, True),
        (30, 100, timedelta(), 6000, True),
        (30, 100, timedelta(), 5999, False),
    ],
)
def test_an_upkeep_is_overdue_by_date_or_by_hours_whichever_comes_first(
    days: int | None, hours: int | None, since: timedelta, minutes: int, overdue: bool
) -> None:
    assert rules.overdue(NOW - since, minutes, days, hours, NOW) is overdue


def who(*roles: str, sites: tuple[int, ...] = ()) -> Actor:
    return Actor("person", person_id=1, roles=frozenset(roles), site_ids=frozenset(sites))


def test_who_plans() -> None:
    li, ada, mei = who("lab_manager", sites=(1,)), who("admin"), who("member")
    assert [policy.may_plan_some(one) for one in (li, ada, mei, SYSTEM)] == [True, True, False, True]
    assert [policy.may_plan(one, [1]) for one in (li, ada, mei, SYSTEM)] == [True, True, False, True]
    assert [policy.may_plan(one, [1, 2]) for one in (li, ada, mei, SYSTEM)] == [False, True, False, True]
    assert [policy.may_suspend(one) for one in (li, ada, mei, SYSTEM)] == [False, True, False, False]
    assert [policy.may_let_time_pass(one) for one in (li, ada, mei, SYSTEM)] == [False, False, False, True]
