"""What instruments need again and again: overdue by date or by hours run, told once, done by a window of its kind."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import services as booking
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.errors import Forbidden, NotFound
from labshare.kernel.journal import Entry
from labshare.maintenance import services, upkeep
from labshare.maintenance.jobs import keep_windows, warn_of_upkeep
from labshare.maintenance.services import keeping
from labshare.maintenance.upkeep import Due
from tests.maintenance.conftest import Lab

DAY = 24


def needs(lab: Lab, days: int | None = None, hours: int | None = None, kind: str = "calibration") -> Due:
    return services.set_upkeep(lab.cast.li, "SEM-01", kind, days, hours)


def due(lab: Lab) -> Due:
    [found] = upkeep.every(lab.cast.li)
    return found


def told() -> list[dict[str, Any]]:
    return [data for (data,) in rows(sa.select(Entry.data).where(Entry.kind == "upkeep_overdue").order_by(Entry.id))]


def test_it_is_overdue_to_the_minute_and_told_once(lab: Lab) -> None:
    needs(lab, days=30)
    lab.go(30 * DAY - 1 / 60)
    assert (due(lab).is_overdue(lab.now), warn_of_upkeep(lab.now)) == (False, {"warned": 0})
    lab.go(30 * DAY)
    assert (due(lab).is_overdue(lab.now), warn_of_upkeep(lab.now)) == (True, {"warned": 1})
    assert warn_of_upkeep(lab.go(60 * DAY)) == {"warned": 0}
    [fact] = told()
    assert (fact["instrument_id"], fact["kind_of_work"], fact["hours_run"]) == (lab.cast.sem, "calibration", 0)


def test_hours_run_are_those_of_uses_that_ended_since_then(lab: Lab) -> None:
    lab.use(lab.cast.mei, 1, 4)  # before anybody said so
    lab.go(6)
    needs(lab, hours=3)
    lab.use(lab.cast.mei, 8, 2)
    assert (due(lab).minutes_run, warn_of_upkeep(lab.now)) == (120, {"warned": 0})
    running = lab.book(lab.cast.bo, 12, 4)
    lab.go(12)
    booking.check_in(lab.cast.bo, running.id)
    assert (due(lab).minutes_run, warn_of_upkeep(lab.go(13.5))) == (120, {"warned": 0})
    booking.check_out(lab.cast.bo, running.id)
    assert (due(lab).minutes_run, warn_of_upkeep(lab.now)) == (210, {"warned": 1})
    assert [fact["hours_run"] for fact in told()] == [3]


def test_uses_of_another_instrument_do_not_wear_it(lab: Lab) -> None:
    needs(lab, hours=1)
    lab.use(lab.cast.mei, 1, 4, "BAT-01")
    assert (due(lab).minutes_run, warn_of_upkeep(lab.now)) == (0, {"warned": 0})


def test_a_window_of_its_kind_does_it_and_the_next_lack_is_told_anew(lab: Lab) -> None:
    needs(lab, days=10)
    assert warn_of_upkeep(lab.go(11 * DAY)) == {"warned": 1}
    window = lab.plan(12 * DAY, 3, kind="calibration").windows[0]
    assert due(lab).next_at == window.starts_at
    lab.go(12 * DAY + 3)
    keep_windows(lab.now)
    assert (due(lab).since, due(lab).next_at, due(lab).is_overdue(lab.now)) == (window.ends_at, None, False)
    assert warn_of_upkeep(lab.go(22 * DAY + 2.9)) == {"warned": 0}
    assert warn_of_upkeep(lab.go(22 * DAY + 3)) == {"warned": 1}
    assert len(told()) == 2


def test_windows_of_another_kind_of_another_instrument_or_called_off_do_not(lab: Lab) -> None:
    needs(lab, days=10)
    lab.plan(5 * DAY, 1, kind="preventive")
    lab.plan(5 * DAY, 1, "BAT-01", kind="calibration")
    gone = lab.plan(6 * DAY, 1, kind="calibration").windows[0]
    services.cancel(lab.cast.li, gone.id)
    keep_windows(lab.go(7 * DAY))
    assert (due(lab).since, due(lab).next_at) == (lab.at(0), None)
    assert warn_of_upkeep(lab.go(10 * DAY)) == {"warned": 1}


def test_a_window_that_was_done_before_it_was_said_does_not_set_it_back(lab: Lab) -> None:
    lab.plan(1, 1, kind="calibration")
    keep_windows(lab.go(3))
    needs(lab, days=10)
    assert due(lab).since == lab.at(3)


def test_said_anew_it_counts_on_from_where_it_was(lab: Lab) -> None:
    first = needs(lab, days=30)
    lab.go(20 * DAY)
    second = needs(lab, days=10)
    assert (second.id, second.since, second.is_overdue(lab.now)) == (first.id, lab.at(0), True)


def test_a_retired_instrument_needs_nothing_any_more(lab: Lab) -> None:
    needs(lab, days=10)
    services.withdraw(lab.cast.li, "SEM-01")
    assert upkeep.every(lab.cast.li) == []
    assert warn_of_upkeep(lab.go(11 * DAY)) == {"warned": 0}


def test_a_kind_can_be_needed_beside_another_and_each_is_taken_away_by_itself(lab: Lab) -> None:
    calibration, repair = needs(lab, days=10), needs(lab, hours=9, kind="repair")
    warn_of_upkeep(lab.go(11 * DAY))
    services.remove_upkeep(lab.cast.li, calibration.id)
    assert [one.id for one in upkeep.every(SYSTEM)] == [repair.id]
    with pytest.raises(NotFound):
        services.remove_upkeep(lab.cast.li, calibration.id)


def test_only_those_who_plan_for_the_site_say_so_and_only_the_clockwork_warns(lab: Lab) -> None:
    with pytest.raises(Forbidden):
        services.set_upkeep(lab.cast.mei, "SEM-01", "repair", 1, None)
    one = needs(lab, days=1)
    assert upkeep.every(lab.cast.mei) == []
    with pytest.raises(NotFound):
        services.remove_upkeep(lab.cast.mei, one.id)
    with pytest.raises(Forbidden):
        keeping.warn_of_upkeep(lab.cast.li, one, lab.go(2 * DAY))
