"""Where one year ends and the next begins: minutes belong to the day of the instrument's site they lie in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy import insert

from labshare.booking import services as booking
from labshare.booking.jobs import JUDGE_USE
from labshare.booking.services.asking import Draft
from labshare.instruments.events import InstrumentAdded
from labshare.instruments.models import Instrument
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, transaction
from labshare.kernel.journal import publish
from labshare.kernel.slots import Slot
from labshare.people.events import SiteAdded
from labshare.people.models import Site
from labshare.quotas import queries
from tests.cast import LONG_AGO, Cast
from tests.quotas.conftest import Books, limit

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
ZONES = {"BAT-01": SHANGHAI, "XRD-01": BERLIN}
Set = Callable[[datetime], None]


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> Iterator[Set]:
    """`turned(moment)` makes it that moment."""

    def turn_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "source", lambda: moment)

    turn_to(datetime(2026, 12, 1, 9, tzinfo=UTC))
    return turn_to


@pytest.fixture
def house(turned: Set, cast: Cast) -> Cast:
    """Beside Shanghai's instruments one in Berlin, where nobody needs to be asked and clocks change."""
    with transaction() as tx:
        named = {"code": "NORTH", "name_en": "North Lab", "name_zh": "北区实验室", "zone": "Europe/Berlin"}
        site = tx.execute(insert(Site).values(named).returning(Site.id)).scalar_one()
        publish(tx, SYSTEM, SiteAdded(object_id=site, version=1, code="NORTH"), LONG_AGO)
        names = {"code": "XRD-01", "name_en": "Diffractometer", "name_zh": "衍射仪"}
        values: dict[str, Any] = {"category_id": cast.category, "owner_id": cast.operator, "site_id": site}
        values |= {"max_minutes": 480, "notice_minutes": 0, "horizon_days": 365, "approval": False}
        number = tx.execute(insert(Instrument).values(**names, **values).returning(Instrument.id)).scalar_one()
        publish(tx, SYSTEM, InstrumentAdded(object_id=number, version=1, site_id=site, **names), LONG_AGO)
    return cast


def asked(house: Cast, code: str, start: str, end: str) -> int:
    """Mei asks, by the clock of the instrument's site."""
    slot = Slot(there(code, start), there(code, end))
    return booking.request(house.mei, Draft(code, slot, "Over the edge")).id


def there(code: str, said: str) -> datetime:
    """What the clock of the instrument's site shows."""
    return datetime.fromisoformat(said).replace(tzinfo=ZONES[code])


def periods(house: Cast, period: str, column: str = "held") -> dict[date, float]:
    """Hours by the first day of the period, of the company's own limits of this kind, where there are any."""
    db.session.rollback()
    found = db.session.execute(
        sa.text(
            f"SELECT b.starts_on, b.{column} FROM balance b JOIN allowance a ON a.id = b.allowance_id "
            "JOIN account c ON c.id = a.account_id WHERE c.company_id = :company AND a.period = :period "
            f"AND (a.minutes IS NOT NULL OR :period = 'year') AND b.{column} > 0 ORDER BY b.starts_on"
        ).columns(starts_on=sa.Date),
        {"company": house.aurora, "period": period},
    )
    return {day: minutes / 60 for day, minutes in found}


def years(house: Cast) -> dict[int, tuple[float, float]]:
    """Held and used hours, as the statement of each year has them, and the JSON door says them."""
    said = {}
    for year in (2026, 2027):
        statement = queries.statement(house.mei, house.aurora, year)
        said[year] = statement.held / 60, statement.used / 60
        answer = house.api("mei").get(f"/companies/{house.aurora}/account?year={year}")
        if answer.status_code != 404:  # the door may not be there yet
            assert answer.status_code == 200, answer.text
            assert (answer.get_json()["held_hours"], answer.get_json()["used_hours"]) == said[year]
    return said


LATE, EARLY = "2026-12-31 22:00", "2027-01-01 04:00"


@pytest.mark.parametrize("code", ZONES)
def test_from_ten_in_the_old_year_to_four_in_the_new_are_two_hours_and_four(house: Cast, code: str) -> None:
    asked(house, code, LATE, EARLY)
    assert years(house) == {2026: (2, 0), 2027: (4, 0)}


def test_the_same_moments_are_another_split_where_the_clock_shows_another_hour(house: Cast) -> None:
    start, end = (there("BAT-01", one).astimezone(BERLIN) for one in (LATE, EARLY))
    assert (start.hour, end.hour) == (15, 21)
    asked(house, "XRD-01", "2026-12-31 15:00", "2026-12-31 21:00")
    assert years(house) == {2026: (6, 0), 2027: (0, 0)}


@pytest.mark.parametrize("code", ZONES)
def test_each_year_is_held_to_its_own_limit(house: Cast, books: Books, code: str) -> None:
    books.allow(limit(4))
    asked(house, code, LATE, EARLY)  # two of the four, and all four
    asked(house, code, "2026-12-31 19:00", "2026-12-31 21:00")  # the other two
    with pytest.raises(Exception, match="quota_exceeded"):
        asked(house, code, EARLY, "2027-01-01 05:00")
    with pytest.raises(Exception, match="quota_exceeded"):
        asked(house, code, "2026-12-31 21:00", LATE)
    assert years(house) == {2026: (4, 0), 2027: (4, 0)}


@pytest.mark.parametrize("code", ZONES)
def test_quarter_month_and_week_end_where_the_year_does_or_go_on(house: Cast, books: Books, code: str) -> None:
    books.allow(*(limit(10, period=one) for one in ("quarter", "month", "week")))
    asked(house, code, LATE, EARLY)
    for period, first in (("quarter", date(2026, 10, 1)), ("month", date(2026, 12, 1))):
        assert periods(house, period) == {first: 2, date(2027, 1, 1): 4}
    assert periods(house, "week") == {date(2026, 12, 28): 6}  # New Year's Day is a Friday


@pytest.mark.parametrize("code", ZONES)
def test_a_use_over_new_year_is_cut_there_to_the_minute(house: Cast, turned: Set, code: str) -> None:
    number = asked(house, code, LATE, EARLY)
    turned(there(code, "2026-12-31 22:05:20"))
    booking.check_in(house.mei, number)
    turned(there(code, "2027-01-01 03:30:10"))
    booking.check_out(house.mei, number)
    old, new = years(house)[2026], years(house)[2027]
    assert (old[0], new[0]) == (0, 0)
    assert round((old[1] + new[1]) * 60) == 324  # 5 h 24 min and 50 s
    assert round(old[1] * 60) == 114  # 22:05:20 to midnight


@pytest.mark.parametrize("code", ZONES)
def test_what_is_corrected_over_new_year_corrects_each_year(house: Cast, turned: Set, code: str) -> None:
    number = asked(house, code, LATE, EARLY)
    turned(there(code, "2027-01-01 12:00"))
    booking.record(house.ada, number, Slot(there(code, LATE), there(code, EARLY)))
    assert years(house) == {2026: (0, 2), 2027: (0, 4)}
    earlier = Slot(there(code, "2026-12-31 21:00"), there(code, "2027-01-01 01:00"))
    booking.record(house.ada, number, earlier, reason="The clock at the door was wrong")
    assert years(house) == {2026: (0, 3), 2027: (0, 1)}


@pytest.mark.parametrize("code", ZONES)
def test_who_stays_away_over_new_year_is_charged_in_both_years(house: Cast, turned: Set, code: str) -> None:
    asked(house, code, LATE, EARLY)
    turned(there(code, "2026-12-31 22:31"))
    assert JUDGE_USE.run is not None
    assert (JUDGE_USE.run(clock.now()) or {})["missed"] == 1
    assert years(house) == {2026: (0, 2), 2027: (0, 4)}


# ---------------------------------------------------------------- nights in which clocks change


def test_the_night_without_its_third_hour_ends_the_week_an_hour_earlier(house: Cast, books: Books, turned: Set) -> None:
    """On 28 March 2027, a Sunday, Berlin goes from two to three."""
    turned(datetime(2027, 3, 20, 9, tzinfo=UTC))
    books.allow(limit(40, period="week"))
    asked(house, "XRD-01", "2027-03-27 22:00", "2027-03-28 04:00")  # six by the clock, and lasts five
    assert periods(house, "week") == {date(2027, 3, 22): 5}
    asked(house, "XRD-01", "2027-03-28 22:00", "2027-03-29 02:00")
    assert periods(house, "week") == {date(2027, 3, 22): 7, date(2027, 3, 29): 2}


def test_the_night_with_an_hour_twice_counts_it_twice(house: Cast, books: Books, turned: Set) -> None:
    """On 31 October 2027, a Sunday and the last of its month, Berlin goes from three back to two."""
    turned(datetime(2027, 10, 20, 9, tzinfo=UTC))
    books.allow(limit(40, period="month"), limit(40, period="week"))
    asked(house, "XRD-01", "2027-10-30 22:00", "2027-10-31 04:00")  # six by the clock, and lasts seven
    assert periods(house, "month") == {date(2027, 10, 1): 7}
    asked(house, "XRD-01", "2027-10-31 23:00", "2027-11-01 03:00")
    assert periods(house, "month") == {date(2027, 10, 1): 8, date(2027, 11, 1): 3}
    assert periods(house, "week") == {date(2027, 10, 25): 8, date(2027, 11, 1): 3}


def test_the_week_over_new_year_is_in_the_statements_of_both_years(house: Cast, books: Books, turned: Set) -> None:
    turned(datetime(2026, 12, 29, 9, tzinfo=UTC))
    books.allow(limit(9, period="week"), limit(8, period="month"))
    asked(house, "BAT-01", LATE, EARLY)
    turned(datetime(2027, 1, 2, 9, tzinfo=UTC))
    for year in (2026, 2027):
        found = queries.statement(house.mei, house.aurora, year).standings
        [week] = [one for one in found if one.starts_on == date(2026, 12, 28)]
        assert week.held == 360
        said = house.api("mei").get(f"/companies/{house.aurora}/account?year={year}").get_json()["allowances"]
        assert week.id in [one["id"] for one in said]
        months = {one.starts_on.year for one in found if one.period == "month"}
        assert months == {year}, "a month ends with its year"
    assert years(house) == {2026: (2, 0), 2027: (4, 0)}, "the year's own balance is one year's"
    page = house.browser("mei").get(f"/companies/{house.aurora}/account").text
    assert "3 h left of 9 h" in page
    assert "Week 53 of 2026" in page
