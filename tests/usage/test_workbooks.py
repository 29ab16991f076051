"""Workbooks: what stands in each cell is what JSON says, typed, and the same bytes whenever they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from openpyxl.workbook import Workbook

from labshare.booking import services as booking
from labshare.booking.services.asking import Draft
from labshare.kernel import clock
from labshare.kernel.slots import Slot
from labshare.people import services as people
from labshare.usage import services
from labshare.usage.figures import DAY, FIGURES, OF_COMPANY, OF_INSTRUMENT, OF_MONTH, RULES
from tests.booking.conftest import SHANGHAI, Turn, slot, turn
from tests.cast import Cast
from tests.usage.exports import CHINESE, FORMULA, lines, workbook, year

__all__ = ["turn", "year"]
SHEETS = ["Companies", "Instruments", "Months", "Corrections of closed years", "Definitions", "About"]


def same(cell: Any, value: Any, name: str) -> bool:
    """Is this what JSON says? A workbook keeps sixteen digits of a number, and days without their time."""
    if FIGURES[name].unit == DAY and value is not None:
        local = datetime.fromisoformat(value).astimezone(SHANGHAI)
        return bool(cell == datetime(local.year, local.month, local.day))  # noqa: DTZ001 - a cell knows no zone
    return bool(cell == (value if value is None or isinstance(value, int) else pytest.approx(value, rel=1e-14)))


def differing(line: dict[str, Any], said: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    """Which figures stand otherwise in the line than JSON says them."""
    return [name for name in names if not same(line[str(FIGURES[name].title)], said[name], name)]


@contextmanager
def closed(cast: Cast, year: int) -> Iterator[str]:
    """The year is over, was issued and is closed; its digest. It is 5 January."""
    with time_machine.travel(datetime(year + 1, 1, 2, tzinfo=SHANGHAI), tick=False) as travel:
        services.issue(cast.ada, year, 1)
        travel.move_to(datetime(year + 1, 1, 5, tzinfo=SHANGHAI))
        yield services.close(cast.ada, year).digest


def correct(cast: Cast, year: int) -> Slot:
    """Mei's first use took a quarter of an hour less than was noted; when it was."""
    [row] = cast.api("ada").get(f"/usage/service-records?year={year}&limit=2").json["items"][1:]
    start = datetime.fromisoformat(row["starts_at"])
    corrected = Slot(start, start + timedelta(minutes=5))
    booking.record(cast.li, row["booking_id"], corrected, 1, reason="=clock went wrong")
    return corrected


@pytest.mark.parametrize("door", ["api", "page"])
def test_every_cell_of_the_year_is_the_figure_of_the_json_door(cast: Cast, year: int, door: str) -> None:
    ada = cast.api("ada")
    if door == "api":
        book = workbook(ada.get(f"/usage/companies?year={year}&format=xlsx"))
    else:
        book = workbook(cast.browser("ada").get(f"/usage/companies.xlsx?year={year}"))
    assert book.sheetnames == SHEETS
    companies = ada.get(f"/usage/companies?year={year}").json["items"]
    told = lines(book, "Companies")
    assert [line["Company"] for line in told] == [one["company"]["name"] for one in companies] == [CHINESE, FORMULA]
    assert [differing(*both, OF_COMPANY) for both in zip(told, companies, strict=True)] == [[], []]
    instruments = ada.get(f"/usage/instruments?year={year}").json["items"]
    told = lines(book, "Instruments")
    assert [line["Code"] for line in told] == [one["instrument"]["code"] for one in instruments]
    assert [differing(*both, OF_INSTRUMENT) for both in zip(told, instruments, strict=True)] == [[], []]
    for one in companies:
        months = ada.get(f"/usage/companies/{one['company']['id']}?year={year}").json["months"]
        mine = {line["Month"]: line for line in lines(book, "Months") if line["Company"] == one["company"]["name"]}
        for month in months:
            if month["bookings"]:
                assert differing(mine.pop(month["month"]), month, OF_MONTH) == []
        assert mine == {}


def test_cells_are_typed_and_what_looks_like_a_formula_is_text(cast: Cast, year: int) -> None:
    book = workbook(cast.api("ada").get(f"/usage/companies?year={year}&format=xlsx"))
    sheet = book["Companies"]
    titles = [cell.value for cell in sheet[1]]
    kinds = {}
    for line in (2, 3):
        for title, cell in zip(titles, sheet[line], strict=True):
            if cell.value is not None:
                kinds.setdefault(title, set()).add((cell.data_type, cell.number_format))
    assert kinds["Company"] == {("s", "@")}
    assert kinds["Organisation code"] == {("s", "@")}
    assert kinds["Uses"] == kinds["No-shows"] == {("n", "0")}
    assert kinds["Effective hours"] == {("n", "0.00")}
    assert kinds["Estimated price"] == {("n", "#,##0.00")}
    assert kinds["First use"] == {("d", "yyyy-mm-dd")}
    assert {line["Company"]: line["Organisation code"] for line in lines(book, "Companies")} == {
        CHINESE: "91990000MA0000015Q",
        FORMULA: "91990000MA0000023K",
    }
    shares = dict(zip([cell.value for cell in book["Instruments"][1]], book["Instruments"][2], strict=True))
    assert shares["Utilisation"].number_format == "0.00%"
    assert not [
        cell for one in book for row in one.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink
    ]


def test_sheets_keep_their_header_in_sight_and_can_be_filtered(cast: Cast, year: int) -> None:
    for sheet in workbook(cast.api("ada").get(f"/usage/instruments?year={year}&format=xlsx")):
        assert sheet.freeze_panes is not None
        assert sheet.auto_filter.ref.startswith("A1:")
        assert all(sheet.column_dimensions[cell.column_letter].width > 9 for cell in sheet[1])


def test_every_figure_is_defined_and_the_rules_stand_with_them(cast: Cast, year: int) -> None:
    told = lines(workbook(cast.api("ada").get(f"/usage/companies?year={year}&format=xlsx")), "Definitions")
    figures = {line["Name in data"]: line["Meaning"] for line in told if line["Name in data"]}
    assert figures == {one.name: str(one.meaning) for one in FIGURES.values()}
    assert [line["Meaning"] for line in told if not line["Name in data"]] == [str(one) for one in RULES]


def test_a_workbook_says_what_it_is_and_nothing_of_when_it_was_made(cast: Cast, year: int) -> None:
    query = f"year={year}&site=EAST&category={cast.category}&rated_hours=800"
    book = workbook(cast.api("ada").get(f"/usage/instruments?{query}&format=xlsx"))
    assert book.sheetnames[:2] == ["Instruments", "Companies"]
    assert {line["About"]: line["Value"] for line in lines(book, "About")} == {
        "Year": year,
        "State": "Draft",
        "Site": "EAST",
        "Category": "Electron microscopes",
        "Rated hours": 800,
        "For": "The laboratory",
    }
    assert book.properties.created == datetime(2000, 1, 1)  # noqa: DTZ001 - as it is written


def test_a_workbook_speaks_its_readers_language(cast: Cast, year: int) -> None:
    chinese = {"Accept-Language": "zh"}
    book = workbook(cast.api("ada").get(f"/usage/companies?year={year}&format=xlsx", headers=chinese))
    assert book.sheetnames[2] == "月度"
    assert book.sheetnames[4:] == ["指标定义", "说明"]
    assert [line["代码"] for line in lines(book, 1)] == ["BAT-01", "SEM-01"]
    assert lines(book, 1)[1]["仪器"] == "扫描电子显微镜"


def test_two_exports_of_a_year_are_the_same_to_the_last_byte(cast: Cast, year: int, turn: Turn) -> None:
    address = f"/usage/companies?year={year}&format=xlsx"
    before = cast.api("ada").get(address).data
    turn("23:00")
    assert cast.api("ada").get(address).data == before


def test_a_closed_year_prints_the_same_bytes_whatever_happens_afterwards(cast: Cast, year: int) -> None:
    addresses = [
        f"/usage/{one}year={year}&format={form}"
        for one, form in (
            *(("companies?", "xlsx"), ("companies?", "csv"), ("instruments?", "xlsx"), ("instruments?", "csv")),
            *((f"companies/{cast.aurora}?", "xlsx"), ("instruments/SEM-01?", "xlsx")),
        )
    ]
    with closed(cast, year) as digest:
        before = [cast.api("ada").get(address).data for address in addresses]
        own = cast.api("chen").get(f"{addresses[0]}&site=WEST").data
        about = {line["About"]: line["Value"] for line in lines(workbook(cast.api("ada").get(addresses[0])), "About")}
        assert (about["State"], about["Digest (SHA-256)"]) == ("Closed", digest)
        people.change_company(cast.ada, cast.aurora, {"name": "Aurora Displays Holding"})
        changed = cast.api("ada").patch("/instruments/SEM-01", {"name_en": "Microscope", "owner": cast.borealis})
        assert changed.status_code == 200
        correct(cast, year)
        with time_machine.travel(clock.now() + timedelta(days=400), tick=False):
            assert [cast.api("ada").get(address).data for address in addresses] == before
            assert cast.api("chen").get(f"{addresses[0]}&site=WEST").data == own


def test_corrections_of_closed_years_stand_on_a_sheet_of_their_own(cast: Cast, year: int) -> None:
    address = f"/usage/companies?year={year + 1}&format=xlsx"
    with closed(cast, year):
        slot = correct(cast, year)
        [line] = lines(workbook(cast.api("ada").get(address)), SHEETS[3])
        month = slot.start.astimezone(SHANGHAI).month
        assert (line["Of the year"], line["Month"], line["Code"]) == (year, month, "SEM-01")
        assert (line["Company"], line["Corrected on"]) == (CHINESE, datetime(year + 1, 1, 5))  # noqa: DTZ001 - a cell
        assert (line["Effective hours"], line["Uses"], line["Reason"]) == (-0.25, 0, "=clock went wrong")
        assert lines(workbook(cast.api("chen").get(address)), SHEETS[3]) == [line]
        assert lines(workbook(cast.api("bo").get(address)), SHEETS[3]) == []
        assert lines(workbook(cast.api("ada").get(f"{address}&site=WEST")), SHEETS[3]) == []


def test_a_companys_statement_has_its_year_its_months_and_its_instruments(cast: Cast, year: int) -> None:
    said = cast.api("chen").get(f"/usage/companies/{cast.aurora}?year={year}").json
    for answer in (
        cast.api("chen").get(f"/usage/companies/{cast.aurora}?year={year}&format=xlsx"),
        cast.browser("chen").get(f"/companies/{cast.aurora}/usage.xlsx?year={year}"),
    ):
        book = workbook(answer)
        assert f"usage-company-{cast.aurora}-{year}.xlsx" in answer.headers["Content-Disposition"]
        assert book.sheetnames == ["Year", "Months", "Instruments", "Definitions", "About"]
        figures = {line["Figure"]: line["Value"] for line in lines(book, "Year")}
        assert differing(figures, said, OF_COMPANY) == []
        assert [differing(*both, OF_MONTH) for both in zip(lines(book, "Months"), said["months"], strict=True)] == [
            [] for _ in range(12)
        ]
        assert [line["Code"] for line in lines(book, "Instruments")] == ["SEM-01"]
        assert differing(lines(book, "Instruments")[0], said["parts"][0], OF_MONTH) == []


def test_an_instruments_statement_names_companies_to_the_laboratory_only(cast: Cast, year: int) -> None:
    answer = cast.api("li").get(f"/usage/instruments/BAT-01?year={year}&format=xlsx")
    assert lines(workbook(answer), "Companies")[0]["Company"] == FORMULA
    assert f"usage-BAT-01-{year}.xlsx" in answer.headers["Content-Disposition"]
    cast.api("ada").patch("/instruments/BAT-01", {"owner": cast.aurora})
    book = workbook(cast.browser("mei").get(f"/usage/instruments/BAT-01.xlsx?year={year}"))
    assert book.sheetnames == ["Year", "Months", "Definitions", "About"]
    assert not says(book, FORMULA)


def says(book: Workbook, what: str) -> bool:
    return any(what in str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row)


def test_a_workbook_asks_as_much_however_many_have_booked(
    cast: Cast, year: int, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    addresses = [
        f"/usage/companies?year={year}&format=xlsx",
        f"/usage/instruments?year={year}&format=csv",
        f"/usage/companies/{cast.aurora}?year={year}&format=xlsx",
        f"/usage/instruments/SEM-01?year={year}&format=xlsx",
        f"/usage/service-records?year={year}&format=csv",
    ]
    ada = cast.api("ada")

    def costs() -> list[int]:
        found = []
        for address in addresses:
            ada.get(address)
            with statements() as said:
                assert ada.get(address, buffered=True).status_code == 200
            found.append(len(said))
        return found

    before = costs()
    for day in range(1, 6):
        for who, start, end in ((cast.mei, "09:00", "10:00"), (cast.bo, "13:00", "14:00")):
            for code in ("BAT-01", "SEM-01"):
                booking.request(who, Draft(code, slot(start, end, day), "Cells"))
    assert costs() == before
    assert max(before) <= 40
