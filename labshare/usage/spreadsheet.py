"""Workbooks: typed cells on named sheets, and the same bytes again for the same content, whenever they are made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

import xlsxwriter

from labshare.usage.figures import CNY, COUNT, DAY, FIGURES, HOURS, MEAN, PERCENT
from labshare.web.i18n import LOCAL, say

TEXT, MOMENT = "text", "moment"
FORMATS = {
    TEXT: "@",  # codes of eighteen digits stay as they are, also where somebody edits the cell
    COUNT: "0",
    HOURS: "0.00",
    MEAN: "0.00",
    PERCENT: "0.00%",
    CNY: "#,##0.00",
    DAY: "yyyy-mm-dd",
    MOMENT: "yyyy-mm-dd hh:mm:ss",
}
WIDTHS = {TEXT: 24, COUNT: 11, HOURS: 12, MEAN: 12, PERCENT: 12, CNY: 15, DAY: 12, MOMENT: 20}
WIDE = 40  # text of a column that is wider runs over several lines
MOST_LINES = 2**20 - 1  # of a sheet, below its header
_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - written into every workbook, so that its bytes tell nothing of today
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")  # what XML cannot hold; control characters can be escaped
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its title as the reader reads it, and how its values are written."""

    title: str
    unit: str = TEXT
    width: int = 0


@dataclass(frozen=True)
class Cell:
    """A value that is written otherwise than its column."""

    unit: str
    value: Any


def figure(name: str) -> Column:
    """The column of a figure."""
    return Column(say(FIGURES[name].title), FIGURES[name].unit)


class Workbook:
    """A workbook being written; `long` keeps one line in memory at a time, and lines must come in their order."""

    def __init__(self, out: IO[bytes], *, long: bool = False) -> None:
        self._book = xlsxwriter.Workbook(out, {**_OPTIONS, "in_memory": not long, "constant_memory": long})
        self._book.set_properties({"author": "LabShare", "created": _MADE})
        self._formats = {unit: self._book.add_format({"num_format": said}) for unit, said in FORMATS.items()}
        self._prose = self._book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        self._head = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})

    def sheet(self, title: str, columns: Sequence[Column], lines: Iterable[Sequence[Any]], *, still: int = 1) -> None:
        """A sheet of one header line and one line each; the first `still` columns stay in sight. At most MOST_LINES."""
        sheet = self._book.add_worksheet(title)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width or WIDTHS[column.unit])
            sheet.write_string(0, place, column.title, self._head)
        sheet.freeze_panes(1, still)
        number = 0
        for number, line in enumerate(lines, 1):
            for place, (column, value) in enumerate(zip(columns, line, strict=True)):
                self._write(sheet, number, place, column, value)
        sheet.autofilter(0, 0, number, len(columns) - 1)

    def _write(self, sheet: Any, line: int, place: int, column: Column, value: Any) -> None:
        unit, said = (value.unit, value.value) if isinstance(value, Cell) else (column.unit, value)
        how = self._formats[unit]
        if said is None:
            return
        if unit == TEXT:
            wide = column.width > WIDE
            sheet.write_string(line, place, _NO_XML.sub("\ufffd", str(said)), self._prose if wide else how)
        elif unit == DAY:
            sheet.write_datetime(line, place, _day(said), how)
        elif unit == MOMENT:
            sheet.write_datetime(line, place, said.astimezone(LOCAL).replace(tzinfo=None), how)
        else:
            sheet.write_number(line, place, said, how)

    def close(self) -> None:
        """Write it out."""
        self._book.close()


def _day(said: str | datetime) -> date:
    """The day of a moment where the laboratory is; of one in words too."""
    moment = datetime.fromisoformat(said) if isinstance(said, str) else said
    return moment.astimezone(LOCAL).date()
