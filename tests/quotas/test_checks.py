"""The invariants of accounts find every breach that is planted, and nothing where instruments have only changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare import wiring
from labshare.booking import services as bookings
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, rows, snapshot
from labshare.quotas.models import Balance, Line
from tests.booking.conftest import Turn, at
from tests.booking.test_checks import plant
from tests.booking.test_using import booked, do
from tests.cast import Cast
from tests.quotas.conftest import Books, limit
from tests.quotas.test_account import ask

COUNTED = "every booking and use is counted in its month"
STANDS, ADDS_UP = "every booking stands in its company's account", "every balance is what its lines add up to"
GRANTED, ACCOUNT = "nothing stands over its limit ungranted", "every company has its account"


def breached() -> dict[str, list[str]]:
    with snapshot() as session:
        return {name: found for name, check in wiring.CHECKS if (found := check(session))}


def without_guard() -> None:
    """Let lines of the ledger be changed and taken away."""
    if db.engine.dialect.name == "postgresql":
        plant("DROP TRIGGER ledger_append_only ON ledger")
    else:
        plant("DROP TRIGGER ledger_append_only_update", "DROP TRIGGER ledger_append_only_delete")


@pytest.fixture
def scene(cast: Cast, books: Books) -> dict[str, int]:
    """Mei's request, one she took back, one over quota, and balances of Aurora's and of a rival's."""
    books.allow(limit(9, period="month"))
    books.allow(limit(5), limit(6, "category", cast.category), limit(2.5, "instrument", cast.bat, then="ask"))
    number, back = ask(cast), ask(cast, "12:00", "13:00")
    do(cast, back, "cancel")
    over = ask(cast, "14:00", "17:00", instrument="BAT-01")
    [(mine,)] = rows(sa.select(Balance.id).where(Balance.minutes == 300, Balance.held > 0))
    [(theirs,)] = rows(_of(cast.borealis))
    withdrawn = rows(sa.select(Balance.id).where(Balance.minutes == 540).order_by(Balance.id))[0].id
    return {"mine": mine, "theirs": theirs, "withdrawn": withdrawn, "number": number, "back": back, "over": over}


def _of(company: int) -> sa.Select[tuple[int]]:
    """The balance of a company's account in the year the bookings are in."""
    first = at("00:00").date().replace(month=1, day=1)
    theirs = sa.text("account_id = (SELECT id FROM account WHERE company_id = :company)").bindparams(company=company)
    return sa.select(Balance.id).where(theirs, Balance.starts_on == first)


LINE = "INSERT INTO ledger (balance_id, kind, minutes, booking_id, at, reason) SELECT {balance}, '{kind}', {minutes}, "
HOLD = LINE + "{booking}, max(at), '' FROM ledger"
PLANTED: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "a balance that says more than its lines": (("UPDATE balance SET held = held + 1 WHERE id = {mine}",), {ADDS_UP}),
    "a balance that was extended by nobody": (("UPDATE balance SET extended = 5 WHERE id = {mine}",), {ADDS_UP}),
    "a lost line": (("DELETE FROM ledger WHERE booking_id = {number} AND balance_id = {mine}",), {ADDS_UP, STANDS}),
    "all lines of a booking lost, and its balances with them": (
        (
            "UPDATE balance SET held = held - 120 "
            "WHERE id IN (SELECT balance_id FROM ledger WHERE booking_id = {number})",
            "DELETE FROM ledger WHERE booking_id = {number}",
        ),
        {STANDS},
    ),
    "a limit overstepped without a line": (
        ("UPDATE balance SET granted = 60, held = 360 WHERE id = {mine}",),
        {ADDS_UP, GRANTED},
    ),
    "a booking in another company's account": (
        (
            HOLD.format(balance="{theirs}", kind="hold", minutes=7, booking="{number}"),
            "UPDATE balance SET held = held + 7 WHERE id = {theirs}",
        ),
        {STANDS},
    ),
    "hours held for a booking that is over": (
        (
            HOLD.format(balance="{mine}", kind="hold", minutes=60, booking="{back}"),
            "UPDATE balance SET held = held + 60 WHERE id = {mine}",
        ),
        {STANDS},
    ),
    "hours still held of an allowance that was withdrawn": (
        (
            HOLD.format(balance="{withdrawn}", kind="hold", minutes=60, booking="{back}"),
            "UPDATE balance SET held = held + 60 WHERE id = {withdrawn}",
        ),
        {STANDS},
    ),
    "hours of a booking that there is not": (
        (
            HOLD.format(balance="{mine}", kind="hold", minutes=60, booking=4711),
            "UPDATE balance SET held = held + 60 WHERE id = {mine}",
        ),
        {STANDS},
    ),
    "used hours of a booking that waits": (
        (
            HOLD.format(balance="{mine}", kind="use", minutes=60, booking="{number}"),
            "UPDATE balance SET used = used + 60 WHERE id = {mine}",
        ),
        {STANDS},
    ),
    "a request over quota that holds its hours": (
        ("UPDATE booking SET over_quota = true WHERE id = {number}",),
        {STANDS},
    ),
    "a request that holds nothing and is not over quota": (
        ("UPDATE booking SET over_quota = false WHERE id = {over}",),
        {STANDS},
    ),
    "a charge that stands nowhere": (("UPDATE booking SET charge = 50 WHERE id = {back}",), {STANDS, COUNTED}),
    "a company without account": (
        (
            "DELETE FROM balance WHERE account_id = (SELECT account_id FROM balance WHERE id = {theirs})",
            "DELETE FROM allowance WHERE id NOT IN (SELECT allowance_id FROM balance)",
            "DELETE FROM account WHERE company_id IS NOT NULL AND id NOT IN (SELECT account_id FROM allowance)",
        ),
        {ACCOUNT},
    ),
}


def test_a_sound_account_has_no_breach(scene: dict[str, int]) -> None:
    assert breached() == {}


@pytest.mark.unsound
@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_breach_of_an_account_is_found(app: Flask, scene: dict[str, int], what: str) -> None:
    statements, names = PLANTED[what]
    without_guard()
    plant(*(statement.format(**scene) for statement in statements))
    assert set(breached()) == names


@pytest.mark.unsound  # a category comes from nowhere
def test_an_instrument_in_another_category_is_no_breach_whatever_becomes_of_its_bookings(
    cast: Cast, books: Books, turn: Turn
) -> None:
    books.allow(limit(20, "category", cast.category), limit(20, "category", 2))
    before = [booked(cast, f"{hour:02}:00", f"{hour + 1:02}:00") for hour in (9, 11, 13)]
    waiting = ask(cast, "18:00", "19:00")
    plant(
        "INSERT INTO category (id, name_en, name_zh) VALUES (2, 'Others', '其他')",
        f"UPDATE instrument SET category_id = 2 WHERE id = {cast.sem}",
    )
    assert breached() == {}
    turn("09:00")
    do(cast, before[0], "check-in")
    turn("09:30")
    do(cast, before[0], "check-out")
    do(cast, before[1], "cancel")
    assert breached() == {}
    bookings.judge(SYSTEM, before[2], turn("13:31"))
    do(cast, waiting, "reject", {"reason": "No."}, "li")
    assert breached() == {}
    plant(f"UPDATE instrument SET category_id = {cast.category} WHERE id = {cast.sem}")
    assert breached() == {}


def test_it_is_read_in_the_same_few_statements_however_many_bookings_there_are(
    cast: Cast, books: Books, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    books.allow(limit(20))
    counts = []
    for hour in (9, 12):
        for start in range(hour, hour + 3):
            ask(cast, f"{start:02}:00", f"{start:02}:30", instrument="BAT-01")
        db.session.rollback()
        with statements() as said, snapshot() as session:
            assert dict(wiring.CHECKS)[STANDS](session) == []
        counts.append(sum("SELECT" in one for one in said))
    assert counts == [4, 4]
    assert rows(sa.select(sa.func.count()).select_from(Line))[0][0] >= 12
