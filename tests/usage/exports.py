"""What the tests of exports share: a year in which names look like formulas, and ways to read files back."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from labshare.kernel import clock
from labshare.people import services as people
from tests.booking.conftest import Turn
from tests.booking.test_using import booked, do
from tests.cast import Cast

CHINESE = "成都极光显示技术有限公司"
FORMULA = '=HYPERLINK("http://x")'
PURPOSES = ("=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", "断口形貌，第 1 批")


@pytest.fixture
def year(cast: Cast, turn: Turn) -> int:
    """Mei's company has a Chinese name and purposes like formulas, Bo's is called like one; both used something."""
    people.change_company(cast.ada, cast.aurora, {"name": CHINESE})
    people.change_company(cast.ada, cast.borealis, {"name": FORMULA})
    mine = [booked(cast, f"{hour:02}:00", f"{hour:02}:30", purpose=said) for hour, said in enumerate(PURPOSES, 9)]
    other = booked(cast, "08:00", "09:00", "bo", instrument="BAT-01")
    turn("08:00")
    do(cast, other, "check-in", who="bo")
    turn("08:50")
    do(cast, other, "check-out", {"samples": 3}, who="bo")
    for hour, number in enumerate(mine, 9):
        turn(f"{hour:02}:00")
        do(cast, number, "check-in")
        turn(f"{hour:02}:20")
        assert do(cast, number, "check-out", {"samples": 1}).status_code == 200
    return clock.now().year


def workbook(answer: Any) -> Workbook:
    """The workbook that was handed out, read by another library than wrote it."""
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return openpyxl.load_workbook(io.BytesIO(answer.data))


def lines(book: Workbook, sheet: str | int) -> list[dict[str, Any]]:
    """The lines of a sheet, by the titles of its columns."""
    rows = list((book.worksheets[sheet] if isinstance(sheet, int) else book[sheet]).iter_rows(values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def table(answer: Any) -> list[dict[str, str]]:
    """The CSV that was handed out."""
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
