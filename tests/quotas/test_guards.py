"""What the database refuses of accounts, whoever asks; and that a balance that is not there lets nobody pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from labshare import wiring
from labshare.booking import services as booking
from labshare.booking.services.asking import Draft
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, dialect, snapshot, transaction
from labshare.kernel.db.refusals import guards
from labshare.kernel.errors import Conflict
from labshare.kernel.slots import Slot
from labshare.quotas import account, services
from tests.booking.conftest import body, slot
from tests.cast import Cast
from tests.proof.stage import raw
from tests.quotas.conftest import Books, limit


@pytest.fixture(params=["migrated once", "down to 0008 and up again"])
def house(app: Flask, request: pytest.FixtureRequest) -> Cast:
    """The cast on a database whose account came with the first migration, or with the second."""
    if request.param != "migrated once":
        downgrade(revision="0008")
        upgrade()
    return Cast(app)


@pytest.fixture
def held(house: Cast) -> Cast:
    """Aurora may use ten hours a year, and holds two of them."""
    services.set_allowances(house.ada, house.aurora, [limit(10)])
    booking.request(house.mei, Draft("SEM-01", slot("09:00", "11:00"), "Fracture surfaces"))
    return house


def said(statement: str) -> list[tuple[Any, ...]]:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(sa.text(statement))]


def breaches() -> list[str]:
    with snapshot() as session:
        return [breach for _name, check in wiring.CHECKS for breach in check(session)]


def is_refused(name: str, do: Callable[..., None], *values: Any) -> None:
    """The database itself says no, and says which of its guards does."""
    with pytest.raises(Exception, match=name) as refused:
        do(*values)
    assert isinstance(refused.value, db.engine.dialect.loaded_dbapi.Error)


# ---------------------------------------------------------------- the ledger


@pytest.mark.unsound  # an older schema has no place to tell what it forgets
def test_raw_sql_neither_changes_nor_removes_a_line_of_the_ledger(held: Cast) -> None:
    before = said("SELECT * FROM ledger ORDER BY id")
    assert len(before) == 2  # of the account itself and of its limit
    forbidden = [
        "UPDATE ledger SET minutes = 1",
        "UPDATE ledger SET reason = 'nothing' WHERE id = (SELECT min(id) FROM ledger)",
        "UPDATE ledger SET minutes = minutes",
        "DELETE FROM ledger",
        "DELETE FROM ledger WHERE id = (SELECT max(id) FROM ledger)",
    ]
    if dialect() == "postgresql":
        forbidden += ["TRUNCATE ledger", "TRUNCATE balance CASCADE"]
    else:
        forbidden += [
            "INSERT OR REPLACE INTO ledger SELECT * FROM ledger",
            "REPLACE INTO ledger SELECT * FROM ledger WHERE id = (SELECT min(id) FROM ledger)",
            "UPDATE OR REPLACE ledger SET id = id + 1",
        ]
    for statement in forbidden:
        is_refused("ledger_append_only|append-only", raw, statement)
    assert said("SELECT * FROM ledger ORDER BY id") == before
    assert breaches() == []


@pytest.mark.unsound  # likewise
def test_raw_sql_writes_no_line_of_a_kind_nobody_knows(held: Cast) -> None:
    line = "INSERT INTO ledger (balance_id, kind, minutes, at, reason) SELECT id, ?, 1, ?, '' FROM balance"
    moment = "2027-01-01 00:00:00" + ("+00" if dialect() == "postgresql" else ".000000")
    is_refused("ck_ledger_kind", raw, line, "gift", moment)


# ---------------------------------------------------------------- the balance


@pytest.mark.unsound  # likewise
@pytest.mark.parametrize(
    ("change", "guard"),
    [
        ("held = minutes + 1", "ck_balance_within_limit"),
        ("used = minutes + extended + granted - held + 1", "ck_balance_within_limit"),
        ("minutes = held + used - 1", "ck_balance_within_limit"),
        ("extended = -minutes", "ck_balance_within_limit"),
        ("held = -1", "ck_balance_order"),
        ("used = -1", "ck_balance_order"),
        ("granted = -1", "ck_balance_order"),
        ("lowered = -1", "ck_balance_order"),
    ],
)
def test_raw_sql_does_not_lift_a_balance_over_its_limit(held: Cast, change: str, guard: str) -> None:
    before = said("SELECT * FROM balance ORDER BY id")
    is_refused(guard, raw, f"UPDATE balance SET {change} WHERE minutes IS NOT NULL AND held > 0")
    assert said("SELECT * FROM balance ORDER BY id") == before
    assert breaches() == []


@pytest.mark.unsound  # likewise
def test_raw_sql_opens_no_period_twice(held: Cast) -> None:
    again = "INSERT INTO balance (account_id, allowance_id, starts_on, ends_on, held, used, minutes, extended, granted, lowered, terms) SELECT account_id, allowance_id, starts_on, ends_on, 0, 0, minutes, 0, 0, 0, 1 FROM balance"  # noqa: E501 - one statement
    is_refused("uq_balance_allowance_id_starts_on|UNIQUE", raw, again)


def test_what_the_limit_refuses_is_a_problem_people_understand(cast: Cast, books: Books) -> None:
    books.allow(limit(10))
    assert guards["ck_balance_within_limit"]().code == "quota_exceeded"
    with pytest.raises(Conflict) as refused, transaction() as tx:
        tx.execute(sa.text("UPDATE balance SET held = minutes + 1 WHERE minutes IS NOT NULL"))
    assert (refused.value.status, refused.value.code) == (409, "quota_exceeded")
    assert [reason.code for reason in refused.value.reasons] == ["quota_exceeded"]


# ---------------------------------------------------------------- a balance that is not there


WRITTEN = ("booking", "claim", "journal", "answer", "ledger")


def counts() -> dict[str, int]:
    return {table: said(f"SELECT count(*) FROM {table}")[0][0] for table in WRITTEN}


LOST = {
    "the account itself": "DELETE FROM balance WHERE minutes IS NULL",
    "one limit's": "DELETE FROM balance WHERE minutes IS NOT NULL",
    "all of them": "DELETE FROM balance",
}


@pytest.mark.unsound  # that a balance is missing is the breach
@pytest.mark.parametrize("which", LOST)
def test_a_missing_balance_is_an_error_and_never_a_pass(cast: Cast, books: Books, which: str) -> None:
    books.allow(limit(10))
    mei = cast.api("mei")
    raw(LOST[which])
    before = counts()
    answer = mei.post("/bookings", body("09:00", "11:00"), headers={"Idempotency-Key": "lost"})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "account_not_open")
    assert counts() == before
    with pytest.raises(account.NotOpen):
        booking.request(cast.mei, Draft("BAT-01", slot("09:00", "11:00"), "Cells"))
    assert counts() == before
    dry = mei.post("/bookings/check", body("09:00", "11:00"))
    assert (dry.status_code, dry.get_json()["code"]) == (503, "account_not_open")


def test_a_company_without_an_account_cannot_book_until_the_clockwork_has_opened_one(cast: Cast, books: Books) -> None:
    mei = cast.api("mei")
    for table in ("balance", "allowance", "account"):
        raw(f"DELETE FROM {table}" + (" WHERE company_id IS NOT NULL" if table == "account" else ""))
    before = counts()
    answer = mei.post("/bookings", body("09:00", "11:00"))
    assert (answer.status_code, answer.get_json()["code"]) == (503, "account_not_open")
    assert counts() == before
    for company in cast.companies.values():
        services.open_account(SYSTEM, company, clock.now())
    assert mei.post("/bookings", body("09:00", "11:00")).status_code == 201
    assert books.stand()["account"] == (2, 0)


def test_a_period_that_is_lost_while_a_booking_stands_in_it_does_not_let_it_move_there(
    cast: Cast, books: Books
) -> None:
    mine = booking.request(cast.mei, Draft("SEM-01", slot("09:00", "11:00"), "Fracture surfaces"))
    books.allow(limit(10, period="week"))
    later = Slot(mine.starts_at + timedelta(days=14), mine.ends_at + timedelta(days=14))
    raw("DELETE FROM balance WHERE held = 0 AND minutes IS NOT NULL")
    before = counts()
    with pytest.raises(account.NotOpen):
        booking.move(cast.mei, mine.id, later)
    assert counts() == before
    assert books.stand()["all week"] == (2, 0)
