"""Every cell of every report is what an independent recount of the raw rows says, and all of them add up."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare import create_app, demo
from labshare.booking import services as booking
from labshare.config import Settings
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import db
from labshare.kernel.slots import Slot
from labshare.people import access
from labshare.people import services as people
from labshare.usage import heat, queries
from labshare.usage.figures import OF_COMPANY, OF_INSTRUMENT, OF_MONTH
from labshare.usage.reports import Sought, figures_of
from labshare.usage.sums import NOTHING
from tests.conftest import Databases
from tests.usage.recount import CHENGDU, Recount, moment

WEDNESDAY = date(2026, 11, 18)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=CHENGDU)
COUNTED = {*OF_COMPANY, *OF_INSTRUMENT} - {
    *("first_use", "last_use", "instruments", "people", "companies", "allowed_hours", "account_hours"),
    *("corrected_hours", "offered_hours", "maintenance_hours", "outage_hours", "rated_hours", "utilisation"),
    *("fill_rate", "external_share", "answer_hours"),
}


@pytest.fixture(scope="module")
def laboratory(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demo laboratory, in which after a year what happens to figures has happened."""
    url = databases.fresh()
    app = create_app(Settings(database_url=url, data_dir=tmp_path_factory.mktemp("usage")))
    with app.app_context():
        demo.load(size=0.1, today=WEDNESDAY)
        happen()
        yield app
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)


def admin() -> Actor:
    found = access.by_id(ask("SELECT id FROM person WHERE email LIKE 'admin@%'")[0].id)
    assert found is not None
    return found


def ask(statement: str) -> list[Any]:
    return list(db.session.connection().execute(sa.text(statement)))


def happen() -> None:
    """A use that ran over New Year, another that was corrected, and a company of another name."""
    ada = admin()
    found = ask("SELECT id, company_id, starts_at FROM booking WHERE state = 'completed' ORDER BY starts_at")
    used = [one for one in found if moment(one.starts_at) < NEW_YEAR]
    over = Slot(moment(used[-1].starts_at) + timedelta(seconds=30), NEW_YEAR + timedelta(hours=3, minutes=10))
    booking.record(ada, used[-1].id, over, samples=7, reason="It ran over New Year")
    begun = moment(used[0].starts_at)
    booking.record(ada, used[0].id, Slot(begun, begun + timedelta(minutes=17)), reason="The clock was wrong")
    people.change_company(ada, used[-1].company_id, {"name": "更名后的公司"})


def test_every_figure_of_every_company_is_what_the_rows_say(laboratory: Flask) -> None:
    for year in (2025, 2026):
        counted = Recount(year)
        found = queries.companies(admin(), Sought(year))
        assert {one.company.id for one in found} == {key for kind, key in counted.figures if kind == "company"}
        for one in found:
            number, values = one.company.id, one.figures()
            expected = counted.of("company", number)
            for name in OF_COMPANY:
                if name in COUNTED:
                    assert values[name] == pytest.approx(expected[name], abs=0.006), (year, number, name)
            assert values["people"] == len(counted.people[number])
            assert values["instruments"] == len(counted.used[number])
            days = counted.days[number]
            ends = [None, None] if not days else [min(days), max(days)]
            assert [values[name] and datetime.fromisoformat(values[name]) for name in ("first_use", "last_use")] == ends


def test_every_figure_of_every_instrument_is_what_the_rows_say(laboratory: Flask) -> None:
    for year in (2025, 2026):
        counted = Recount(year)
        found = queries.instruments_of(admin(), Sought(year))
        assert len(found) == db.session.scalar(sa.select(sa.func.count()).select_from(Instrument))
        for one in found:
            number, values = one.instrument.id, one.figures()
            expected = counted.of("instrument", number)
            for name in OF_INSTRUMENT:
                if name in COUNTED:
                    assert values[name] == pytest.approx(expected[name], abs=0.006), (year, one.instrument.code, name)
            assert values["companies"] == len(counted.served[number])
            mean = expected["answer_minutes"] / expected["answered"] / 60 if expected["answered"] else None
            assert values["answer_hours"] == pytest.approx(mean)
            assert values["utilisation"] == pytest.approx(
                expected["effective_hours"] / (1400 * one.instrument.channels)
            )


def test_months_and_parts_of_each_are_what_the_rows_say(laboratory: Flask) -> None:
    counted = Recount(2026)
    found = queries.laboratory(admin(), Sought(2026))
    for month in range(1, 13):
        values = figures_of(found.months.get(month, NOTHING))
        for name in OF_MONTH:
            assert values[name] == pytest.approx(counted.of("month", month)[name], abs=0.006), (month, name)
    some = random.Random(3).sample(found.companies, 12)
    for one in some:
        _, whole = queries.company(admin(), one.company.id, 2026)
        for part, sums in whole.parts:
            values, expected = figures_of(sums), counted.of("both", (one.company.id, part.id))
            for name in OF_MONTH:
                assert values[name] == pytest.approx(expected[name], abs=0.006), (part.code, name)
        assert sum(sums.effective_minutes for _, sums in whole.parts) == one.sum.effective_minutes


def test_companies_instruments_months_and_records_come_to_the_same_minute(laboratory: Flask) -> None:
    total = 0
    for year in queries.years():
        sought = Sought(year)
        by_company = sum(one.sum.effective_minutes for one in queries.companies(admin(), sought))
        by_instrument = sum(one.sum.effective_minutes for one in queries.instruments_of(admin(), sought))
        by_month = sum(one.effective_minutes for one in queries.laboratory(admin(), sought).months.values())
        assert by_company == by_instrument == by_month
        total += by_company
    recorded = db.session.execute(sa.text("SELECT sum(minutes) FROM usage_record WHERE ends_at IS NOT NULL")).scalar()
    assert total == recorded > 0


def test_the_laboratory_as_a_whole_is_what_the_rows_say(laboratory: Flask) -> None:
    earlier, counted = Recount(2025), Recount(2026)
    found = queries.laboratory(admin(), Sought(2026))
    served = {company for company, used in counted.used.items() if used}
    before = {company for company, used in earlier.used.items() if used}
    assert (found.served, found.returning, found.new) == (len(served), len(served & before), len(served - before))
    assert found.goal == 100
    hours = sorted((counted.of("company", one)["effective_hours"] for one in served), reverse=True)
    assert found.concentration.share == pytest.approx(sum(hours[:10]) / sum(hours))
    for name, value in figures_of(found.sum).items():
        if name in COUNTED:
            assert value == pytest.approx(counted.of("all", None)[name], abs=0.006), name
    assert sum(map(sum, heat.of(2026))) == found.sum.effective_minutes
