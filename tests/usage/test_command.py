"""`labshare usage`: what the doors hand out, on standard output or in a file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from labshare.cli import main
from tests.booking.conftest import turn
from tests.cast import Cast
from tests.usage.exports import CHINESE, PURPOSES, year

__all__ = ["turn", "year"]


@pytest.fixture
def run(cast: Cast, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `labshare usage …` on the test's database, in a folder of its own."""
    monkeypatch.setenv("LABSHARE_DATABASE_URL", database_url)
    monkeypatch.setenv("LABSHARE_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def running(*words: Any) -> Result:
        return CliRunner().invoke(main, ["usage", *map(str, words)])

    return running


@pytest.mark.parametrize("what", ["companies", "instruments"])
def test_json_and_sheets_are_those_of_the_door(cast: Cast, year: int, run: Any, what: str) -> None:
    said = run(year, "--format", "json", "--what", what)
    assert (said.exit_code, said.stderr) == (0, "")
    assert json.loads(said.stdout) == cast.api("ada").get(f"/usage/{what}?year={year}").json
    sheet = run(year, "--format", "csv", "--what", what)
    assert sheet.stdout_bytes == cast.api("ada").get(f"/usage/{what}?year={year}&format=csv").data


def test_a_workbook_is_a_file_whose_name_is_printed(cast: Cast, year: int, run: Any, tmp_path: Path) -> None:
    done = run(year, "--format", "xlsx")
    assert (done.exit_code, done.stdout) == (0, f"usage-{year}.xlsx\n")
    written = (tmp_path / f"usage-{year}.xlsx").read_bytes()
    assert written == cast.api("ada").get(f"/usage/companies?year={year}&format=xlsx").data
    done = run(year, "--format", "xlsx", "--output", "year.xlsx", "--language", "zh")
    assert (done.exit_code, done.stdout) == (0, "year.xlsx\n")
    assert openpyxl.load_workbook(tmp_path / "year.xlsx").sheetnames[-1] == "说明"


def test_service_records_come_in_every_form(cast: Cast, year: int, run: Any, tmp_path: Path) -> None:
    said = run(year, "--format", "json", "--what", "service-records")
    answer = cast.api("ada").get(f"/usage/service-records?year={year}").json
    assert json.loads(said.stdout) == answer
    assert run(year, "--what", "service-records", "--output", "records.csv").stdout == ""
    with (tmp_path / "records.csv").open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    assert [one["Applicant's unit"] for one in told][-1] == CHINESE
    assert len(told) == len(PURPOSES) + 1
    done = run(year, "--format", "xlsx", "--what", "service-records")
    assert done.stdout == f"service-records-{year}.xlsx\n"
    sheet = openpyxl.load_workbook(io.BytesIO((tmp_path / f"service-records-{year}.xlsx").read_bytes())).active
    assert sheet.max_row == len(told) + 1


def test_a_year_of_which_nothing_is_known_is_empty_and_no_fault(cast: Cast, run: Any) -> None:
    assert json.loads(run(2001, "--format", "json").stdout)["items"] == []
    assert len(run(2001, "--format", "csv").stdout.splitlines()) == 1
    assert json.loads(run(2001, "--format", "json", "--what", "service-records").stdout) == {"items": [], "next": None}
    assert run(1999).exit_code == 2
    assert run(2026, "--format", "pdf").exit_code == 2
