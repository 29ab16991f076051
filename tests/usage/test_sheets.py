"""Sheets: one header line of the names on the wire, one line each, and no cell a spreadsheet could run."""

from __future__ import annotations

from typing import Any

import pytest

from labshare.usage.figures import OF_COMPANY, OF_INSTRUMENT
from labshare.usage.sheet import COMPANY, INSTRUMENT, text
from tests.booking.conftest import turn
from tests.cast import Cast
from tests.usage.exports import CHINESE, FORMULA, table, year

__all__ = ["turn", "year"]


def written(value: Any) -> str:
    return "" if value is None else str(value)


def test_every_company_is_one_line_of_what_json_says(cast: Cast, year: int) -> None:
    answer = cast.api("ada").get(f"/usage/companies?year={year}&format=csv")
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="usage-companies-{year}.csv"')
    told, items = table(answer), cast.api("ada").get(f"/usage/companies?year={year}").json["items"]
    assert answer.text.split("\r\n")[0] == ",".join((*COMPANY, *OF_COMPANY))
    assert answer.text.count("\r\n") == 3  # the header and two companies: no totals, no notes
    assert [line["company"] for line in told] == [CHINESE, f"'{FORMULA}"]
    for line, one in zip(told, items, strict=True):
        assert (line["company_id"], line["org_id"]) == (str(one["company"]["id"]), one["org_id"])
        assert {name: line[name] for name in OF_COMPANY} == {name: written(one[name]) for name in OF_COMPANY}


def test_every_instrument_is_one_line_of_what_json_says(cast: Cast, year: int) -> None:
    told = table(cast.api("li").get(f"/usage/instruments?year={year}&rated_hours=800&format=csv"))
    items = cast.api("li").get(f"/usage/instruments?year={year}&rated_hours=800").json["items"]
    assert list(told[0]) == [*INSTRUMENT, *OF_INSTRUMENT]
    for line, one in zip(told, items, strict=True):
        assert (line["code"], line["owner"]) == (one["instrument"]["code"], one["owner"]["name"])
        assert {name: line[name] for name in OF_INSTRUMENT} == {name: written(one[name]) for name in OF_INSTRUMENT}


def test_browsers_are_told_that_it_is_unicode_and_programs_are_not_troubled_with_it(cast: Cast, year: int) -> None:
    for what in ("companies", "instruments"):
        page = cast.browser("ada").get(f"/usage/{what}.csv?year={year}")
        plain = cast.api("ada").get(f"/usage/{what}?year={year}&format=csv")
        assert page.data == b"\xef\xbb\xbf" + plain.data
        assert page.headers["Content-Disposition"] == plain.headers["Content-Disposition"]


@pytest.mark.parametrize("said", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\n@SUM(A1)", " +1+1", "%0A=1"])
def test_text_that_looks_like_a_formula_is_marked_as_text(said: str) -> None:
    assert text([[said]]).lstrip('"').startswith("'")


@pytest.mark.parametrize("said", ["断口形貌", "a=b", "  plain", "", "91990000MA0000015Q"])
def test_other_text_stays_as_it_is(said: str) -> None:
    assert text([[said, 1]]) == f"{said},1\r\n"


def test_numbers_below_nothing_stay_numbers() -> None:
    assert text([[-0.75, -1, None]]) == "-0.75,-1,\r\n"
