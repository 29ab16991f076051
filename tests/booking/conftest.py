"""What the booking tests share: a day two days ahead, and short ways to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine

from labshare import wiring
from labshare.kernel import clock
from labshare.kernel.db import db, snapshot
from labshare.kernel.slots import Slot

SHANGHAI = ZoneInfo("Asia/Shanghai")
Turn = Callable[[str], datetime]


def at(clock_time: str, days: int = 2) -> datetime:
    """A wall-clock time in Shanghai, some days from today."""
    hour, minute = clock_time.split(":")
    day = clock.now().astimezone(SHANGHAI) + timedelta(days=days)
    return day.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)


def slot(start: str, end: str, days: int = 2) -> Slot:
    return Slot(at(start, days), at(end, days))


def body(start: str, end: str, instrument: str = "SEM-01", days: int = 2, **more: Any) -> dict[str, Any]:
    """A request as the JSON door takes it."""
    asked = {"instrument": instrument, "starts_at": at(start, days).isoformat(), "ends_at": at(end, days).isoformat()}
    return {**asked, "purpose": "Fracture surfaces", **more}


@pytest.fixture
def counts(app: Any) -> Callable[[], dict[str, int]]:
    """How many rows each table of the main job holds."""

    def count() -> dict[str, int]:
        names = ("booking", "claim", "journal", "answer")
        return {name: db.session.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in names}

    return count


@pytest.fixture
def turn() -> Iterator[Turn]:
    """`turn("09:05")` makes it that time of the day on which the bookings are."""
    began, travellers = at("00:00", 0), []

    def turned(said: str) -> datetime:
        hour, minute = map(int, said.split(":"))
        moment = began + timedelta(days=2, hours=hour, minutes=minute)
        if travellers:
            travellers[0].move_to(moment)
        else:
            travel = time_machine.travel(moment, tick=False)
            travellers.append(travel.start())
            travellers.append(travel)
        return moment

    yield turned
    if travellers:
        travellers[1].stop()


@pytest.fixture(autouse=True)
def sound(request: pytest.FixtureRequest) -> Any:
    """After every test of bookings, every invariant holds; `unsound` tests plant a breach on purpose."""
    if "app" not in request.fixturenames or request.node.get_closest_marker("unsound"):
        yield
        return
    request.getfixturevalue("app")  # so that this is asked before the database goes
    yield
    with snapshot() as session:
        breaches = [breach for _name, check in wiring.CHECKS for breach in check(session)]
    assert breaches == []
