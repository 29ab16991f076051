"""What is corrected of a closed year is a line of the year in which that is done, and nothing is lost or told twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking.models import Tally, UsageRecord
from labshare.booking.tally import WHOLE
from labshare.instruments import services as keeping
from labshare.kernel import clock
from labshare.kernel.db import dialect, rows
from labshare.usage import closing, corrections, reactions, services, settlement
from labshare.usage.lifecycle import CLOSED
from labshare.usage.models import ClosedSums, UsageYear
from tests.beside import PATIENCE, Do, Together, paused
from tests.booking.test_checks import plant
from tests.cast import Cast
from tests.usage.conftest import YEAR, Years, breaches, there

Beside = Callable[[Do], Any]
WHY = "The clock was wrong."


def lines(cast: Cast, who: str = "ada", **asked: Any) -> list[dict[str, Any]]:
    """What corrections somebody reads, the oldest first."""
    answer = cast.api(who).get("/usage/corrections", query_string=asked)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.get_json()["items"]
    return found[::-1]


def effective(model: Any, company: int) -> int:
    mine = (model.year == YEAR, model.month == WHOLE, model.company_id == company)
    return int(rows(sa.select(sa.func.sum(model.effective_minutes)).where(*mine))[0][0])


def test_a_use_of_a_closed_year_that_is_corrected_is_a_line_of_this_year(cast: Cast, years: Years) -> None:
    mine, _other = years.a_year()
    years.close()
    keeping.change(cast.ada, "SEM-01", {"rate_cny_per_hour": 900})  # what it was worth is not what it would be
    years.record(mine, "12-10 09:30", "12-10 10:00", samples=5, reason=WHY)
    [line] = lines(cast)
    assert (line["year"], line["of_year"], line["of_month"], line["booking"]) == (YEAR + 1, YEAR, 12, mine)
    assert (line["effective_hours"], line["uses"], line["samples"], line["reason"]) == (-1.5, 0, 4, WHY)
    assert (line["external_hours"], line["estimate_cny"]) == (-1.5, 0)
    assert (line["company"]["name"], line["instrument"]["code"]) == ("Aurora Displays", "SEM-01")
    assert (effective(ClosedSums, cast.aurora), effective(Tally, cast.aurora)) == (120, 30)
    [fact] = years.told("use_corrected_after_closing")
    assert (fact["company_id"], fact["year"], fact["in_year"], fact["effective_minutes"]) == (
        *(cast.aurora, YEAR, YEAR + 1),
        -90,
    )
    this = cast.api("chen").get(f"/usage/companies/{cast.aurora}?year={YEAR + 1}").get_json()
    assert this["corrected_hours"] == -1.5


def test_of_a_use_over_new_year_only_what_lies_in_the_closed_year_is_a_correction(cast: Cast, years: Years) -> None:
    _mine, other = years.a_year()
    years.close()
    years.record(other, "12-31 21:00", "+01-01 03:30", reason=WHY)
    [line] = lines(cast)
    assert (line["of_year"], line["effective_hours"], line["uses"]) == (YEAR, 1, 0)
    years.record(other, "+01-01 00:30", "+01-01 02:00", reason=WHY)
    assert [(one["effective_hours"], one["uses"]) for one in lines(cast)] == [(1, 0), (-3, -1)]
    assert breaches() == []


def test_a_correction_of_a_year_that_is_not_closed_is_no_line(cast: Cast, years: Years) -> None:
    mine, _other = years.a_year()
    years.issue()
    years.record(mine, "12-10 09:00", "12-10 10:00", reason=WHY)
    assert lines(cast) == []
    assert years.told("use_corrected_after_closing") == []


def test_a_correction_that_changes_no_sum_is_no_line(cast: Cast, years: Years) -> None:
    mine, _other = years.a_year()
    years.close()
    years.record(mine, "12-10 09:00", "12-10 11:00", reason="Only the note.")
    assert lines(cast) == []


def test_a_use_that_is_entered_late_and_began_in_the_closed_year_is_a_line(cast: Cast, years: Years) -> None:
    years.a_year()
    years.turn("12-20 09:00")
    late = years.book("mei", "BAT-01", "+01-01 00:30", "+01-01 02:00")
    years.turn("+01-02 09:00")
    years.close()
    years.record(late, "12-31 23:30", "+01-01 02:00", samples=3)
    [line] = lines(cast)
    assert (line["of_year"], line["of_month"], line["effective_hours"]) == (YEAR, 12, 0.5)
    assert (line["uses"], line["samples"], line["booking"]) == (1, 3, late)
    assert breaches() == []


def test_a_late_cancellation_that_is_forgiven_afterwards_is_a_line(cast: Cast, years: Years) -> None:
    """Others took its time, and the clockwork stood still until the year was closed."""
    keeping.change(cast.li, "SEM-01", {"cancel_minutes": 24 * 60, "late_cancel_percent": 50})
    given_back = years.book("mei", "SEM-01", "12-10 09:00", "12-10 11:00")
    years.turn("12-09 12:00")
    assert cast.api("mei").post(f"/bookings/{given_back}/cancel").get_json()["state"] == "cancelled"
    taken = years.book("bo", "SEM-01", "12-10 09:00", "12-10 11:00")
    years.turn("+01-02 09:00")
    years.record(taken, "12-10 09:00", "12-10 11:00")
    years.close()
    [forgive] = [job for job in cast.app.extensions["jobs"] if job.name == "forgive_late_cancels"]
    assert forgive.run(clock.now()) == {"forgiven": 1}
    [line] = lines(cast)
    assert (line["late_cancels"], line["effective_hours"], line["reason"]) == (-1, 0, "")
    assert breaches() == []


def test_each_reads_what_is_theirs(cast: Cast, years: Years) -> None:
    mine, other = years.a_year()
    years.close()
    years.record(mine, "12-10 09:00", "12-10 10:00", reason=WHY)
    years.record(other, "12-31 22:00", "+01-01 01:00", reason=WHY)
    years.record(other, "12-31 23:00", "+01-01 01:00", reason=WHY)
    assert [one["company"]["id"] for one in lines(cast)] == [cast.aurora, cast.borealis]
    assert [one["company"]["id"] for one in lines(cast, "mei")] == [cast.aurora]
    assert [one["company"]["id"] for one in lines(cast, "bo")] == [cast.borealis]
    assert cast.api("li").get("/usage/corrections").status_code == 403
    assert lines(cast, year=YEAR) == []
    assert len(lines(cast, year=YEAR + 1)) == len(lines(cast, of_year=YEAR)) == 2


# ---------------------------------------------------------------- in the same moment


def ready(years: Years) -> int:
    """A use to be corrected, of a year to be closed now."""
    mine, _other = years.a_year()
    years.issue(days=1)
    years.turn("+01-10 09:00")
    return mine


def close(years: Years) -> Do:
    return lambda: services.close(years.cast.ada, YEAR).state


def correct(years: Years, mine: int) -> Do:
    return lambda: years.record(mine, "12-10 09:00", "12-10 10:00", reason=WHY)


def test_a_correction_that_has_looked_before_the_year_is_closed_is_in_it(
    cast: Cast, years: Years, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = ready(years)
    there_, on = paused(monkeypatch, settlement, "closed_among")
    correcting = beside(correct(years, mine))
    assert there_.wait(PATIENCE)
    closing_ = beside(close(years))
    on.wait(PATIENCE / 3)
    on.set()
    assert (correcting.result(), closing_.result()) == (None, CLOSED)
    assert (effective(ClosedSums, cast.aurora), lines(cast)) == (60, [])
    assert breaches() == []


def test_a_correction_that_comes_while_the_year_is_closed_is_a_line(
    cast: Cast, years: Years, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = ready(years)
    there_, on = paused(monkeypatch, closing, "write")
    closing_ = beside(close(years))
    assert there_.wait(PATIENCE)
    correcting = beside(correct(years, mine))
    on.wait(PATIENCE / 3)
    on.set()
    assert (correcting.result(), closing_.result()) == (None, CLOSED)
    assert effective(ClosedSums, cast.aurora) == 120
    assert [line["effective_hours"] for line in lines(cast)] == [-1]
    assert breaches() == []


def test_a_correction_and_the_closing_that_begin_together_lose_nothing(
    cast: Cast, years: Years, together: Together
) -> None:
    mine = ready(years)
    assert together(correct(years, mine), close(years)) == [None, CLOSED]
    corrected = sum(60 * line["effective_hours"] for line in lines(cast))
    assert effective(ClosedSums, cast.aurora) + corrected == effective(Tally, cast.aurora) == 60
    assert breaches() == []


@pytest.mark.unsound  # what is lost without the lock is the breach
def test_without_the_lock_a_correction_is_lost(
    cast: Cast, years: Years, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the two above; where one writes at a time, one needs no lock."""
    if dialect() == "sqlite":
        pytest.skip("one transaction writes at a time")
    mine = ready(years)

    def glance(_tx: Any, some: Any) -> set[int]:
        known = sa.select(UsageYear.year).where(UsageYear.year.in_(some), UsageYear.state == CLOSED)
        return {year for (year,) in rows(known)}

    monkeypatch.setattr(settlement, "closed_among", glance)
    there_, on = paused(monkeypatch, settlement, "closed_among")
    correcting = beside(correct(years, mine))
    assert there_.wait(PATIENCE)
    assert beside(close(years)).result() == CLOSED
    on.set()
    assert correcting.result() is None
    assert lines(cast) == []
    lost = f"company {cast.aurora} on instrument {cast.sem} in closed {YEAR}"
    assert [breach.split(" was corrected without a line")[0] for breach in breaches()] == [f"{lost}-00", f"{lost}-12"]


# ---------------------------------------------------------------- what the check finds


@pytest.mark.unsound  # that a line is missing is the breach
@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM usage_correction",
        "UPDATE usage_correction SET effective_minutes = effective_minutes + 1",
        "UPDATE usage_correction SET of_month = 11",
        "UPDATE tally SET uses = uses + 1 WHERE company_id = {aurora}",
    ],
)
def test_a_correction_without_its_line_is_found(cast: Cast, years: Years, tampering: str) -> None:
    mine, _other = years.a_year()
    years.close()
    years.record(mine, "12-10 09:00", "12-10 10:00", reason=WHY)
    assert breaches() == []
    plant(tampering.format(aurora=cast.aurora))
    assert any("was corrected without a line" in breach for breach in breaches())


def test_of_a_use_of_this_year_nothing_is_asked(cast: Cast, years: Years, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every use that ends comes by here; only those of the past cost a statement."""

    def refused(*_: Any) -> Any:
        raise AssertionError("asked")

    monkeypatch.setattr(corrections, "place", refused)
    monkeypatch.setattr(corrections, "of_record", refused)
    years.turn("12-05 09:00")
    number = years.book("mei", "BAT-01", "12-06 09:00", "12-06 10:00")
    years.turn("12-06 12:00")
    years.record(number, "12-06 09:00", "12-06 10:00")
    years.record(number, "12-06 09:00", "12-06 09:30", reason=WHY)
    assert reactions.corrections.is_of_this_year(there("12-06 09:00"), clock.now())
    assert not corrections.is_of_this_year(there("+01-01 12:00"), there("+01-05 09:00"))
    assert corrections.is_of_this_year(there("+01-01 12:00") + timedelta(days=2), there("+01-05 09:00"))
    assert rows(sa.select(sa.func.count()).select_from(UsageRecord))[0][0] == 1
