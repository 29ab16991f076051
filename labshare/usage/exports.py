"""Yearly figures as files to be saved; `mark` is what stands before the text for programs that need a sign."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import chain, islice
from typing import IO

from flask import Response

from labshare.kernel.actor import Actor
from labshare.usage import service_record, sheet, workbook
from labshare.usage.reports import Sought
from labshare.web import files

CSV, XLSX = "csv", "xlsx"
_PIECE = 1 << 16  # bytes


def companies(actor: Actor, sought: Sought, form: str, mark: str = "") -> Response:
    """The companies of the year; the workbook has the rest of the year with them. Raises Forbidden."""
    name = f"usage-companies-{sought.year}.{form}"
    if form == CSV:
        return files.sheet(name, mark + sheet.companies(actor, sought), files.CSV)
    return files.sheet(name, workbook.of_year(actor, sought), files.XLSX)


def instruments(actor: Actor, sought: Sought, form: str, mark: str = "") -> Response:
    """The instruments of the year; the workbook has the rest of the year with them. Raises Forbidden."""
    name = f"usage-instruments-{sought.year}.{form}"
    if form == CSV:
        return files.sheet(name, mark + sheet.instruments(actor, sought), files.CSV)
    return files.sheet(name, workbook.of_year(actor, sought, instruments_first=True), files.XLSX)


def company(actor: Actor, company_id: int, year: int) -> Response:
    """A company's statement. Raises NotFound, Forbidden."""
    content = workbook.of_company(actor, company_id, year)
    return files.sheet(f"usage-company-{company_id}-{year}.xlsx", content, files.XLSX)


def instrument(actor: Actor, code: str, year: int, rated_hours: int | None = None) -> Response:
    """An instrument's statement. Raises NotFound, Forbidden."""
    content = workbook.of_instrument(actor, code, year, rated_hours)
    return files.sheet(f"usage-{code}-{year}.xlsx", content, files.XLSX)


def service_records(actor: Actor, year: int, form: str, mark: str = "") -> Response:
    """The national service record, sent piece by piece. Raises Conflict for more lines than a workbook holds."""
    name = f"service-records-{year}.{form}"
    if form == CSV:
        return files.sheet(name, _begun(mark, service_record.as_csv(actor, year)), files.CSV)
    out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when the last piece is sent
    try:
        service_record.as_workbook(actor, year, out)
    except BaseException:
        out.close()
        raise
    answer = files.sheet(name, _pieces(out), files.XLSX)
    answer.call_on_close(out.close)
    return answer


def _begun(mark: str, pieces: Iterator[str]) -> Iterator[str]:
    """The pieces, the header and the first lines read by now: a database that refuses says so before the first byte."""
    return chain([mark, *islice(pieces, 2)], files.made_as_sent(pieces))


def _pieces(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while piece := out.read(_PIECE):
            yield piece
