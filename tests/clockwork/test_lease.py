"""The lead: one holder at a time, by the database's clock, and every change of hands is numbered."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.clockwork.lease import Held, LeaseLost, confirm, release, take
from labshare.kernel.db import db, db_now, rows, transaction


def test_the_first_to_ask_leads_and_the_second_waits(app: Flask) -> None:
    assert take("anna", 30) == Held("anna", 1)
    assert take("boris", 30) is None
    assert take("anna", 30) == Held("anna", 1), "keeping the lead is no change of hands"


def test_a_lead_that_ran_out_goes_to_the_next_with_a_higher_fence(app: Flask) -> None:
    first = take("anna", 0)
    assert first is not None
    time.sleep(0.01)
    assert take("boris", 30) == Held("boris", first.fence + 1)


def test_a_lead_given_back_is_free_at_once(app: Flask) -> None:
    anna = take("anna", 30)
    assert anna is not None
    release(anna)
    time.sleep(0.01)
    assert take("boris", 30) == Held("boris", 2)


def test_a_stale_leader_is_refused_and_what_it_wrote_is_undone(app: Flask) -> None:
    stale = take("anna", 0)
    assert stale is not None
    time.sleep(0.01)
    take("boris", 30)
    with pytest.raises(LeaseLost):
        _write_as(stale)
    release(stale)  # and it cannot give away what is not its own
    assert take("carla", 30) is None
    assert rows(sa.text("SELECT count(*) FROM lease WHERE beat_at > '2002-01-01 00:00:00.000000'"))[0][0] == 1


def test_a_lead_held_by_its_own_number_stands(app: Flask) -> None:
    anna = take("anna", 30)
    assert anna is not None
    with transaction() as tx:
        confirm(tx, anna)


def test_of_many_who_ask_at_once_one_leads(app: Flask) -> None:
    def ask(name: str) -> Held | None:
        with app.app_context():
            try:
                return take(name, 30)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, [f"candidate {n}" for n in range(8)]))
    assert len([held for held in found if held]) == 1


def test_the_databases_clock_is_aware_and_can_look_ahead(app: Flask) -> None:
    present, ahead = rows(sa.select(db_now(), db_now(90)))[0]
    assert abs((present - datetime.now(UTC)).total_seconds()) < 5
    assert 89 < (ahead - present).total_seconds() < 91


def _write_as(held: Held) -> None:
    with transaction() as tx:
        tx.execute(sa.text("UPDATE lease SET beat_at = '2001-01-01 00:00:00.000000'"))
        confirm(tx, held)
