"""What bookings add up to, company by company, instrument by instrument, month by month.

Kept by the transactions that change bookings and uses, as the difference each makes; `labshare check`, every night
too, counts everything anew and says where the sums differ. The sums are added to as the last of a transaction, so
nobody waits for anything while holding them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.booking import lifecycle
from labshare.booking.models import OUTAGE, Booking, Displacement, Tally, UsageRecord
from labshare.booking.queries import Seen
from labshare.booking.rules.tallying import Asked, Cell, Counts, Used, difference, of_booking, of_use
from labshare.instruments.models import Instrument
from labshare.kernel.db import Transaction, table_of
from labshare.kernel.slots import Slot
from labshare.people.models import Site

_tally = table_of(Tally)
FIGURES = tuple(column.name for column in _tally.c if not column.primary_key)
Key = tuple[int, int, int, int]  # year, month, company, instrument
WHOLE = 0  # stands for the month where the whole year is meant
NOTHING: Counts = {}


def changed(tx: Transaction, old: Seen | None, new: Seen, *, broken: bool = False) -> None:
    """The booking is another now than it was; None: there was none."""
    _add(tx, new, NOTHING if old is None else of_booking(_asked(old)), of_booking(_asked(new, broken=broken)))


def used(tx: Transaction, booking: Seen, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """The booking was used, or the record of that says something else now than it did."""
    before = NOTHING if old is None else of_use(_used(old), booking.slot, booking.tz)
    _add(tx, booking, before, of_use(_used(new), booking.slot, booking.tz))


def _add(tx: Transaction, booking: Seen, old: Counts, new: Counts) -> None:
    for cell, counts in difference(old, new).items():
        for key in _keys(cell, booking.company_id, booking.instrument_id):
            tx.add_up(_tally, key, counts)


def _keys(cell: Cell, company_id: int, instrument_id: int) -> tuple[Key, Key]:
    year, month = cell
    return (year, month, company_id, instrument_id), (year, WHOLE, company_id, instrument_id)


def _asked(one: Seen, *, broken: bool = False) -> Asked:
    return Asked(one.state, one.slot, one.tz, one.charge, one.excuse, one.created_at, one.answered_at, broken)


def _used(record: Mapping[str, Any]) -> Used:
    return Used(
        record["starts_at"],
        record["ends_at"],
        record.get("samples") or 0,
        record.get("excuse", ""),
        record["owner_id"] != record["company_id"],
        record["rate_cny_per_hour"],
    )


# ---------------------------------------------------------------- everything counted anew

_EVERYTHING: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
        Booking.company_id,
        Booking.instrument_id,
        Site.zone,
        Booking.state,
        Booking.starts_at,
        Booking.ends_at,
        Booking.charge,
        Booking.excuse,
        Booking.created_at,
        Booking.answered_at,
        Displacement.cause,
        UsageRecord.starts_at,
        UsageRecord.ends_at,
        UsageRecord.samples,
        UsageRecord.excuse,
        UsageRecord.owner_id,
        UsageRecord.rate_cny_per_hour,
    )
    .select_from(Booking)
    .join(Instrument, Instrument.id == Booking.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
    .outerjoin(Displacement, Displacement.booking_id == Booking.id)
    .outerjoin(UsageRecord, UsageRecord.booking_id == Booking.id)
)
_AT_ONCE = 2000  # rows


def differences(session: Session) -> dict[Key, Counter[str]]:
    """What has to be added to the sums so that they are what bookings and uses say; two statements."""
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    for row in session.execute(sa.select(_tally)):
        key = (row.year, row.month, row.company_id, row.instrument_id)
        found[key].subtract({name: getattr(row, name) for name in FIGURES})
    for key, counts in _everything(session):
        found[key].update(counts)
    return {key: counts for key, counts in found.items() if any(counts.values())}


def _everything(session: Session) -> Iterator[tuple[Key, Any]]:
    zones: dict[str, ZoneInfo] = {}
    for row in session.execute(_EVERYTHING.execution_options(yield_per=_AT_ONCE)):
        company_id, instrument_id, zone_key, state, start, end, charge, excuse, created, answered, cause, *use = row
        zone = zones.setdefault(zone_key, ZoneInfo(zone_key))
        slot, broken = Slot(start, end), cause == OUTAGE
        both = [of_booking(Asked(state, slot, zone, charge, excuse, created, answered, broken))]
        if state == lifecycle.COMPLETED and use[1] is not None:
            begun, ended, samples, why, owner_id, rate = use
            both.append(of_use(Used(begun, ended, samples or 0, why, owner_id != company_id, rate), slot, zone))
        for counts in both:
            for cell, some in counts.items():
                for key in _keys(cell, company_id, instrument_id):
                    yield key, some


def add(tx: Transaction, more: dict[Key, Counter[str]]) -> None:
    """Add these to the sums."""
    for key, counts in more.items():
        tx.add_up(_tally, key, counts)
