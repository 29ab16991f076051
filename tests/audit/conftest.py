"""What the tests of the journal share: a laboratory in which something stands behind every fact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.audit import queries
from labshare.audit.queries import Sought
from labshare.audit.sentences.shape import Line
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows, transaction
from labshare.kernel.journal import Event, record
from labshare.notifications.jobs import deliver
from labshare.notifications.models import Delivery
from tests.booking.conftest import body
from tests.cast import Cast


class Journal:
    """The cast with a booking, a window and a mail, and whatever a test says has happened."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        booking = cast.api("mei").post("/bookings", body("09:00", "11:00")).json["id"]
        deliver(clock.now())
        start = clock.now() + timedelta(days=9)
        slot = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=2)).isoformat()}
        window = cast.api("li").post("/maintenance-windows", {"instruments": ["BAT-01"], "kind": "repair", **slot})
        assert window.status_code == 201
        self.numbers: dict[str, Any] = {
            "booking": booking,
            "booking_id": booking,
            "new_booking_id": booking,
            "replaces_id": booking,
            "maintenance_window": window.json["items"][0]["id"] if "items" in window.json else window.json["id"],
            "delivery": rows(sa.select(sa.func.min(Delivery.id)))[0][0],
            "person": cast.people["mei"],
            "person_id": cast.people["mei"],
            "company": cast.aurora,
            "company_id": cast.aurora,
            "site": cast.east,
            "site_id": cast.east,
            "site_ids": (cast.east, cast.west),
            "deputy_ids": (cast.west,),
            "instrument": cast.sem,
            "instrument_id": cast.sem,
            "instrument_ids": (cast.sem, cast.bat),
        }

    def happens(self, actor: Actor, *events: Event) -> None:
        """Facts are written; they are made up, so nobody reacts to them."""
        with transaction() as tx:
            record(tx, [(actor, event, clock.now()) for event in events])

    def last(self, number: int = 1) -> list[Line]:
        """The last lines as Ada reads them, the oldest of them first."""
        return list(reversed(queries.lines(self.cast.ada, Sought(), number, None).items))


@pytest.fixture
def journal(cast: Cast) -> Journal:
    """A laboratory with a history."""
    return Journal(cast)
