"""What the crew does: each act is a use case in somebody's name, as a door would call it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from labshare.booking import services
from labshare.booking.services.asking import Draft
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import transaction
from labshare.kernel.slots import Slot
from labshare.people import access

BUSY_TRIES = 20


def _actor(person_id: int) -> Actor:
    actor = access.by_id(person_id)
    assert actor is not None
    return actor


def ask(_app: Flask, person_id: int, code: str, start: datetime, end: datetime, purpose: str = "a race") -> int:
    """Ask for time; the booking's id."""
    return services.request(_actor(person_id), Draft(code, Slot(start, end), purpose)).id


def move(
    _app: Flask, person_id: int, booking_id: int, start: datetime, end: datetime, version: int | None = None
) -> str:
    """Move a booking; the word for it."""
    services.move(_actor(person_id), booking_id, Slot(start, end), version)
    return "move"


def approve(_app: Flask, person_id: int, booking_id: int, version: int | None = None) -> str:
    """Approve a booking; the word for it."""
    services.approve(_actor(person_id), booking_id, version=version)
    return "approve"


def cancel(_app: Flask, person_id: int, booking_id: int, version: int | None = None) -> str:
    """Cancel a booking; the word for it."""
    services.cancel(_actor(person_id), booking_id, version)
    return "cancel"


def check_in(_app: Flask, person_id: int, booking_id: int) -> str:
    """Check in; the word for it."""
    services.check_in(_actor(person_id), booking_id)
    return "check_in"


def judge(_app: Flask, booking_id: int) -> str | None:
    """Let the clock judge a booking; the word for what it did, None where there was nothing to do."""
    return services.judge(SYSTEM, booking_id, clock.now())


def hold(_app: Flask, instrument_ids: tuple[int, ...], times: int) -> int:
    """Lock these instruments in the order given, so many times; how often."""
    for _ in range(times):
        with transaction(lock=instrument_ids) as tx:
            tx.execute(sa.select(sa.literal(1)))
            time.sleep(0.001)
    return times


def grab(_app: Flask, instrument_ids: tuple[int, ...], times: int) -> int:
    """Lock these instruments one by one as they are named, as nobody should; how often."""
    for _ in range(times):
        with transaction() as tx:
            for number in instrument_ids:
                tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": number})
                time.sleep(0.001)
    return times


def send(app: Flask, token: str, key: str, body: dict[str, Any]) -> tuple[int, bytes, int]:
    """POST /bookings under a key, again as told while it is busy; status, bytes, and how often it was busy."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    for busy in range(BUSY_TRIES):
        answer = app.test_client().post("/api/v1/bookings", json=body, headers=headers)
        if answer.status_code != 503:
            return answer.status_code, answer.data, busy
        assert answer.headers["Retry-After"].isdecimal()
        assert answer.get_json()["code"] in ("retry_in_progress", "busy")
        time.sleep(0.05)
    return answer.status_code, answer.data, BUSY_TRIES
