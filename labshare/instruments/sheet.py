"""The catalogue as a sheet: its columns, what their cells mean, and every fault with its line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from labshare.instruments.models import MODES, STATES
from labshare.kernel.errors import N_, Invalid, Text

MOST_LINES = 5000

MODE_WORDS = {
    "self": "self_operated",
    "assisted": "assisted",
    "commissioned": "commissioned",
    "self in clean room": "self_operated_clean_room",
    "long run, per channel": "long_run",
} | {mode: mode for mode in MODES}
YES_NO = {
    "yes": True,
    "true": True,
    "1": True,
    "是": True,
    "no": False,
    "false": False,
    "0": False,
    "否": False,
}


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong at one place of the sheet; `column` is empty where it is the line as a whole."""

    line: int
    column: str
    message: Text = field(compare=False)


@dataclass(frozen=True)
class Line:
    """One instrument as the sheet has it: its values by field; absent where not said."""

    number: int
    values: dict[str, Any]


class BadSheet(Invalid):
    """A sheet with faults; nothing of it was brought in."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        said: dict[str, list[Text]] = {}
        for fault in self.faults:
            said.setdefault(f"{fault.line}:{fault.column}", []).append(fault.message)
        super().__init__(N_("Nothing was brought in: the sheet has faults."), code="bad_sheet", fields=said)


class BadCell(ValueError):
    """A cell that does not say what its column asks for; carries the sentence."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(str(message))


def _text(said: str) -> str:
    return said


def _whole(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) <= 15):
        raise BadCell(N_("Must be a whole number."))
    return int(said)


def _amount(said: str) -> Decimal:
    try:
        amount = Decimal(said) if len(said) <= 15 and said.isascii() else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise BadCell(N_("Must be a number."))
    return amount


def _yes_no(said: str) -> bool:
    if said.lower() not in YES_NO:
        raise BadCell(N_("Must be yes or no."))
    return YES_NO[said.lower()]


def _modes(said: str) -> tuple[str, ...]:
    words = [word.strip().lower() for word in said.split("|")]
    if unknown := [word for word in words if word not in MODE_WORDS]:
        raise BadCell(N_("There is no booking mode %(name)s.", name=f"“{unknown[0][:40]}”"))
    return tuple(MODE_WORDS[word] for word in words)


def _state(said: str) -> str:
    if said not in STATES:
        raise BadCell(N_("There is no such state."))
    return said


@dataclass(frozen=True)
class Column:
    """A column of the sheet: the field it fills, how its cells are read, and whether a line must fill it."""

    name: str
    fills: str
    read: Callable[[str], Any] = _text
    required: bool = False


COLUMNS = (
    Column("code", "code", required=True),
    Column("name_en", "name_en", required=True),
    Column("name_zh", "name_zh", required=True),
    Column("category_en", "category", required=True),
    Column("category_zh", "category_zh"),
    Column("class_code", "class_code"),
    Column("manufacturer", "manufacturer"),
    Column("model", "model"),
    Column("original_value_cny", "original_value_cny", _whole),
    Column("booking_mode", "booking_modes", _modes, required=True),
    Column("granularity_min", "granularity_minutes", _whole, required=True),
    Column("min_len_min", "min_minutes", _whole, required=True),
    Column("max_len_min", "max_minutes", _whole, required=True),
    Column("warmup_min", "warmup_minutes", _whole),
    Column("qualification_required", "qualification_required", _yes_no),
    Column("rate_cny_per_hour", "rate_cny_per_hour", _amount, required=True),
    Column("maintenance", "maintenance_note"),
    Column("owner_org_id", "owner_org_id"),
    Column("site", "site"),
    Column("location", "location"),
    Column("status", "state", _state),
    Column("channels", "channels", _whole),
    Column("cooldown_min", "cooldown_minutes", _whole),
    Column("notice_min", "notice_minutes", _whole),
    Column("horizon_days", "horizon_days", _whole),
    Column("decide_min", "decide_minutes", _whole),
    Column("check_in_min", "check_in_minutes", _whole),
    Column("grace_min", "grace_minutes", _whole),
    Column("late_min", "late_minutes", _whole),
    Column("overtime_min", "overtime_minutes", _whole),
    Column("early_min", "early_minutes", _whole),
    Column("auto_end_min", "auto_end_minutes", _whole),
    Column("cancel_min", "cancel_minutes", _whole),
    Column("late_cancel_percent", "late_cancel_percent", _whole),
    Column("no_show_percent", "no_show_percent", _whole),
    Column("approval", "approval_required", _yes_no),
    Column("description", "description"),
)
BY_NAME = {column.name: column for column in COLUMNS}
COLUMN_OF = {column.fills: column.name for column in COLUMNS}
EMPTIED = frozenset({"manufacturer", "model", "class_code", "location", "maintenance_note", "description"})


def read(text: str) -> tuple[list[Line], list[Fault]]:
    """The lines of a sheet and every fault of form in it; byte-order mark and blank lines are passed over."""
    faults: list[Fault] = []
    lines: list[Line] = []
    header: list[str] | None = None
    try:
        for number, cells in records(text.removeprefix("\ufeff")):
            if header is None:
                header = [cell.strip() for cell in cells]
                faults += _header_faults(number, header)
                if faults:
                    return [], faults
            elif len(cells) != len(header):
                message = N_("Has %(found)s cells instead of %(wanted)s.", found=len(cells), wanted=len(header))
                faults.append(Fault(number, "", message))
            elif len(lines) >= MOST_LINES:
                return [], [Fault(number, "", N_("A sheet has at most %(most)s lines.", most=MOST_LINES))]
            else:
                lines.append(_line(number, dict(zip(header, cells, strict=True)), faults))
    except Unreadable as error:
        faults.append(Fault(error.line, "", N_("This line cannot be read as CSV.")))
    if not lines and not faults:
        faults.append(Fault(1, "", N_("The sheet is empty.")))
    return lines, faults


class Unreadable(Exception):
    """A line that is no CSV."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"line {line}")


def records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that has any, with its number; raises Unreadable."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(start) from error


def _header_faults(number: int, header: list[str]) -> list[Fault]:
    faults = [
        Fault(number, name[:60], N_("There is no such column."))
        for name in dict.fromkeys(header)
        if name not in BY_NAME
    ]
    faults += [
        Fault(number, name, N_("This column stands there twice."))
        for name in dict.fromkeys(header)
        if name in BY_NAME and header.count(name) > 1
    ]
    faults += [
        Fault(number, column.name, N_("This column is missing."))
        for column in COLUMNS
        if column.required and column.name not in header
    ]
    return faults


def _line(number: int, cells: dict[str, str], faults: list[Fault]) -> Line:
    values: dict[str, Any] = {}
    for name, cell in cells.items():
        column, said = BY_NAME[name], cell.strip()
        if said or column.fills in EMPTIED:
            try:
                values[column.fills] = column.read(said)
            except BadCell as error:
                faults.append(Fault(number, name, error.message))
        elif column.required:
            faults.append(Fault(number, name, N_("Please fill this in.")))
    return Line(number, values)
