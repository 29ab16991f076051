"""What was corrected of closed years: lines of the year in which that was done, in the correcting transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.booking.models import UsageRecord
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, only_row, table_of
from labshare.kernel.journal import Event, publish
from labshare.kernel.slots import local_month
from labshare.people.models import Company, Site
from labshare.usage import policy, settlement
from labshare.usage.events import UseCorrectedAfterClosing
from labshare.usage.models import CORRECTED, Correction
from labshare.web.i18n import LOCAL

_correction = table_of(Correction)
_DAY = timedelta(days=1)  # no two zones are further apart


@dataclass(frozen=True)
class Place:
    """An instrument as it stands now, in the correcting transaction: whose it is, what it costs, in which zone."""

    zone: ZoneInfo
    owner_id: int
    rate: Any


def place(instrument_id: int) -> Place:
    """One statement."""
    known = sa.select(Site.zone, Instrument.owner_id, Instrument.rate_cny_per_hour)
    row = only_row(known.join(Instrument, Instrument.site_id == Site.id).where(Instrument.id == instrument_id))
    return Place(ZoneInfo(row.zone), row.owner_id, row.rate_cny_per_hour)


def of_record(record_id: int) -> tuple[Place, int]:
    """Where the use was, with the owner and the rate that it was recorded with, and which company's it was."""
    wanted = (
        sa.select(Site.zone, UsageRecord.owner_id, UsageRecord.rate_cny_per_hour, UsageRecord.company_id)
        .join(Instrument, Instrument.site_id == Site.id)
        .join(UsageRecord, UsageRecord.instrument_id == Instrument.id)
    )
    row = only_row(wanted.where(UsageRecord.id == record_id))
    return Place(ZoneInfo(row.zone), row.owner_id, row.rate_cny_per_hour), row.company_id


def is_of_this_year(moment: datetime, now: datetime) -> bool:
    """Does it surely lie in a year that is not over, in whatever zone? Then nothing closed is touched."""
    return (moment - _DAY).year >= now.year


def enter(
    tx: Transaction,
    actor: Actor,
    fact: Event,
    booking_id: int,
    instrument_id: int,
    differences: Mapping[tuple[int, int], Mapping[str, int]],
    reason: str,
    now: datetime,
) -> None:
    """Write what a fact changes of closed years, one line a month, and tell it once a year.

    Of years that are not closed nothing is written: until this transaction ends, nobody closes them.
    """
    if not differences:
        return
    closed = settlement.closed_among(tx, {year for year, _month in differences})
    this = local_month(now, LOCAL)[0]
    for of_year in sorted(closed):
        months = {month: counts for (year, month), counts in sorted(differences.items()) if year == of_year}
        whose = {"booking_id": booking_id, "instrument_id": instrument_id}
        for month, counts in months.items():
            line = {"year": this, "of_year": of_year, "of_month": month, "at": now, "reason": reason}
            line |= {"kind": fact.kind(), "version": fact.version, "company_id": fact.company_id, **whose}
            tx.note(_correction, line | {name: counts.get(name, 0) for name in CORRECTED})
        said: dict[str, Any] = {
            name: sum(counts.get(name, 0) for counts in months.values()) for name in ("uses", "effective_minutes")
        }
        said |= {"company_id": fact.company_id, "year": of_year, "in_year": this, "reason": reason, **whose}
        publish(tx, actor, UseCorrectedAfterClosing(object_id=of_year, **said), now)


# ---------------------------------------------------------------- for those who look


@dataclass(frozen=True)
class Line:
    """A correction as people see it."""

    id: int
    year: int
    of_year: int
    of_month: int
    kind: str
    booking_id: int
    company_id: int
    company_name: str
    instrument_code: str
    instrument_en: str
    instrument_zh: str
    uses: int
    samples: int
    effective_minutes: int
    external_uses: int
    external_minutes: int
    credited_minutes: int
    worth: int
    late_cancels: int
    at: datetime
    reason: str


def listed(actor: Actor, year: int | None = None, of_year: int | None = None) -> sa.Select[Any]:
    """Corrections that the actor may see, made in a year, or of a closed one; for a paged list."""
    mine = sa.true() if policy.may_see_all(actor) else Correction.company_id == actor.company_id
    statement: sa.Select[Any] = (
        sa.select(  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
            *(Correction.id, Correction.year, Correction.of_year, Correction.of_month, Correction.kind),
            *(Correction.booking_id, Correction.company_id, Company.name),
            *(Instrument.code, Instrument.name_en, Instrument.name_zh),
            *(Correction.uses, Correction.samples, Correction.effective_minutes, Correction.external_uses),
            *(Correction.external_minutes, Correction.credited_minutes, Correction.worth, Correction.late_cancels),
            *(Correction.at, Correction.reason),
        )
        .join(Company, Company.id == Correction.company_id)
        .join(Instrument, Instrument.id == Correction.instrument_id)
        .where(mine)
    )
    if year is not None:
        statement = statement.where(Correction.year == year)
    return statement if of_year is None else statement.where(Correction.of_year == of_year)
