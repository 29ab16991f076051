"""A laboratory in which Li plans maintenance while Mei and Bo have bookings; the clock is the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from labshare.booking import services as booking
from labshare.booking.queries import Seen
from labshare.booking.services.asking import Draft as Asked
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.slots import Slot
from labshare.maintenance import services
from labshare.maintenance.selection import Wanted
from labshare.maintenance.services import Draft, Planned
from tests.booking.conftest import sound
from tests.cast import Cast

__all__ = ["sound"]  # every invariant holds after each of these tests too
NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)  # nine in the morning in Chengdu, a Tuesday
HOUR = timedelta(hours=1)


class Lab:
    """Short words for what everybody does here."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast, self.now = app, cast, NOW

    def at(self, hours: float) -> datetime:
        """So many hours from the beginning."""
        return NOW + hours * HOUR

    def slot(self, start: float, length: float) -> Slot:
        return Slot(self.at(start), self.at(start + length))

    def go(self, hours: float) -> datetime:
        """It is so many hours from the beginning now."""
        self.now = self.at(hours)
        return self.now

    def book(self, who: Actor, start: float, length: float = 1, code: str = "SEM-01", *, approved: bool = True) -> Seen:
        seen = booking.request(who, Asked(code, self.slot(start, length), "Fracture surfaces"))
        if approved and seen.state == "requested":
            seen = booking.approve(self.cast.li, seen.id)
        return seen

    def use(self, who: Actor, start: float, length: float = 1, code: str = "SEM-01") -> Seen:
        """Book from then on, come, and go at the end; it is the end then."""
        seen = self.book(who, start, length, code)
        self.go(start)
        booking.check_in(who, seen.id)
        self.go(start + length)
        return booking.check_out(who, seen.id)

    def draft(self, start: float, length: float = 1, *codes: str, **more: Any) -> Draft:
        more.setdefault("kind", "preventive")
        return Draft(Wanted(codes or ("SEM-01",)), self.slot(start, length), **more)

    def plan(self, start: float, length: float = 1, *codes: str, **more: Any) -> Planned:
        return services.plan(self.cast.li, self.draft(start, length, *codes, **more))


@pytest.fixture
def lab(app: Flask, cast: Cast) -> Iterator[Lab]:
    back, made = clock.source, Lab(app, cast)
    clock.source = lambda: made.now
    yield made
    clock.source = back
