"""Two things held against people of one company at once: each counts with the other's points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import services
from labshare.booking.conduct import noting
from labshare.booking.models import Restriction
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import Transaction, db, rows
from tests.beside import PATIENCE, Do, paused
from tests.booking.conftest import Turn
from tests.booking.test_using import booked
from tests.cast import Cast

Beside = Callable[[Do], Any]


def _judged_at_once(cast: Cast, turn: Turn, beside: Beside, patch: pytest.MonkeyPatch) -> list[Any]:
    """Two bookings of Mei's that nobody came for, judged at once; the first holds still once it has counted."""
    numbers = [booked(cast, "09:00", "10:00", instrument="BAT-01") for _ in range(2)]
    now = turn("09:30")
    there, on = paused(patch, noting, "standing_of")
    first = beside(lambda: services.judge(SYSTEM, numbers[0], now))
    assert there.wait(PATIENCE)
    second = beside(lambda: services.judge(SYSTEM, numbers[1], now))
    on.wait(PATIENCE / 3)
    on.set()
    assert (first.result(), second.result()) == ("miss", "miss")
    db.session.remove()
    return [row.points for row in rows(sa.select(Restriction.points))]


def test_two_at_once_begin_one_restriction(
    cast: Cast, turn: Turn, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _judged_at_once(cast, turn, beside, monkeypatch) == [4]


def test_without_being_alone_with_the_company_none_is_begun(
    cast: Cast, turn: Turn, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite lets one write at a time, so everybody is alone")
    monkeypatch.setattr(Transaction, "alone_with", lambda *_: None)
    assert _judged_at_once(cast, turn, beside, monkeypatch) == []
