"""What a booking asks of the database, with an account of hours to keep to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest

from labshare.kernel import clock
from labshare.kernel.db import dialect
from tests.cast import Cast
from tests.quotas.conftest import Books, limit

AT_MOST = 17  # statements of one POST /bookings, whatever its company's account holds


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "once"}], ids=["without a key", "with a key"])
def test_a_booking_over_new_year_with_three_allowances_costs_few_statements(
    cast: Cast,
    books: Books,
    key: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    monkeypatch.setattr(clock, "source", lambda: datetime(2026, 12, 20, 9, tzinfo=UTC))
    mei, costs = cast.api("mei"), []
    sets = {
        "the account alone": [],
        "three allowances": [
            limit(100),
            limit(100, period="month"),
            limit(100, "category", cast.category, "quarter"),
        ],
    }
    for number, (name, items) in enumerate(sets.items()):
        books.allow(*items)
        for place, asked in (("in a year", f"2026-12-2{4 + number}T0"), ("over New Year", "2026-12-31T2")):
            day_after = asked.endswith("T2")
            start = f"{asked}{2 + number // 2}:00:00+08:00"
            end = "2027-01-01T02:00:00+08:00" if day_after else f"{asked}4:00:00+08:00"
            body = {"instrument": "BAT-01", "starts_at": start, "ends_at": end, "purpose": "Cells"}
            headers = {name: f"{value}-{number}-{place}" for name, value in key.items()}
            mei.post("/bookings/check", body)  # what is compiled and cached is so
            with statements() as said:
                answer = mei.post("/bookings", body, headers=headers)
            assert answer.status_code == 201, answer.text
            costs.append((name, place, len(said)))
    print(dialect(), costs)
    assert max(many for _, _, many in costs) <= AT_MOST, costs
