"""`labshare check` finds nothing wrong, and finds each breach when it is planted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.booking.checks import CHECKS
from labshare.kernel.db import db, snapshot
from tests.booking.conftest import body
from tests.cast import Cast


def breached() -> dict[str, list[str]]:
    with snapshot() as session:
        return {name: found for name, check in CHECKS if (found := check(session))}


def plant(*statements: str) -> None:
    """Change rows behind the application's back, its guards taken away."""
    with db.engine.connect().execution_options(writes=True) as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
        connection.commit()


def without_guard(app: Flask) -> None:
    if db.engine.dialect.name == "postgresql":
        plant("ALTER TABLE claim DROP CONSTRAINT ex_claim_overlap")
    else:
        plant("DROP TRIGGER ex_claim_overlap_insert", "DROP TRIGGER ex_claim_overlap_update")


@pytest.fixture
def booked(cast: Cast) -> int:
    number: int = cast.api("mei").post("/bookings", body("09:00", "11:00")).json["id"]
    cast.api("mei").post("/bookings", body("14:00", "15:00"))
    return number


def test_a_sound_database_has_no_breach(booked: int) -> None:
    assert breached() == {}


PLANTED: dict[str, tuple[Callable[[int], list[str]], str]] = {
    "an ownerless claim": (
        lambda n: [f"UPDATE claim SET owner_id = 4711 WHERE owner_id = {n}"],
        "every claim has its owner",
    ),
    "a claim of a cancelled booking": (
        lambda n: [f"UPDATE booking SET state = 'cancelled' WHERE id = {n}"],
        "every claim has its owner",
    ),
    "a live booking without claim": (
        lambda n: [f"DELETE FROM claim WHERE owner_id = {n}"],
        "every live booking holds its time",
    ),
    "a claim on another channel": (
        lambda n: [f"UPDATE claim SET channel = 7 WHERE owner_id = {n}"],
        "every live booking holds its time",
    ),
    "a state its history did not lead to": (
        lambda n: [f"UPDATE booking SET state = 'approved' WHERE id = {n}"],
        "every booking is where its history led",
    ),
    "a change nobody told": (
        lambda n: [f"UPDATE booking SET version = version + 1 WHERE id = {n}"],
        "every change stands in the journal",
    ),
}


@pytest.mark.unsound
@pytest.mark.parametrize("what", list(PLANTED))
def test_a_planted_breach_is_found(app: Flask, booked: int, what: str) -> None:
    statements, name = PLANTED[what]
    plant(*statements(booked))
    assert name in breached()


@pytest.mark.unsound
def test_a_planted_overlap_is_found(app: Flask, booked: int) -> None:
    without_guard(app)
    plant(
        "INSERT INTO claim (instrument_id, channel, starts_at, ends_at, kind, owner_id) "
        f"SELECT instrument_id, channel, starts_at, ends_at, 'maintenance', 1 FROM claim WHERE owner_id = {booked}"
    )
    assert "no two claims overlap" in breached()


@pytest.mark.unsound
def test_an_overlap_hidden_behind_a_short_claim_is_found(app: Flask, cast: Cast) -> None:
    without_guard(app)
    for owner, first, last in ((1, "01:00", "09:00"), (2, "02:00", "02:30"), (3, "08:00", "08:30")):
        plant(
            "INSERT INTO claim (instrument_id, channel, starts_at, ends_at, kind, owner_id) VALUES "
            f"({cast.sem}, 1, '2026-01-05 {first}:00.000000', '2026-01-05 {last}:00.000000', 'maintenance', {owner})"
        )
    assert len(breached()["no two claims overlap"]) == 2
