"""What is written down of a year when it is closed, and the digest over it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import current_app

from labshare.booking.models import Tally
from labshare.kernel.db import Transaction, rows, table_of
from labshare.people.models import Company
from labshare.usage import heat
from labshare.usage.book import Today
from labshare.usage.facts import Terms, plain
from labshare.usage.models import COMPANY, INSTRUMENT, YEAR, ClosedLine, ClosedSums

_tally, _sums, _lines = map(table_of, (Tally, ClosedSums, ClosedLine))


def canonical(said: dict[str, Any]) -> str:
    """One line of JSON that everybody writes alike: sorted keys, no blanks, every letter as it is."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write(tx: Transaction, year: int) -> str:
    """Write down the sums of the year as they are, and all facts its reports say besides; the digest.

    The caller has locked the year, so nobody changes its sums meanwhile, and nothing of it is ahead or in use.
    """
    names = [column.name for column in _tally.c]
    tx.execute(sa.insert(_sums).from_select(names, sa.select(_tally).where(_tally.c.year == year)))
    tx.execute(sa.insert(_lines), [{"year": year, **line} for line in _facts(year)])
    return digest(year)


def _facts(year: int) -> Iterator[dict[str, Any]]:
    """Every company and instrument there is, also those that nothing is counted of: they too are asked for."""
    today, settings = Today(year), current_app.extensions["settings"]
    everybody = [number for (number,) in rows(sa.select(Company.id))]
    for number, company in today.companies(everybody).items():
        yield {"kind": COMPANY, "number": number, "said": canonical(plain(company))}
    for number, instrument in today.instruments().items():
        yield {"kind": INSTRUMENT, "number": number, "said": canonical(plain(instrument))}
    terms = Terms(settings.rated_hours, settings.companies_goal, heat.of(year))
    yield {"kind": YEAR, "number": year, "said": canonical(plain(terms))}


def lines(year: int) -> Iterator[str]:
    """The canonical lines of a closed year: its sums by month, company and instrument, then its facts by kind."""
    order = (_sums.c.month, _sums.c.company_id, _sums.c.instrument_id)
    for row in rows(sa.select(_sums).where(_sums.c.year == year).order_by(*order)):
        yield canonical(dict(row._mapping))
    said = rows(sa.select(_lines).where(_lines.c.year == year))
    for row in sorted(said, key=lambda one: (one.kind, one.number)):
        yield canonical(dict(row._mapping))


def digest(year: int) -> str:
    """The SHA-256 over the canonical lines, each with its line feed, in UTF-8; two statements."""
    found = hashlib.sha256()
    for line in lines(year):
        found.update(f"{line}\n".encode())
    return found.hexdigest()
