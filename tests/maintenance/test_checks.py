"""`labshare check` finds each breach of what must hold of windows, outages, displaced bookings and offers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa

from labshare import wiring
from labshare.booking import services as booking
from labshare.booking.jobs.offering import make_offers
from labshare.booking.models import Displacement
from labshare.kernel.db import db, rows, snapshot
from labshare.maintenance import services
from labshare.maintenance.jobs import keep_windows
from tests.booking.test_checks import plant
from tests.maintenance.conftest import Lab


def breached() -> dict[str, list[str]]:
    with snapshot() as session:
        return {name: found for name, check in wiring.CHECKS if (found := check(session))}


@pytest.fixture
def busy(lab: Lab) -> dict[str, int]:
    """Something of everything: a window that hit two, one of them accepted, one under way, one that fits, an outage."""
    waiting, taken, declined = lab.book(lab.cast.mei, 30), lab.book(lab.cast.mei, 32), lab.book(lab.cast.bo, 34)
    free = lab.book(lab.cast.bo, 60)
    numbers = {"waiting": waiting.id, "taken": taken.id, "declined": declined.id, "free": free.id}
    numbers["window"] = lab.plan(30, 6).windows[0].id
    numbers["running"] = lab.plan(1, 3, "BAT-01").windows[0].id
    numbers["fits"] = lab.plan(59, 4, when_hit="fit").windows[0].id
    numbers["gone"] = lab.plan(80, 1).windows[0].id
    services.cancel(lab.cast.li, numbers["gone"])
    keep_windows(lab.go(1))
    make_offers(lab.now)
    numbers["successor"] = booking.accept(lab.cast.mei, taken.id).id
    booking.decline(lab.cast.bo, declined.id)
    mended = services.report(lab.cast.li, "SEM-01")
    services.repaired(lab.cast.li, mended.id)
    numbers["mended"] = mended.id
    numbers["outage"] = services.report(lab.cast.li, "SEM-01").id
    [(numbers["offer"],)] = rows(sa.select(Displacement.id).where(Displacement.booking_id == waiting.id))
    return numbers | {"sem": lab.cast.sem, "bat": lab.cast.bat, "borealis": lab.cast.borealis}


def test_a_laboratory_in_all_its_states_has_no_breach(busy: dict[str, int]) -> None:
    assert breached() == {}


PLANTED: dict[str, tuple[str, str]] = {
    "a claim of no window": (
        "UPDATE claim SET owner_id = 4711 WHERE kind = 'maintenance' AND owner_id = {window}",
        "maintained time belongs to a window",
    ),
    "a claim of a window called off": (
        "UPDATE maintenance_window SET state = 'cancelled' WHERE id = {window}",
        "maintained time belongs to a window",
    ),
    "a claim of another instrument": (
        "UPDATE maintenance_window_place SET instrument_id = {bat} WHERE window_id = {window}",
        "maintained time belongs to a window",
    ),
    "a claim that begins before its window": (
        "UPDATE maintenance_window SET starts_at = '{later}' WHERE id = {window}",
        "maintained time belongs to a window",
    ),
    "a window without its claim": (
        "DELETE FROM claim WHERE kind = 'maintenance' AND owner_id = {window}",
        "every window holds its time",
    ),
    "a window under way that holds three channels of four": (
        "DELETE FROM claim WHERE kind = 'maintenance' AND owner_id = {running} AND channel = 4",
        "every window holds its time",
    ),
    "a window that is shorter than its claims": (
        "UPDATE maintenance_window SET ends_at = '{later}' WHERE id = {window}",
        "every window holds its time",
    ),
    "a broken instrument in service": (
        "UPDATE instrument SET state = 'in_service' WHERE id = {sem}",
        "what is broken is out of service, once",
    ),
    "a broken instrument in maintenance": (
        "UPDATE instrument SET state = 'in_maintenance' WHERE id = {sem}",
        "what is broken is out of service, once",
    ),
    "two outages at once": (
        "UPDATE outage SET state = 'open' WHERE id = {mended}",
        "what is broken is out of service, once",
    ),
    "a claim of no outage": (
        "UPDATE claim SET owner_id = 4711 WHERE kind = 'outage' AND owner_id = {outage}",
        "what is broken is out of service, once",
    ),
    "an outage of another instrument": (
        "UPDATE outage SET instrument_id = {bat} WHERE id = {mended}",
        "what is broken is out of service, once",
    ),
    "a displaced booking that does not say why": (
        "DELETE FROM displacement WHERE id = {offer}",
        "every displaced booking says why",
    ),
    "a reason of a booking that stands": (
        "UPDATE displacement SET booking_id = {free} WHERE id = {offer}",
        "every displaced booking says why",
    ),
    "an open offer without its time": (
        "DELETE FROM claim WHERE kind = 'offer' AND owner_id = {offer}",
        "every open offer holds its time",
    ),
    "an open offer that holds another channel": (
        "UPDATE claim SET channel = 9 WHERE kind = 'offer' AND owner_id = {offer}",
        "every open offer holds its time",
    ),
    "time that is held for an offer that lapsed": (
        "UPDATE displacement SET state = 'lapsed' WHERE id = {offer}",
        "every open offer holds its time",
    ),
    "time that is held for nobody": (
        "UPDATE claim SET owner_id = 4711 WHERE kind = 'offer'",
        "every open offer holds its time",
    ),
    "an accepted offer without a booking": (
        "UPDATE booking SET replaces_id = NULL WHERE id = {successor}",
        "every accepted offer became a booking",
    ),
    "a booking for an offer that was declined": (
        "UPDATE displacement SET state = 'declined' WHERE booking_id = {taken}",
        "every accepted offer became a booking",
    ),
    "a booking of another company": (
        "UPDATE booking SET company_id = {borealis} WHERE id = {successor}",
        "every accepted offer became a booking",
    ),
    "a booking that replaces one that stands": (
        "UPDATE booking SET replaces_id = {successor} WHERE id = {free}",
        "every accepted offer became a booking",
    ),
}


@pytest.mark.unsound
@pytest.mark.parametrize("what", list(PLANTED))
def test_a_planted_breach_is_found(lab: Lab, busy: dict[str, int], what: str) -> None:
    statement, name = PLANTED[what]
    later = _written(lab.at(31))
    plant(statement.format(**busy, later=later))
    assert name in breached()


def _written(moment: datetime) -> str:
    """A moment as the engine's own columns hold it."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}" + ("+00" if db.engine.dialect.name == "postgresql" else "")


def test_every_new_invariant_has_a_breach_of_its_own() -> None:
    said = {name for _, name in PLANTED.values()}
    ours: tuple[tuple[str, Callable[..., list[str]]], ...] = wiring.MAINTENANCE_CHECKS
    assert {name for name, _ in ours} <= said
