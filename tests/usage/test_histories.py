"""Whatever has happened in a laboratory, its reports are what an independent recount says, and add up."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labshare.booking import lifecycle, services
from labshare.booking.models import Booking, UsageRecord
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, table_of, transaction
from labshare.usage import queries
from labshare.usage.figures import OF_MONTH
from labshare.usage.reports import Sought, figures_of
from tests.cast import Cast
from tests.usage.recount import CHENGDU, Recount

BEGAN = datetime(2025, 11, 20, tzinfo=CHENGDU)
YEARS = (2025, 2026)
MINUTES = st.integers(1, 60 * 24 * 80)  # so far from the beginning, over New Year
BOOKING = st.fixed_dictionaries(
    {
        "state": st.sampled_from([*lifecycle.STATES, *[lifecycle.COMPLETED] * 6]),
        "company": st.sampled_from(["aurora", "borealis"]),
        "instrument": st.sampled_from(["sem", "bat"]),
        "start": MINUTES,
        "length": st.integers(1, 60 * 24 * 40),
        "charge": st.sampled_from([0, 50]),
        "excuse": st.sampled_from(["", "closed", "overrun"]),
        "answered": st.one_of(st.none(), st.integers(0, 5000)),
        "used": st.tuples(st.integers(-90, 90), st.integers(0, 60 * 24 * 40), st.integers(0, 59)),
        "samples": st.one_of(st.none(), st.integers(0, 99)),
        "external": st.booleans(),
        "rate": st.sampled_from(["0", "120.50", "3000"]),
    }
)


def happened(cast: Cast, history: list[dict[str, Any]]) -> None:
    """Write it all as rows, in place of what was there before."""
    booking, record = table_of(Booking), table_of(UsageRecord)
    with transaction() as tx:
        for table in (record, booking):
            tx.execute(sa.delete(table))
        for number, one in enumerate(history, 1):
            company, start = getattr(cast, one["company"]), BEGAN + timedelta(minutes=one["start"])
            place = {"instrument_id": getattr(cast, one["instrument"]), "company_id": company, "channel": 1}
            person = {"person_id": cast.people["mei" if one["company"] == "aurora" else "bo"]}
            asked = start - timedelta(days=9)
            row = {"id": number, "state": one["state"], "starts_at": start, "purpose": "Life", "created_at": asked}
            row |= {"ends_at": start + timedelta(minutes=one["length"]), "charge": one["charge"]}
            answered = None if one["answered"] is None else asked + timedelta(minutes=one["answered"])
            row |= {"answered_at": answered, "excuse": one["excuse"] if one["state"] == lifecycle.MISSED else ""}
            tx.execute(sa.insert(booking).values(**place, **person, **row))
            if one["state"] == lifecycle.COMPLETED:
                later, length, seconds = one["used"]
                begun = start + timedelta(minutes=later)
                ended = begun + timedelta(minutes=length, seconds=seconds)
                use = {"booking_id": number, "starts_at": begun, "ends_at": ended, "freed_at": ended}
                use |= {"minutes": length, "source": "checked_in", "samples": one["samples"], "excuse": one["excuse"]}
                use |= {"owner_id": cast.operator if one["external"] else company, "company_name": one["company"]}
                use |= {"category_en": "", "category_zh": "", "rate_cny_per_hour": Decimal(one["rate"])}
                tx.execute(sa.insert(record).values(**place, **person, **use))
        cast._tell(tx)
    services.recount(SYSTEM, clock.now())


@pytest.mark.unsound  # these bookings have neither claims nor a history
def test_reports_of_any_history_are_what_its_rows_say(app: Flask, cast: Cast) -> None:
    ada = cast.ada

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(history=st.lists(BOOKING, min_size=1, max_size=12))
    def hold(history: list[dict[str, Any]]) -> None:
        happened(cast, history)
        recorded, total = 0, 0
        for year in (*YEARS, 2027):
            counted, sought = Recount(year), Sought(year)
            by_company = queries.companies(ada, sought)
            by_instrument = queries.instruments_of(ada, sought)
            by_month = queries.laboratory(ada, sought).months
            same(counted, "company", {one.company.id: one.figures() for one in by_company})
            same(counted, "instrument", {one.instrument.id: one.figures() for one in by_instrument})
            same(counted, "month", {month: figures_of(sums) for month, sums in by_month.items()})
            minutes = [sum(sums.effective_minutes for sums in some) for some in (
                [one.sum for one in by_company], [one.sum for one in by_instrument], by_month.values()
            )]  # fmt: skip
            assert len(set(minutes)) == 1
            total += minutes[0]
        recorded = db.session.execute(sa.text("SELECT coalesce(sum(minutes), 0) FROM usage_record")).scalar_one()
        assert total == recorded

    hold()


def same(counted: Recount, kind: str, found: dict[Any, dict[str, Any]]) -> None:
    """Every figure of all of them, to the minute."""
    keys = {key for which, key in counted.figures if which == kind}
    assert keys <= set(found)
    for key, values in found.items():
        expected = counted.of(kind, key)
        for name in OF_MONTH:
            assert values[name] == pytest.approx(expected[name], abs=0.006), (kind, key, name)
