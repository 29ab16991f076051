"""What a manager should know of each request before answering it, of many at once.

A constant number of statements, however many requests there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from labshare.booking import conduct, free, lifecycle, rules, waivers
from labshare.booking.conduct import Tally
from labshare.booking.models import DUE, IN_LINE, OVERDUE, Booking, Reminder, WaitlistEntry
from labshare.booking.queries import Seen
from labshare.booking.waivers import Waived
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel.db import rows, table_of
from labshare.kernel.slots import Slot
from labshare.people.models import Company
from labshare.quotas import account, quotes
from labshare.quotas.rules import Share

NEAREST = 2  # so many other times are looked for with each request
_waits = table_of(WaitlistEntry)


@dataclass(frozen=True)
class Rival:
    """Another company that waits for time this request holds."""

    company_id: int
    name: str
    slots: list[Slot]


@dataclass(frozen=True)
class Dossier:
    """A request, and the facts its answer rests on.

    `shares` is what it takes of its company's account, `ahead` how many bookings the company has ahead, this one
    included. What is held against a person is a part of what is against their company. `due`: half of the time to
    answer is up; `overdue`: three quarters are. `reminded` and `escalated`: managers, and the deputies, were told so.
    """

    booking: Seen
    known: Known
    shares: tuple[Share, ...]
    ahead: int
    person: Tally
    company: Tally
    rivals: list[Rival]
    alternatives: list[Slot]
    waived: list[Waived]
    due: bool
    overdue: bool
    reminded: bool
    escalated: bool

    @property
    def tightest(self) -> Share | None:
        """Where the least is left once it is approved; None where nothing is limited."""
        limited = [share for share in self.shares if share.left is not None]
        return min(limited, key=lambda share: share.leaves or 0, default=None)

    @property
    def short(self) -> bool:
        """Does a yes need hours that are not left?"""
        return self.booking.over_quota and rules.too_much(self.shares)

    @property
    def tone(self) -> str:
        return "bad" if self.overdue else "wait" if self.due else "neutral"


def of(bookings: Sequence[Seen], now: datetime) -> list[Dossier]:
    """The dossier of each of these."""
    if not bookings:
        return []
    known = {one.id: one for one in catalogue.known_by_ids({one.instrument_id for one in bookings})}
    ids, companies = [one.id for one in bookings], {one.company_id for one in bookings}
    asked = [(one.company_id, known[one.instrument_id], one.slot) for one in bookings]
    standings = account.standings(ids)
    shares = quotes.of_slots(asked, [standings[number] for number in ids])
    near = free.nearest_of([(place, slot) for _, place, slot in asked], now, NEAREST)
    ahead, told, rivals, waived = _ahead(companies, now), _told(ids), _rivals(bookings), waivers.of_bookings(ids)
    against = conduct.standing_of({one.person_id for one in bookings}, companies, now)
    found = []
    for one, takes, others in zip(bookings, shares, near, strict=True):
        place = known[one.instrument_id]
        due, overdue = rules.answer_is_due(one.decide_by or one.starts_at, place.decide_minutes, now)
        said = told[one.id, one.decide_by]
        found.append(
            Dossier(
                booking=one,
                known=place,
                shares=takes,
                ahead=ahead.get(one.company_id, 0),
                person=against.of_person(one.person_id),
                company=against.of_company(one.company_id),
                rivals=rivals[one.id],
                alternatives=others,
                waived=waived[one.id],
                due=due,
                overdue=overdue,
                reminded=DUE in said,
                escalated=OVERDUE in said,
            )
        )
    return found


def _ahead(company_ids: Collection[int], now: datetime) -> dict[int, int]:
    """How many bookings each company has ahead."""
    mine = sa.and_(Booking.company_id.in_(sorted(company_ids)), Booking.state.in_(lifecycle.AHEAD))
    counted = sa.select(Booking.company_id, sa.func.count()).where(mine, Booking.starts_at > now)
    return {number: int(count) for number, count in rows(counted.group_by(Booking.company_id))}


def _told(booking_ids: Collection[int]) -> dict[tuple[int, datetime | None], set[str]]:
    """Which reminders went out, by booking and the decide-by they were about."""
    found: dict[tuple[int, datetime | None], set[str]] = defaultdict(set)
    mine = sa.and_(Reminder.booking_id.in_(sorted(booking_ids)), Reminder.kind.in_((DUE, OVERDUE)))
    for booking_id, about, kind in rows(sa.select(Reminder.booking_id, Reminder.about, Reminder.kind).where(mine)):
        found[booking_id, about].add(kind)
    return found


def _rivals(bookings: Sequence[Seen]) -> dict[int, list[Rival]]:
    """Which other companies wait for time of the instrument that each of these holds."""
    wanted = (
        sa.select(Booking.id, Company.id, Company.name, _waits.c.starts_at, _waits.c.ends_at)
        .join(_waits, _waits.c.instrument_id == Booking.instrument_id)
        .join(Company, Company.id == _waits.c.company_id)
        .where(
            Booking.id.in_(sorted(one.id for one in bookings)),
            _waits.c.state == IN_LINE,
            _waits.c.company_id != Booking.company_id,
            _waits.c.starts_at < Booking.ends_at,
            _waits.c.ends_at > Booking.starts_at,
        )
        .order_by(Booking.id, _waits.c.created_at, _waits.c.id)
    )
    found: dict[int, dict[int, Rival]] = {one.id: {} for one in bookings}
    for booking_id, company_id, name, start, end in rows(wanted):
        rival = found[booking_id].setdefault(company_id, Rival(company_id, name, []))
        rival.slots.append(Slot(start, end))
    return {number: list(some.values()) for number, some in found.items()}
