"""How far years are settled: where each stands, what of it is still open, and which companies have figures in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.booking import lifecycle as booking
from labshare.booking.models import Booking, Tally, UsageRecord
from labshare.booking.tally import WHOLE
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows, table_of
from labshare.kernel.errors import NotFound, Reason
from labshare.people.models import Site
from labshare.usage import policy, rules, sums
from labshare.usage.facts import year_slot
from labshare.usage.lifecycle import CLOSED, DRAFT, ISSUED
from labshare.usage.models import Correction, Objection, UsageYear
from labshare.usage.rules import Standing
from labshare.web.i18n import LOCAL

FIRST, LAST = 2000, 2199
_year = table_of(UsageYear)


@dataclass(frozen=True)
class Settled:
    """A year as people see it; what stands in the way of closing it is the laboratory's to see."""

    year: int
    state: str = DRAFT
    issued_at: datetime | None = None
    object_by: datetime | None = None
    reminded_at: datetime | None = None
    closed_at: datetime | None = None
    digest: str = ""
    version: int = 1  # of a year without a row, that of the row its first move makes
    is_over: bool = False
    objections: int = 0
    open_objections: int = 0
    corrections: int = 0
    reasons: list[Reason] = field(default_factory=list)

    @property
    def may_be_issued(self) -> bool:
        return self.state == DRAFT and self.is_over


_ROW = sa.select(
    *(UsageYear.year, UsageYear.state, UsageYear.issued_at, UsageYear.object_by, UsageYear.reminded_at),
    *(UsageYear.closed_at, UsageYear.digest, UsageYear.version),
)


def is_year(year: int) -> None:
    """Raises NotFound for a number that is no year of ours."""
    if not FIRST <= year <= LAST:
        raise NotFound


# ---------------------------------------------------------------- for those who settle it


def locked(tx: Transaction, year: int, *, begin: bool = False) -> sa.Row[Any] | None:
    """The year's row, which nobody else changes or closes until this transaction ends; None: it is a draft.

    Whoever corrects something of the year holds the row too, if only to look at it (see reactions.py). So a correction
    is over before the sums are written down, or begins after that, and then knows that they were.
    """
    if begin:
        tx.insert_missing(_year, [{"year": year, "state": DRAFT, "digest": "", "version": 1}])
    return tx.execute(sa.select(_year).where(_year.c.year == year).with_for_update()).first()


def closed_among(tx: Transaction, years: Iterable[int]) -> set[int]:
    """Which of these years are closed; none of the others is, until this transaction ends.

    A year without a row cannot be closed meanwhile: it would have to be issued first, for a day at least.
    """
    mine = sa.select(_year.c.year, _year.c.state).where(_year.c.year.in_(sorted(years)))
    found = tx.execute(mine.order_by(_year.c.year).with_for_update(read=True)).all()
    return {row.year for row in found if row.state == CLOSED}


def standing(year: int, row: Any, now: datetime) -> Standing:
    """What rules have to know of one year; three statements, in the caller's transaction."""
    earlier, live = _earlier_open(), _live_in(now)
    open_ = sa.select(sa.func.count()).where(Objection.year == year, Objection.answered_at.is_(None))
    return _standing(year, row, now, rows(open_)[0][0], live, earlier)


def _standing(
    year: int, row: Any, now: datetime, objections: int, live: Mapping[int, int], unclosed: Iterable[int]
) -> Standing:
    object_by = None if row is None or row.object_by is None else row.object_by.astimezone(LOCAL)
    state = DRAFT if row is None else row.state
    earlier = tuple(sorted(one for one in unclosed if one < year))
    return Standing(year, state, year_slot(year).end <= now, object_by, live.get(year, 0), objections, earlier)


def _earlier_open() -> set[int]:
    """The years that have figures and are not closed."""
    closed = sa.exists().where(UsageYear.year == Tally.year, UsageYear.state == CLOSED)
    return {year for (year,) in rows(sa.select(Tally.year).where(Tally.month == WHOLE, ~closed).distinct())}


def _live_in(now: datetime) -> Counter[int]:
    """How many bookings that have begun are still open, by year: what becomes of them changes its sums."""
    began = sa.func.coalesce(UsageRecord.starts_at, Booking.starts_at, type_=Booking.starts_at.type)
    statement = (
        sa.select(Booking.starts_at, Booking.ends_at, began, Site.zone)
        .join(Instrument, Instrument.id == Booking.instrument_id)
        .join(Site, Site.id == Instrument.site_id)
        .outerjoin(UsageRecord, UsageRecord.booking_id == Booking.id)
        .where(Booking.state.in_((*booking.AHEAD, booking.IN_USE)), began < now)
    )
    found: Counter[int] = Counter()
    for starts_at, ends_at, begun, zone in rows(statement):
        first = min(starts_at, begun).astimezone(ZoneInfo(zone)).year
        last = (ends_at - timedelta.resolution).astimezone(ZoneInfo(zone)).year
        found.update(range(first, last + 1))
    return found


def with_figures(year: int, *, used: bool = False) -> list[int]:
    """The companies that have any bookings in the year, or any uses; one statement."""
    counted = sa.func.sum(Tally.uses if used else Tally.asked + Tally.uses)
    mine = sa.select(Tally.company_id).where(Tally.year == year, Tally.month == WHOLE).group_by(Tally.company_id)
    return [number for (number,) in rows(mine.having(counted > 0).order_by(Tally.company_id))]


# ---------------------------------------------------------------- for those who look


def years(actor: Actor, now: datetime) -> list[Settled]:
    """Every year that has figures or was issued, the latest first; a constant number of statements."""
    known = {row.year: row for row in rows(_ROW)}
    every = sorted({*sums.years(Tally), *known}, reverse=True)
    return _settled(actor, every, known, now)


def year(actor: Actor, number: int, now: datetime) -> Settled:
    """One year, also one that nothing is known of. Raises NotFound for a number that is none."""
    is_year(number)
    known = {row.year: row for row in rows(_ROW.where(UsageYear.year == number))}
    return _settled(actor, [number], known, now)[0]


def _settled(actor: Actor, every: Iterable[int], known: Mapping[int, Any], now: datetime) -> list[Settled]:
    mine = _visible(actor, Objection.company_id)
    unanswered = sa.func.sum(sa.case((Objection.answered_at.is_(None), 1), else_=0))
    asked = sa.select(Objection.year, sa.func.count(), unanswered).where(mine).group_by(Objection.year)
    objections = {number: (every_one, open_) for number, every_one, open_ in rows(asked)}
    corrected = sa.select(Correction.of_year, sa.func.count(Correction.booking_id.distinct()))
    visible = corrected.where(_visible(actor, Correction.company_id)).group_by(Correction.of_year)
    corrections: dict[int, int] = dict(map(tuple, rows(visible)))
    settles = policy.may_close(actor)
    live, unclosed = (_live_in(now), _earlier_open()) if settles else (Counter[int](), set[int]())
    found = []
    for number in every:
        row, (all_of_them, open_) = known.get(number), objections.get(number, (0, 0))
        one = _standing(number, row, now, open_, live, unclosed)
        found.append(
            Settled(
                **{"year": number} if row is None else dict(row._mapping),
                is_over=one.is_over,
                objections=all_of_them,
                open_objections=open_,
                corrections=corrections.get(number, 0),
                reasons=rules.closing_refusals(one, now) if settles and one.state == ISSUED else [],
            )
        )
    return found


def _visible(actor: Actor, company_id: Any) -> sa.ColumnElement[bool]:
    """Admins see everything, a company's people what is their company's."""
    if policy.may_see_all(actor):
        return sa.true()
    return sa.and_(company_id == actor.company_id, sa.true()) if actor.company_id is not None else sa.false()


# ---------------------------------------------------------------- what is due


def to_remind(now: datetime) -> list[int]:
    """Issued years whose companies are to be reminded now, the earliest first."""
    statement = sa.select(UsageYear.year, UsageYear.issued_at, UsageYear.object_by).where(
        UsageYear.state == ISSUED, UsageYear.reminded_at.is_(None), UsageYear.object_by > now
    )
    return [
        number
        for number, issued_at, object_by in rows(statement.order_by(UsageYear.year))
        if issued_at is not None and object_by is not None and rules.remind_at(issued_at, object_by) <= now
    ]


def to_close(now: datetime) -> dict[int, bool]:
    """Issued years whose time to object is over, the earliest first, and whether nothing speaks against closing them.

    One that only waits for an earlier one of them is closed with it.
    """
    found: dict[int, bool] = {}
    known = rows(_ROW.where(UsageYear.state == ISSUED, UsageYear.object_by <= now).order_by(UsageYear.year))
    if not known:
        return found
    live, unclosed = _live_in(now), _earlier_open()
    asked = sa.select(Objection.year, sa.func.count()).where(Objection.answered_at.is_(None)).group_by(Objection.year)
    objections: dict[int, int] = dict(map(tuple, rows(asked)))
    for row in known:
        still = unclosed - {number for number, done in found.items() if done}
        one = _standing(row.year, row, now, objections.get(row.year, 0), live, still)
        found[row.year] = not rules.closing_refusals(one, now)
    return found
