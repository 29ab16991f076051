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

IN_A_YEAR = ("2026-12-24T10:00:00+08:00", "2026-12-24T12:00:00+08:00")
OVER_NEW_YEAR = ("2026-12-31T22:00:00+08:00", "2027-01-01T02:00:00+08:00")
COSTS = {  # statements of one POST /bookings, on SQLite and PostgreSQL; the promise is 17
    ("the account alone", IN_A_YEAR): (12, 7),
    ("the account alone", OVER_NEW_YEAR): (12, 8),
    ("three allowances", IN_A_YEAR): (12, 10),
    ("three allowances", OVER_NEW_YEAR): (12, 14),
}


@pytest.mark.parametrize(("allowed", "slot"), COSTS)
def test_a_booking_costs_few_statements_whatever_its_account_holds(
    cast: Cast,
    books: Books,
    allowed: str,
    slot: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    monkeypatch.setattr(clock, "source", lambda: datetime(2026, 12, 20, 9, tzinfo=UTC))
    if allowed == "three allowances":
        books.allow(limit(100), limit(100, period="month"), limit(100, "category", cast.category, "quarter"))
    mei, (start, end) = cast.api("mei"), slot
    body = {"instrument": "BAT-01", "starts_at": start, "ends_at": end, "purpose": "Cells"}
    mei.post("/bookings/check", body)  # what is looked up once is looked up here
    with statements() as said:
        answer = mei.post("/bookings", body, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 201, answer.text
    assert len(said) == COSTS[allowed, slot][dialect() == "postgresql"], said
