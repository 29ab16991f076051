"""What bookings add up to in a year, by company, instrument or month; of today, or as a closed year had it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import sqlalchemy as sa

from labshare.booking.models import Sums
from labshare.booking.tally import WHOLE
from labshare.kernel.db import rows
from labshare.usage import rules


@dataclass(frozen=True)
class Sum:
    """What some sums come to: counts, minutes, and what uses are worth."""

    asked: int = 0
    approved: int = 0
    rejected: int = 0
    cancelled: int = 0
    late_cancels: int = 0
    no_shows: int = 0
    expired: int = 0
    displaced: int = 0
    answered: int = 0
    answer_minutes: int = 0
    booked_minutes: int = 0
    credited_minutes: int = 0
    uses: int = 0
    samples: int = 0
    effective_minutes: int = 0
    external_uses: int = 0
    external_minutes: int = 0
    worth: int = 0  # minutes × fen an hour
    partners: int = 0  # instruments of a company, companies of an instrument, with at least one use

    def __add__(self, other: Sum) -> Sum:
        return Sum(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Sum)))

    @property
    def estimate_cny(self) -> float:
        """Minutes × fen an hour, as renminbi."""
        return rules.cny(self.worth)


NOTHING = Sum()
COMPANY, INSTRUMENT, MONTH = "company_id", "instrument_id", "month"


def by(
    source: type[Sums],
    year: int,
    key: str,
    companies: Collection[int] | None = None,
    instruments: Collection[int] | None = None,
) -> dict[int, Sum]:
    """The year's sums by company, instrument or month, of all or of some companies and instruments; one statement."""
    found = _added_up(source, year, (key,), companies, instruments)
    return {number: total for (number,), total in found}


def by_company_and_month(
    source: type[Sums],
    year: int,
    companies: Collection[int] | None = None,
    instruments: Collection[int] | None = None,
) -> dict[tuple[int, int], Sum]:
    """The year's sums of each company in each month that has any; one statement."""
    return dict(_added_up(source, year, (COMPANY, MONTH), companies, instruments))


def _added_up(
    source: type[Sums],
    year: int,
    keys: tuple[str, ...],
    companies: Collection[int] | None,
    instruments: Collection[int] | None,
) -> list[tuple[Any, Sum]]:
    asked: dict[str, Any] = {"year": year}
    asked |= {} if companies is None else {"companies": sorted(companies)}
    asked |= {} if instruments is None else {"instruments": sorted(instruments)}
    statement = _statement(source, keys, whose=companies is not None, where=instruments is not None)
    return [(tuple(row[: len(keys)]), Sum(*map(int, row[len(keys) :]))) for row in rows(statement, **asked)]


@cache
def _statement(source: type[Sums], keys: tuple[str, ...], *, whose: bool, where: bool) -> sa.Select[Any]:
    """Written once: to write it anew takes longer than to ask it."""
    # Months one by one, so that whichever index is taken leads to them.
    said = [source.year == sa.bindparam("year")]
    said += [source.month.in_(range(1, 13)) if MONTH in keys else source.month == WHOLE]
    said += [source.company_id.in_(sa.bindparam("companies", expanding=True))] if whose else []
    said += [source.instrument_id.in_(sa.bindparam("instruments", expanding=True))] if where else []
    # Each row is of one company on one instrument: those with a use are the partners.
    partners = sa.func.sum(sa.case((source.uses > 0, 1), else_=0))
    sums = (partners if name == "partners" else sa.func.sum(getattr(source, name)) for name in Sum.__dataclass_fields__)
    own = [getattr(source, key) for key in keys]
    return sa.select(*own, *sums).where(*said).group_by(*own).order_by(*own)


def years(source: type[Sums]) -> list[int]:
    """The years from the first to the last that has any sums, the latest first."""
    first, last = rows(sa.select(sa.func.min(source.year), sa.func.max(source.year)))[0]
    return [] if first is None else list(range(last, first - 1, -1))
