"""A change that nobody told is found, whatever it is a change of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from labshare.audit.checks import TOLD, last_versions_are_told
from labshare.booking import conduct
from labshare.booking.models import HELD_AGAINST
from labshare.kernel import clock
from labshare.kernel.db import snapshot, transaction
from tests.booking.conftest import body
from tests.booking.test_checks import plant
from tests.cast import Cast


def breaches() -> list[str]:
    with snapshot() as session:
        return last_versions_are_told(session)


@pytest.fixture
def kept(cast: Cast) -> Cast:
    """Something of everything that has a version, changed at least once where people can change it."""
    li, ada, chen = cast.api("li"), cast.api("ada"), cast.browser("chen")
    start = clock.now() + timedelta(days=9)
    slot = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=2)).isoformat()}
    later = {"starts_at": body("09:00", "10:00")["starts_at"], "ends_at": body("09:00", "10:00")["ends_at"]}
    wanted = {"instrument": "SEM-01", "purpose": "Fracture surfaces", **later}
    done = [
        cast.api("bo").post("/bookings", wanted),
        cast.api("mei").post("/waitlist", wanted),
        li.patch("/instruments/SEM-01", {"location": "B1"}),
        li.put("/sites/EAST/opening-hours", {"week": [["08:00-22:00"]] * 7}),
        li.put("/sites/EAST/workdays/2026", {"days": [{"date": "2026-10-01", "kind": "holiday"}]}),
        li.post("/maintenance-windows", {"instruments": ["BAT-01"], "kind": "repair", **slot}),
        li.post("/maintenance-windows", {"instruments": ["SEM-01"], "kind": "repair", **later}),
        li.post("/outages", {"instrument": "BAT-01"}),
        li.post("/utilities", {"name_en": "Water", "name_zh": "水", "instruments": ["SEM-01"]}),
        li.put("/instruments/SEM-01/upkeep", {"kind": "calibration", "every_days": 30}),
        ada.put(f"/companies/{cast.aurora}/allowances", {"items": [{"scope": "all", "period": "year", "hours": 9}]}),
        chen.post(f"/companies/{cast.aurora}/invitations", data={"email": "wen@aurora.test", "role": "member"}),
    ]
    assert [answer.status_code for answer in done if answer.status_code not in (200, 201, 303)] == []
    return cast


def test_what_is_done_in_the_house_is_told(kept: Cast) -> None:
    assert breaches() == []


@pytest.mark.unsound
@pytest.mark.parametrize("what", sorted(TOLD))
def test_a_planted_change_without_a_fact_is_found(kept: Cast, what: str) -> None:
    table = TOLD[what].__tablename__
    with transaction() as tx:  # so much at once that it keeps them from asking
        for held in HELD_AGAINST:
            conduct.note(tx, kept.borealis, 1, held, clock.now())
    plant(f"UPDATE {table} SET version = version + 1 WHERE id = (SELECT min(id) FROM {table})")
    [breach] = breaches()
    assert breach.startswith(f"{what} ")
    assert "but the journal tells of" in breach
