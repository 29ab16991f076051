"""Sums that many add to: at the end of a transaction, all of it or nothing, and nobody's part is lost."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from labshare.booking.models import Tally
from labshare.kernel.db import Transaction, rows, table_of, transaction
from tests.beside import Together
from tests.cast import Cast

_tally = table_of(Tally)
pytestmark = pytest.mark.unsound  # nothing has happened that these would add up


def add(tx: Transaction, cast: Cast, month: int, **amounts: int) -> None:
    tx.add_up(_tally, (2026, month, cast.aurora, cast.sem), amounts)


def sums() -> list[tuple[int, int, int]]:
    return [(row.month, row.asked, row.uses) for row in rows(sa.select(_tally).order_by(_tally.c.month))]


def test_a_row_is_begun_and_then_added_to(cast: Cast) -> None:
    for _ in range(2):
        with transaction() as tx:
            add(tx, cast, 3, asked=2)
            add(tx, cast, 3, asked=1, uses=4)
            add(tx, cast, 5, asked=7)
            assert sums() in ([], [(3, 3, 4), (5, 7, 0)]), "they are written at the end"
    assert sums() == [(3, 6, 8), (5, 14, 0)]


def test_what_comes_to_nothing_is_not_written(cast: Cast) -> None:
    with transaction() as tx:
        add(tx, cast, 3, asked=2)
        add(tx, cast, 3, asked=-2)
    assert sums() == []


def fail(cast: Cast) -> None:
    with transaction() as tx:
        add(tx, cast, 3, asked=2)
        raise LookupError


def test_what_fails_adds_nothing(cast: Cast) -> None:
    with pytest.raises(LookupError):
        fail(cast)
    assert sums() == []


def test_many_rows_are_one_statement(cast: Cast) -> None:
    with transaction() as tx:
        for year in range(2000, 2100):
            tx.add_up(_tally, (year, 1, cast.aurora, cast.sem), {"asked": year})
    assert [row.asked for row in rows(sa.select(_tally.c.asked).order_by(_tally.c.year))] == list(range(2000, 2100))


def test_those_who_add_to_the_same_rows_in_different_orders_wait_in_turn(cast: Cast, together: Together) -> None:
    def adding(*months: int) -> bool:
        for _ in range(20):
            with transaction() as tx:
                for month in months:
                    add(tx, cast, month, asked=1)
        return True

    assert together(lambda: adding(1, 2, 3), lambda: adding(3, 2, 1), lambda: adding(2, 3, 1)) == [True, True, True]
    assert [asked for _month, asked, _uses in sums()] == [60, 60, 60]
