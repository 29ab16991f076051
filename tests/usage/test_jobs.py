"""What happens to years by itself: companies are reminded once, years are closed, heat is counted every night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from labshare import wiring
from labshare.clockwork.job import Job
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.errors import Forbidden
from labshare.people.models import Site
from labshare.usage import book, heat, services
from labshare.usage.jobs import CLOSE_YEARS, COUNT_HEAT, REMIND_OF_STATEMENTS
from labshare.usage.models import Heat, UsageYear
from tests.beside import Together
from tests.booking.test_checks import plant
from tests.cast import Cast
from tests.quotas.test_jobs import run, two_at_once
from tests.usage.conftest import YEAR, Years, breaches, there

DAY = timedelta(days=1)


# ---------------------------------------------------------------- what each of them owes


def _reminded(years: Years) -> datetime:
    years.a_year()
    years.issue()
    return years.turn("+01-25 09:00")


def _over(years: Years) -> datetime:
    years.a_year()
    years.issue(days=5)
    return years.turn("+01-07 09:00")


def _used(years: Years) -> datetime:
    years.a_year()
    return clock.now()


Scene = Callable[[Years], datetime]
SCENES: dict[str, tuple[Job, Scene, dict[str, int]]] = {
    "a week before the time to object is over": (REMIND_OF_STATEMENTS, _reminded, {"reminded": 2}),
    "the time to object is over": (CLOSE_YEARS, _over, {"closed": 1}),
    "something was used over New Year": (COUNT_HEAT, _used, {"years": 2}),
}


@pytest.mark.parametrize("what", SCENES)
class TestEveryJob:
    """What each of them owes: once when run twice, late rather than never, and two at once are harmless."""

    def test_acts_once_when_run_twice(self, years: Years, what: str) -> None:
        job, scene, expected = SCENES[what]
        due = scene(years)
        assert job.preview is not None
        foretold = {name: number for name, number in job.preview(due).items() if number}
        assert foretold == expected, "a dry run says what a run does"
        assert run(job, due) == expected
        assert run(job, due) == {}
        assert not any(job.preview(due).values())

    def test_catches_up_after_a_day_of_downtime(self, years: Years, what: str) -> None:
        job, scene, expected = SCENES[what]
        assert run(job, years.turn(scene(years) + DAY)) == expected

    def test_two_at_once_are_harmless(self, together: Together, years: Years, what: str) -> None:
        job, scene, expected = SCENES[what]
        due = scene(years)
        done = two_at_once(together, job, due)
        assert {name: number for name, number in done.items() if number} == expected
        assert run(job, due) == {}
        assert breaches() == []

    def test_has_its_place_in_the_clockwork(self, cast: Cast, years: Years, what: str) -> None:
        job, scene, expected = SCENES[what]
        scene(years)
        assert job in wiring.JOBS
        assert set(job.links) >= set(expected)
        previewed = cast.api("ada").get(f"/jobs/{job.name}/preview").get_json()
        assert expected.items() <= previewed.get("counts", previewed).items()
        assert cast.browser("ada").get(f"/jobs/{job.name}").status_code == 200


def test_people_cannot_do_what_only_the_clock_does(cast: Cast, years: Years) -> None:
    years.a_year()
    years.issue()
    for act in (
        lambda: services.remind(cast.ada, YEAR, clock.now()),
        lambda: services.count_heat(cast.ada, YEAR),
        lambda: services.close(cast.chen, YEAR),
    ):
        with pytest.raises(Forbidden):
            act()


# ---------------------------------------------------------------- reminding


def test_companies_with_figures_are_reminded_once_a_week_before(cast: Cast, years: Years) -> None:
    _reminded(years)
    assert run(REMIND_OF_STATEMENTS, there("+01-25 08:59")) == {}
    assert run(REMIND_OF_STATEMENTS, there("+01-25 09:00")) == {"reminded": 2}
    assert {one["company_id"] for one in years.told("statement_due")} == {cast.aurora, cast.borealis}
    [fact] = years.told("statements_due")
    assert (fact["year"], fact["companies"], fact["company_id"]) == (YEAR, 2, None)


def test_of_a_short_time_to_object_one_is_reminded_in_its_middle(years: Years) -> None:
    years.a_year()
    years.issue(days=4)
    assert run(REMIND_OF_STATEMENTS, there("+01-04 08:59")) == {}
    assert run(REMIND_OF_STATEMENTS, there("+01-04 09:00")) == {"reminded": 2}


def test_nobody_is_reminded_of_a_year_that_is_withdrawn_over_or_closed(cast: Cast, years: Years) -> None:
    _reminded(years)
    assert run(REMIND_OF_STATEMENTS, there("+02-01 09:00")) == {}, "the time to object is over"
    services.withdraw(cast.ada, YEAR)
    assert run(REMIND_OF_STATEMENTS) == {}
    years.issue()
    assert run(REMIND_OF_STATEMENTS) == {}
    assert run(REMIND_OF_STATEMENTS, clock.now() + 24 * DAY) == {"reminded": 2}, "issued anew, reminded anew"


# ---------------------------------------------------------------- closing


def test_a_year_that_something_speaks_against_waits_and_is_closed_as_soon_as_nothing_does(
    cast: Cast, years: Years
) -> None:
    years.a_year()
    years.issue(days=5)
    raised = services.object_to(cast.chen, YEAR, cast.aurora, "Too many hours.")
    due = years.turn("+01-07 09:00")
    for _ in range(2):
        assert CLOSE_YEARS.preview is not None
        assert CLOSE_YEARS.preview(due) == {"closed": 0, "waiting": 1}
        assert run(CLOSE_YEARS, due) == {"waiting": 1}
    services.answer(cast.ada, raised.id, "They are right.")
    assert run(CLOSE_YEARS, due) == {"closed": 1}


def test_before_the_time_to_object_is_over_nothing_waits(years: Years) -> None:
    _over(years)
    assert run(CLOSE_YEARS, there("+01-07 08:59")) == {}


@pytest.mark.unsound  # a sum that no booking accounts for
def test_two_years_that_are_due_are_closed_in_their_order(cast: Cast, years: Years) -> None:
    from_before = f"SELECT {YEAR - 1}, {{rest}} FROM tally WHERE company_id = {cast.aurora}"
    due = _over(years)
    names = [column.name for column in Heat.metadata.tables["tally"].columns]
    plant(f"INSERT INTO tally ({', '.join(names)}) {from_before.format(rest=', '.join(names[1:]))}")
    services.issue(cast.ada, YEAR - 1, 1)
    later = years.turn(due + 2 * DAY)
    assert CLOSE_YEARS.preview is not None
    assert CLOSE_YEARS.preview(later) == {"closed": 2, "waiting": 0}
    assert run(CLOSE_YEARS, later) == {"closed": 2}
    assert {state for (state,) in rows(sa.select(UsageYear.state))} == {"closed"}


def test_closing_stands_still_while_the_clock_is_in_doubt() -> None:
    assert CLOSE_YEARS.destructive
    assert not REMIND_OF_STATEMENTS.destructive


# ---------------------------------------------------------------- heat


def test_heat_is_the_effective_minutes_of_the_year_by_weekday_and_hour_of_the_site(cast: Cast, years: Years) -> None:
    years.a_year()
    run(COUNT_HEAT)
    day, eve = there("12-10 09:00").weekday(), there("12-31 22:00").weekday()
    cells = rows(sa.select(Heat.weekday, Heat.hour, Heat.minutes).where(Heat.year == YEAR))
    said = {(weekday, hour): minutes for weekday, hour, minutes in cells if minutes}
    assert said == {(day, 9): 60, (day, 10): 60, (eve, 22): 60, (eve, 23): 60}
    next_year = book.heat(YEAR + 1)
    assert next_year[there("+01-01 00:00").weekday()][:3] == [60, 60, 0]


def test_heat_follows_a_correction_the_next_night_to_nothing_too(years: Years) -> None:
    mine, other = years.a_year()
    run(COUNT_HEAT)
    years.record(mine, "12-10 09:20", "12-10 10:00", reason="The clock was wrong.")
    years.record(other, "+01-01 00:00", "+01-01 02:00", reason="The clock was wrong.")
    assert run(COUNT_HEAT) == {"years": 1}
    assert sum(map(sum, book.heat(YEAR))) == 40
    assert book.heat(YEAR)[there("12-10 09:00").weekday()][9] == 40


@pytest.mark.unsound  # a site that stands elsewhere of a sudden
def test_minutes_that_a_zone_of_half_hours_cuts_fall_into_its_own_hours(cast: Cast, years: Years) -> None:
    years.used("mei", "SEM-01", "12-10 09:00", "12-10 11:00")
    plant(f"UPDATE site SET zone = 'Asia/Kolkata' WHERE id = {cast.east}")
    grid = heat.of(YEAR)
    assert [minutes for minutes in grid[there("12-10 09:00").weekday()] if minutes] == [30, 60, 30]
    assert grid[there("12-10 09:00").weekday()][6] == 30, "09:00 in Chengdu is half past six there"
    assert rows(sa.select(Site.zone).where(Site.id == cast.east)) == [("Asia/Kolkata",)]


def test_a_closed_year_keeps_its_heat_and_is_counted_no_more(cast: Cast, years: Years) -> None:
    mine, _other = years.a_year()
    years.close()
    kept = book.of(YEAR).terms().heat
    assert sum(map(sum, kept)) == 240
    assert heat.to_count(clock.now()) == [YEAR + 1]
    years.record(mine, "12-10 09:00", "12-10 10:00", reason="The clock was wrong.")
    run(COUNT_HEAT)
    assert book.of(YEAR).terms().heat == kept
    assert services.count_heat(SYSTEM, YEAR) is True
    assert book.of(YEAR).terms().heat == kept, "what was written down is read, whatever is counted"


def test_of_older_years_that_are_open_heat_is_counted_once(cast: Cast, years: Years) -> None:
    years.a_year()
    years.turn(datetime.fromisoformat(f"{YEAR + 4}-03-01T09:00:00+08:00"))
    assert heat.to_count(clock.now()) == [YEAR, YEAR + 1]
    assert run(COUNT_HEAT) == {"years": 2}
    assert heat.to_count(clock.now()) == []
