"""Extending a limit by the page: the period that runs, the one to come, and a form that was refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from labshare.kernel import clock
from labshare.quotas import queries
from tests.cast import Cast
from tests.quotas.conftest import Books, limit


@pytest.fixture
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "source", lambda: datetime(2026, 11, 10, 9, tzinfo=UTC))


def page(cast: Cast, who: str, year: int) -> str:
    answer = cast.browser(who).get(f"/companies/{cast.aurora}/account?year={year}")
    assert answer.status_code == 200
    return answer.text


def extendable(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'name="allowance" value="(\d+)"', text)]


def test_each_limits_next_period_is_shown_and_can_be_extended(november: None, cast: Cast, books: Books) -> None:
    books.allow(limit(10, period="month"), limit(50))
    ids = {
        (one.period, one.starts_on.isoformat()): one.id
        for year in (2026, 2027)
        for one in queries.statement(cast.ada, cast.aurora, year).standings
    }
    december, next_year = ids["month", "2026-12-01"], ids["year", "2027-01-01"]
    text = page(cast, "ada", 2026)
    assert set(extendable(text)) == {ids["month", "2026-11-01"], december, ids["year", "2026-01-01"]}
    assert "The next period of each limit" in text
    assert set(extendable(page(cast, "ada", 2027))) == {ids["month", "2027-01-01"], next_year}
    mine = page(cast, "mei", 2026)
    assert "December 2026" in mine
    assert "Extend once" not in mine

    path = f"/companies/{cast.aurora}/account/extend"
    for number, year in ((december, 2026), (next_year, 2027)):
        said = {"allowance": number, "hours": "3", "reason": "Ahead of the fair.", "year": year}
        sent = cast.browser("ada").post(path, data=said)
        assert (sent.status_code, sent.location) == (303, f"/companies/{cast.aurora}/account?year={year}")
    assert "13 h left of 13 h" in page(cast, "mei", 2026)
    assert "53 h left of 53 h" in page(cast, "mei", 2027)


@pytest.mark.parametrize(("hours", "status"), [("much", 422), ("-9", 409)])
def test_a_refused_extension_shows_the_same_year_with_what_was_typed(
    november: None, cast: Cast, books: Books, hours: str, status: int
) -> None:
    books.allow(limit(10, period="month"))
    january = min(queries.statement(cast.ada, cast.aurora, 2027).standings, key=lambda one: one.starts_on)
    said = {"allowance": january.id, "hours": hours, "reason": "Ahead of the fair.", "year": "2027"}
    answer = cast.browser("ada").post(f"/companies/{cast.aurora}/account/extend", data=said)
    assert answer.status_code == status
    assert "Account of hours 2027" in answer.text
    assert f'value="{hours}"' in answer.text
    assert 'value="Ahead of the fair."' in answer.text
    assert re.search(r'<details class="stack" open>\s*<summary><strong>The next period of each limit', answer.text)


def test_a_year_that_is_none_is_refused_as_everywhere(cast: Cast, books: Books) -> None:
    books.allow(limit(10))
    said = {"allowance": "1", "hours": "1", "reason": "Why not.", "year": "x"}
    assert cast.browser("ada").post(f"/companies/{cast.aurora}/account/extend", data=said).status_code == 422
