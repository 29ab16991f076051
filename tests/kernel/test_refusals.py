"""What the database itself refuses: named alike on both engines, and told as the problem it stands for."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from labshare.instruments.models import Claim, Instrument
from labshare.kernel.db import (
    LONGEST_CLAIM,
    Transaction,
    constraint_of,
    db,
    has_guard,
    overlapping,
    problem_of,
    rows,
    transaction,
)
from labshare.kernel.errors import Busy, Conflict, Problem
from labshare.people.models import Site
from tests.cast import Cast
from tests.guards import drop_overlap_guard
from tests.kernel.happenings import NOON, tell

HOUR = timedelta(hours=1)


def _claim(tx: Transaction, instrument_id: int, start: int, end: int, **other: Any) -> None:
    values = {"instrument_id": instrument_id, "channel": 1, "kind": "booking", "owner_id": start}
    times = {"starts_at": NOON + start * HOUR, "ends_at": NOON + end * HOUR}
    tx.execute(insert(Claim).values(**{**values, **times, **other}))


def _twice(tx: Transaction, cast: Cast) -> None:
    _claim(tx, cast.sem, 0, 2)
    _claim(tx, cast.sem, 1, 3)


REFUSED: dict[str, Callable[[Transaction, Cast], object]] = {
    "uq_site_code": lambda tx, cast: tx.execute(insert(Site).values(code="EAST", name_en="x", name_zh="x")),
    "uq_role_grant_person_id_role_site_id": lambda tx, cast: tx.execute(
        sa.text("INSERT INTO role_grant (person_id, role, site_id) SELECT person_id, role, site_id FROM role_grant")
    ),
    "ck_instrument_channels": lambda tx, cast: tx.execute(update(Instrument).values(channels=0)),
    "ck_instrument_lengths": lambda tx, cast: tx.execute(update(Instrument).values(min_minutes=9999)),
    "ck_claim_kind": lambda tx, cast: _claim(tx, cast.sem, 0, 1, kind="party"),
    "ck_claim_order": lambda tx, cast: _claim(tx, cast.sem, 1, 1),
    "ex_claim_overlap": _twice,
}


def test_every_refusal_has_the_same_name_on_both_engines(cast: Cast) -> None:
    for name, breach in REFUSED.items():
        with pytest.raises((Problem, IntegrityError)) as told, transaction() as tx:
            breach(tx, cast)
        error = told.value if isinstance(told.value, IntegrityError) else told.value.__cause__
        assert isinstance(error, IntegrityError)
        assert constraint_of(error) == name


def test_a_named_refusal_is_told_as_its_problem_and_an_unnamed_one_is_a_defect(cast: Cast) -> None:
    with pytest.raises(Conflict) as told, transaction() as tx:
        _twice(tx, cast)
    assert told.value.code == "slot_taken"
    with pytest.raises(IntegrityError), transaction() as tx:
        _claim(tx, cast.sem, 0, 1, kind="party")
    with pytest.raises(DBAPIError) as slip:
        rows(select(sa.text("1")).select_from(sa.table("nowhere")))
    assert problem_of(slip.value) is None


@pytest.mark.own_app
def test_who_waits_too_long_for_the_lock_is_told_to_come_again(app: Flask) -> None:
    _wait_only(milliseconds=50)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context(), transaction(lock=[7]):
            locked.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert locked.wait(30)
        with pytest.raises(Busy) as told, transaction(lock=[7]):
            raise AssertionError("two held one lock")
        assert (told.value.status, told.value.retry_after is not None) == (503, True)
    finally:
        done.set()
        holder.join()
    with transaction(lock=[7]):  # and coming again helps
        pass


def _wait_only(milliseconds: int) -> None:
    """Make every later connection of this test impatient."""
    limit = {
        "sqlite": f"PRAGMA busy_timeout={milliseconds}",
        "postgresql": f"SET lock_timeout = {milliseconds}",
    }[db.engine.dialect.name]

    @event.listens_for(db.engine, "connect")
    def impatient(connection: Any, _record: Any) -> None:
        connection.cursor().execute(limit)
        connection.commit()

    db.session.remove()
    db.engine.dispose()


def test_overlapping_says_what_arithmetic_says_at_every_edge(cast: Cast) -> None:
    dice = random.Random(2026)
    spans = [(start := dice.randrange(60), start + dice.randint(1, 12)) for _ in range(80)]
    days = LONGEST_CLAIM // HOUR
    spans += [(20, 20 + days), (40 - days, 40), (-days, 0)]  # the longest there may be
    with transaction() as tx:
        for number, (start, end) in enumerate(spans):
            _claim(tx, cast.bat, start, end, channel=number, owner_id=number)
        tell(tx)
    windows = [(at, at + length) for at in range(-3, 75, 6) for length in (1, 5, 30)]
    windows += [(39, 40), (40, 41), (19, 20), (20, 21), (20 + days, 21 + days), (19 + days, 20 + days), (-1, 0)]
    for start, end in windows:
        inside = overlapping(Claim.starts_at, Claim.ends_at, NOON + start * HOUR, NOON + end * HOUR)
        found = {row.channel for row in rows(select(Claim.channel).where(inside))}
        assert found == {number for number, (a, b) in enumerate(spans) if a < end and start < b}, (start, end)


def test_a_dropped_guard_is_missed(cast: Cast) -> None:
    assert has_guard("claim", "ex_claim_overlap")
    assert not has_guard("claim", "ex_claim_other")
    drop_overlap_guard()
    assert not has_guard("claim", "ex_claim_overlap")
    with transaction() as tx:  # the negative control: without it two claims lie over each other
        _claim(tx, cast.sem, 0, 2)
        _claim(tx, cast.sem, 1, 3)
        tell(tx)
    assert len(rows(select(Claim.id))) == 2


def test_a_window_is_sought_by_both_ends_of_an_index(app: Flask) -> None:
    """As a Boolean, SQLite would be asked whether it `= 1`, and would read every claim of the instrument."""
    inside = overlapping(Claim.starts_at, Claim.ends_at, NOON, NOON + HOUR)
    statement = select(Claim.id).where(Claim.instrument_id == 1, inside)
    assert not str(statement.compile(db.engine)).rstrip().endswith("= 1")
    if db.engine.dialect.name == "sqlite":
        said = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {said}").all()
        assert "ends_at>? AND ends_at<?" in str(plan)
