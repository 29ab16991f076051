"""What must always hold of closed years; `labshare check` and the nightly check read these in one snapshot."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.booking.models import Tally
from labshare.booking.tally import FIGURES, WHOLE, Key
from labshare.kernel.db import table_of
from labshare.usage import closing
from labshare.usage.lifecycle import CLOSED
from labshare.usage.models import CORRECTED, ClosedLine, ClosedSums, Correction, UsageYear

_tally, _sums, _lines, _corrections = map(table_of, (Tally, ClosedSums, ClosedLine, Correction))


def closed_years_are_whole(session: Session) -> list[str]:
    """The digest of every closed year is that of its lines, and no other year has any."""
    stored = session.execute(sa.select(UsageYear.year, UsageYear.digest).where(_closed))
    digests = {row.year: row.digest for row in stored}
    found = [
        f"closed year {year} says {has or 'no digest'}, and its lines come to {should}"
        for year, has in sorted(digests.items())
        if has != (should := closing.digest(year))
    ]
    written = sa.union(sa.select(_sums.c.year), sa.select(_lines.c.year))
    left = {year for (year,) in session.execute(written)} - digests.keys()
    return found + [f"year {year} is not closed, and has lines of a closed one" for year in sorted(left)]


def corrections_add_up(session: Session) -> list[str]:
    """The sums of a closed year and the corrections of it are the sums of today; three statements."""
    closed = sa.select(UsageYear.year).where(_closed)
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    for row in session.execute(sa.select(_tally).where(_tally.c.year.in_(closed))):
        found[row.year, row.month, row.company_id, row.instrument_id].update(_figures(row, FIGURES))
    for row in session.execute(sa.select(_sums).where(_sums.c.year.in_(closed))):
        found[row.year, row.month, row.company_id, row.instrument_id].subtract(_figures(row, FIGURES))
    for row in session.execute(sa.select(_corrections)):
        for month in (row.of_month, WHOLE):
            found[row.of_year, month, row.company_id, row.instrument_id].subtract(_figures(row, CORRECTED))
    return [
        f"company {company_id} on instrument {instrument_id} in closed {year}-{month:02d} was corrected without a line:"
        f" {', '.join(f'{name} {more:+d}' for name, more in counts.items() if more)}"
        for (year, month, company_id, instrument_id), counts in sorted(found.items())
        if any(counts.values())
    ]


def _figures(row: Any, names: tuple[str, ...]) -> dict[str, int]:
    return {name: getattr(row, name) for name in names}


_closed = UsageYear.state == CLOSED
CHECKS = (
    ("every closed year is what was written down", closed_years_are_whole),
    ("what was corrected of closed years stands in lines", corrections_add_up),
)
