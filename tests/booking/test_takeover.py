"""Who cancels too late pays nothing where others take the whole time."""

from __future__ import annotations

import pytest

from labshare.booking import queries
from labshare.booking import services as booking
from labshare.booking.jobs.waitlist import FORGIVE_LATE_CANCELS, forgive_late_cancels
from labshare.kernel.actor import SYSTEM
from labshare.kernel.errors import Forbidden
from labshare.quotas import account
from tests.beside import Together
from tests.maintenance.conftest import Lab, lab
from tests.quotas.conftest import Books, limit

__all__ = ["lab"]


def cancelled_late(lab: Lab, length: float = 2, code: str = "SEM-01") -> int:
    """Mei gives a booking back hours before it begins, which costs half of it."""
    lab.go(0)
    number = lab.book(lab.cast.mei, 30, length, code).id
    lab.go(20)
    assert booking.cancel(lab.cast.mei, number).charge == 50
    return number


def used(number: int) -> list[int]:
    return [one.used for one in account.standing(number)]


def test_what_cancelling_late_cost_is_given_back_once_the_time_begins_and_others_hold_all_of_it(lab: Lab) -> None:
    books = Books(lab.cast)
    books.allow(limit(10))
    number = cancelled_late(lab)
    lab.book(lab.cast.bo, 30, 2)
    assert (forgive_late_cancels(lab.go(29.9)), used(number)) == ({"forgiven": 0}, [60, 60])
    assert FORGIVE_LATE_CANCELS.preview is not None
    assert FORGIVE_LATE_CANCELS.preview(lab.go(30)) == {"forgiven": 1}
    assert forgive_late_cancels(lab.now) == {"forgiven": 1}
    assert (queries.seen(SYSTEM, number).charge, used(number)) == (0, [0, 0])
    assert books.lines(number) == [("hold", 2), ("release", 2), ("late_cancel", 1), ("late_cancel", -1)]
    assert forgive_late_cancels(lab.now) == {"forgiven": 0}, "done is done"


def test_two_who_share_the_time_take_all_of_it_and_nobody_a_gap_between_them(lab: Lab) -> None:
    number = cancelled_late(lab)
    lab.book(lab.cast.bo, 30, 0.5)
    lab.book(lab.cast.chen, 31, 1)  # warms up for a quarter of an hour
    other = cancelled_late(lab, 1, "BAT-01")
    lab.book(lab.cast.bo, 30, 0.5, "BAT-01")
    lab.book(lab.cast.chen, 30.5, 0.5, "BAT-01")
    assert forgive_late_cancels(lab.go(30)) == {"forgiven": 1}
    assert (used(number), used(other)) == ([60], [0])


def test_a_part_of_it_is_not_enough_and_nothing_is_not_either(lab: Lab) -> None:
    number = cancelled_late(lab)
    assert forgive_late_cancels(lab.go(30)) == {"forgiven": 0}
    lab.go(20)
    lab.book(lab.cast.bo, 30, 1)
    assert forgive_late_cancels(lab.go(30)) == {"forgiven": 0}
    assert used(number) == [60]


def test_on_another_channel_it_is_other_time(lab: Lab) -> None:
    blocked = lab.book(lab.cast.bo, 30, 2, "BAT-01")
    number = cancelled_late(lab, code="BAT-01")
    assert (blocked.channel, queries.seen(SYSTEM, number).channel) == (1, 2)
    assert forgive_late_cancels(lab.go(30)) == {"forgiven": 0}


def test_who_took_it_and_does_not_come_pays_for_it_alone(lab: Lab) -> None:
    number = cancelled_late(lab)
    other = lab.book(lab.cast.bo, 30, 2)
    lab.go(31)
    assert booking.judge(SYSTEM, other.id, lab.now) == "miss"
    assert forgive_late_cancels(lab.now) == {"forgiven": 1}
    assert (used(number), used(other.id)) == ([0], [120])


def test_only_the_clockwork_forgives(lab: Lab) -> None:
    number = cancelled_late(lab)
    with pytest.raises(Forbidden):
        booking.forgive(lab.cast.ada, number, lab.now)


def test_two_clocks_at_once_and_forty_days_late_forgive_once(lab: Lab, together: Together) -> None:
    number = cancelled_late(lab)
    lab.book(lab.cast.bo, 30, 2)
    lab.go(40 * 24)

    done = together(*[lambda: forgive_late_cancels(lab.now)["forgiven"]] * 2)
    assert sorted(done) == [0, 1]
    assert used(number) == [0]
