"""`labshare usage`: a year's figures as a sheet, a workbook or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import click
from flask_babel import force_locale

from labshare.cli.frame import in_house, main
from labshare.kernel.actor import SYSTEM
from labshare.usage import queries, service_record, sheet, workbook
from labshare.usage.reports import Sought
from labshare.usage.schemas import (
    CSV,
    FIRST_YEAR,
    FORMATS,
    LAST_YEAR,
    XLSX,
    ServiceRecordOut,
    company_out,
    instrument_out,
)
from labshare.web.i18n import LANGUAGES, LOCALES

COMPANIES, INSTRUMENTS, SERVICE_RECORDS = WHAT = ("companies", "instruments", "service-records")


@main.command("usage")
@click.argument("year", type=click.IntRange(FIRST_YEAR, LAST_YEAR))
@click.option("--format", "form", type=click.Choice(FORMATS), default=CSV, show_default=True)
@click.option("--what", type=click.Choice(WHAT), default=COMPANIES, show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option("--language", type=click.Choice(tuple(LANGUAGES)), default="en", show_default=True)
@in_house
def usage(year: int, form: str, what: str, output: Path | None, language: str) -> None:
    """Write a year's figures to standard output; a workbook to a file, whose name is printed."""
    with force_locale(LOCALES[language]):
        if form == XLSX:
            click.echo(_workbook(year, what, output))
            return
        pieces = _csv(year, what) if form == CSV else _json(year, what)
        _write((piece.encode() for piece in pieces), output)


def _workbook(year: int, what: str, output: Path | None) -> str:
    """The name of the file that was written."""
    if what == SERVICE_RECORDS:
        path = output or Path(f"service-records-{year}.xlsx")
        with path.open("wb") as out:
            service_record.as_workbook(SYSTEM, year, out)
        return str(path)
    path = output or Path(f"usage-{year}.xlsx")
    path.write_bytes(workbook.of_year(SYSTEM, Sought(year), instruments_first=what == INSTRUMENTS))
    return str(path)


def _csv(year: int, what: str) -> Iterable[str]:
    if what == SERVICE_RECORDS:
        return service_record.as_csv(SYSTEM, year)
    return [sheet.companies(SYSTEM, Sought(year)) if what == COMPANIES else sheet.instruments(SYSTEM, Sought(year))]


def _json(year: int, what: str) -> Iterator[str]:
    """What the JSON door answers; service records all in one list."""
    if what == SERVICE_RECORDS:
        shape = ServiceRecordOut()
        yield '{"items":['
        for number, values in enumerate(service_record.every(SYSTEM, year)):
            yield ("," if number else "") + _said(shape.dump(values))
        yield '],"next":null}\n'
        return
    items = (
        [company_out(one) for one in queries.companies(SYSTEM, Sought(year))]
        if what == COMPANIES
        else [instrument_out(one) for one in queries.instruments_of(SYSTEM, Sought(year))]
    )
    yield _said({"year": year, "state": queries.state(year), "items": items}) + "\n"


def _said(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _write(pieces: Iterator[bytes], output: Path | None) -> None:
    first = next(pieces)  # asked for before the file is opened: a refusal leaves nothing behind
    if output is None:
        for piece in chain([first], pieces):
            click.echo(piece, nl=False)
        return
    with output.open("wb") as out:
        out.writelines(chain([first], pieces))
