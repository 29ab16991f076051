"""Bookings that have begun, as if they had been asked for long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from labshare.booking import queries, tally
from labshare.booking.events import BookingApproved, BookingRequested
from labshare.booking.models import Booking
from labshare.instruments import queries as catalogue
from labshare.instruments.models import Claim
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import transaction
from labshare.kernel.journal import publish
from labshare.kernel.slots import Slot
from labshare.quotas import account, quotes
from tests.proof.stage import Stage

TWO_HOURS, WARM_UP = timedelta(hours=2), timedelta(minutes=15)


def begun(stage: Stage, code: str, many: int, ago: timedelta) -> list[int]:
    """Approved bookings of Mei's of two hours that nobody has come to yet, each on its own channel."""
    instrument = stage.instrument(code, channels=many)
    start = clock.now().replace(microsecond=0) - ago
    with stage.app.app_context():
        return [_booking(stage, instrument, channel, start) for channel in range(1, many + 1)]


def _booking(stage: Stage, instrument: int, channel: int, start: datetime) -> int:
    slot = {"starts_at": start, "ends_at": start + TWO_HOURS}
    held = {"starts_at": start - WARM_UP, "ends_at": start + TWO_HOURS}
    place = {"instrument_id": instrument, "company_id": stage.cast.aurora}
    known = catalogue.known_by_id(instrument)
    with transaction() as tx:
        row: dict[str, Any] = {"state": "approved", "version": 2, "person_id": stage.mei, "channel": channel}
        booked = insert(Booking).values(**place, **slot, **row, purpose="a race", created_at=start)
        number = int(tx.execute(booked.returning(Booking.id)).scalar_one())
        claim = {"instrument_id": instrument, "channel": channel, "kind": "booking", "owner_id": number}
        tx.execute(insert(Claim).values(**claim, **held))
        fact: dict[str, Any] = {"object_id": number, **place, **slot}
        publish(tx, SYSTEM, BookingRequested(**fact, version=1, person_id=stage.mei), start)
        publish(tx, SYSTEM, BookingApproved(**fact, version=2), start)
        shares = quotes.of_slot(stage.cast.aurora, known, Slot(start, start + TWO_HOURS)).shares
        account.hold(tx, SYSTEM, account.Whose(number, instrument, stage.mei), shares, start)
        tally.changed(tx, None, queries.seen(SYSTEM, number))
    return number
