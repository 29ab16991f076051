"""`labshare check` finds nothing wrong, and finds each breach when it is planted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.booking.checks import CHECKS
from labshare.kernel.db import db, snapshot
from tests.booking.conftest import Turn, body
from tests.booking.test_using import booked as taken
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


USES = {
    "an ended use without its record": (
        "DELETE FROM usage_record WHERE booking_id = {ended}",
        "every use belongs to a booking in use or completed",
    ),
    "an open use without its record": (
        "DELETE FROM usage_record WHERE booking_id = {running}",
        "every use belongs to a booking in use or completed",
    ),
    "a record that is ended while it is in use": (
        "UPDATE usage_record SET ends_at = starts_at, freed_at = starts_at, minutes = 0 WHERE booking_id = {running}",
        "every use belongs to a booking in use or completed",
    ),
    "a record of a booking that waits": (
        "UPDATE usage_record SET booking_id = {waiting} WHERE booking_id = {running}",
        "every use belongs to a booking in use or completed",
    ),
    "minutes that are not from start to end": (
        "UPDATE usage_record SET minutes = minutes + 1 WHERE booking_id = {ended}",
        "every use counts its minutes",
    ),
    "a record of another company": (
        "UPDATE usage_record SET company_id = (SELECT max(id) FROM company) WHERE booking_id = {ended}",
        "every use counts its minutes",
    ),
    "used time that was given away": (
        "DELETE FROM claim WHERE owner_id = {ended}",
        "every completed booking keeps what was used",
    ),
    "a use that was counted twice": (
        "UPDATE tally SET uses = 2 * uses",
        "every booking and use is counted in its month",
    ),
    "a month nobody counted": (
        "DELETE FROM tally",
        "every booking and use is counted in its month",
    ),
    "used time on another channel": (
        "UPDATE claim SET channel = 9 WHERE owner_id = {ended}",
        "every completed booking keeps what was used",
    ),
}


@pytest.fixture
def used(cast: Cast, turn: Turn) -> dict[str, int]:
    """One booking that was used, one that is in use, and one that waits."""
    numbers = {"ended": taken(cast, "09:00", "11:00"), "running": taken(cast, "12:00", "13:00")}
    numbers["waiting"] = cast.api("mei").post("/bookings", body("15:00", "16:00")).json["id"]
    for moment, number, what in (("09:00", "ended", "in"), ("10:00", "ended", "out"), ("12:00", "running", "in")):
        turn(moment)
        assert cast.api("mei").post(f"/bookings/{numbers[number]}/check-{what}").status_code == 200
    return numbers


def test_a_sound_use_has_no_breach(used: dict[str, int]) -> None:
    assert breached() == {}


@pytest.mark.unsound
@pytest.mark.parametrize("what", list(USES))
def test_a_planted_breach_of_a_use_is_found(app: Flask, used: dict[str, int], what: str) -> None:
    statement, name = USES[what]
    plant(statement.format(**used))
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
