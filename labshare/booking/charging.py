"""What a booking takes of its company's account of hours, from the request to the usage record.

A request holds its hours, unless it is over quota; the use of them is what the usage record says. Absence and
late cancellation cost what the instrument's rules say, in per cent of the booked minutes. Runs in the caller's
transaction, after everything else it writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.booking import lifecycle, rules
from labshare.booking.models import Booking, UsageRecord
from labshare.booking.queries import Seen
from labshare.booking.rules.judgement import CLOSED
from labshare.booking.waivers import Waiving
from labshare.instruments.models import Instrument
from labshare.instruments.queries import Known
from labshare.kernel.actor import Actor
from labshare.kernel.db import LONGEST_CLAIM, Transaction, rows
from labshare.people.models import Site
from labshare.quotas import account, quotes
from labshare.quotas import rules as quotas
from labshare.quotas.account import Entry, Whose
from labshare.quotas.models import (
    CORRECTION,
    HOLD,
    LATE_CANCEL,
    LOWERED,
    NO_SHOW,
    OUTAGE_CREDIT,
    OVERTIME,
    RELEASE,
    USE,
    WAIVER,
    Account,
    Allowance,
    Balance,
    Line,
)
from labshare.quotas.rules import Share


def whose(booking: Seen, reason: str = "") -> Whose:
    """Whose booking the lines are about."""
    return Whose(booking.id, booking.instrument_id, booking.person_id, reason)


def hold(
    tx: Transaction, actor: Actor, booking: Seen, shares: Sequence[Share], waiving: Waiving, now: datetime
) -> None:
    """The new booking holds what its slot takes; what was waived is granted beyond a limit.

    One that waits for such a waiver holds none. Raises Overdrawn where hours are not left any more.
    """
    if rules.QUOTA in waiving.codes:
        account.waive(tx, actor, whose(booking, waiving.reason), shares, now)
    elif not booking.over_quota:
        account.hold(tx, actor, whose(booking), shares, now)


def rehold(
    tx: Transaction, actor: Actor, booking: Seen, shares: Sequence[Share], waiving: Waiving, now: datetime
) -> None:
    """The same of one whose slot has changed, instead of what it held before."""
    waived = rules.QUOTA in waiving.codes
    mine = whose(booking, waiving.reason if waived else "")
    account.rehold(tx, actor, mine, () if booking.over_quota else shares, now, WAIVER if waived else None)


def used(
    tx: Transaction,
    actor: Actor,
    old: Seen,
    known: Known,
    start: datetime,
    end: datetime,
    now: datetime,
    excuse: str = "",
) -> None:
    """The booking took what was used of it, no longer what it held; beyond a limit, overtime grants it.

    What could not be used because the instrument was closed is credited.
    """
    entries = lines_of_use(old, known, start, end, USE, OUTAGE_CREDIT if excuse == CLOSED else RELEASE)
    account.post(tx, actor, entries, now, forced=OVERTIME)


def corrected(
    tx: Transaction, actor: Actor, old: Seen, known: Known, start: datetime, end: datetime, now: datetime, reason: str
) -> None:
    """The use was another than was written before, and why."""
    entries = lines_of_use(old, known, start, end, CORRECTION, RELEASE, reason)
    account.post(tx, actor, entries, now, forced=OVERTIME)


def lines_of_use(
    old: Seen, known: Known, start: datetime, end: datetime, kind: str, rest: str, reason: str = ""
) -> list[Entry]:
    """What has to be written so that the booking takes what was used; as `rest` goes back what it held besides."""
    mine = whose(old, reason)
    wanted = {share.balance_id: share for share in quotes.of_use(old.company_id, old.id, known, start, end)}
    before = {one.balance_id: one for one in account.standing(old.id)}
    entries = []
    for number in wanted.keys() | before.keys():
        share, stood = wanted.get(number), before.get(number)
        terms = share.terms if share is not None else before[number].terms
        takes, held, had = share.minutes if share else 0, stood.held if stood else 0, stood.used if stood else 0
        unused = max(0, held - takes) if rest != RELEASE else 0
        entries += [
            Entry(number, terms, RELEASE, held - unused, mine),
            Entry(number, terms, rest, unused, mine),
            Entry(number, terms, kind, takes - had, mine),
        ]
    return entries


def lines_of_hold(booking: Seen, shares: Iterable[Share], reason: str = "") -> list[Entry]:
    """What has to be written so that the booking holds these."""
    mine = whose(booking, reason)
    return [Entry(share.balance_id, share.terms, HOLD, share.minutes, mine) for share in shares]


def lines_of_release(bookings: Collection[Seen], kind: str, reason: str = "") -> list[Entry]:
    """What has to be written so that these bookings hold nothing any more; one statement."""
    standings = account.standings([one.id for one in bookings])
    return [
        Entry(stands.balance_id, stands.terms, kind, stands.held, whose(one, reason))
        for one in bookings
        for stands in standings[one.id]
    ]


def let_go(tx: Transaction, actor: Actor, old: Seen, now: datetime) -> None:
    """Everything the booking holds is given back."""
    account.release(tx, actor, whose(old), now)


def missed(tx: Transaction, actor: Actor, old: Seen, percent: int, excuse: str, now: datetime) -> None:
    """What it held is given back but for what the absence costs; all of it where the instrument was closed."""
    if excuse == CLOSED:
        account.release(tx, actor, whose(old), now, OUTAGE_CREDIT)
    else:
        _charge(tx, actor, old, NO_SHOW, percent, now)


def cancelled(tx: Transaction, actor: Actor, old: Seen, percent: int, now: datetime) -> None:
    """What it held is given back but for what cancelling late costs."""
    _charge(tx, actor, old, LATE_CANCEL, percent, now)


def forgiven(tx: Transaction, actor: Actor, old: Seen, now: datetime) -> None:
    """What cancelling late cost is given back, as a line of the same kind: in sum nothing was charged."""
    mine = whose(old)
    back = [Entry(one.balance_id, one.terms, LATE_CANCEL, -one.used, mine) for one in account.standing(old.id)]
    account.post(tx, actor, back, now)


def _charge(tx: Transaction, actor: Actor, old: Seen, kind: str, percent: int, now: datetime) -> None:
    mine, entries = whose(old), []
    for one in account.standing(old.id):
        entries += [
            Entry(one.balance_id, one.terms, RELEASE, one.held, mine),
            Entry(one.balance_id, one.terms, kind, quotas.charged(one.held, percent), mine),
        ]
    account.post(tx, actor, entries, now)


# ---------------------------------------------------------------- what must stand, whatever has happened


@dataclass(frozen=True)
class Taking:
    """A booking as it is, as far as accounts care."""

    id: int
    company_id: int
    state: str
    over_quota: bool
    charge: int
    starts_at: datetime
    ends_at: datetime
    person_id: int
    instrument_id: int
    category_id: int
    site_id: int
    zone: str
    used_from: datetime | None
    used_to: datetime | None

    def kind(self) -> str | None:
        """As what its minutes stand in the ledger; None where it takes none."""
        if self.state in (*lifecycle.AHEAD, lifecycle.IN_USE):
            return None if self.over_quota else HOLD
        if self.state == lifecycle.COMPLETED:
            return USE
        if self.charge:
            return NO_SHOW if self.state == lifecycle.MISSED else LATE_CANCEL
        return None

    def takes(self, period: str, first: date, last: date | None) -> dict[date, int]:
        """The minutes it takes of an allowance, by the first day of each period."""
        start, end = self.starts_at, self.ends_at
        if self.state == lifecycle.COMPLETED and self.used_from is not None and self.used_to is not None:
            start, end = self.used_from, self.used_to
        percent = self.charge if self.kind() in (NO_SHOW, LATE_CANCEL) else 100
        pieces = quotas.pieces(start, end, period, ZoneInfo(self.zone), first, last)
        return {day: quotas.charged(minutes, percent) for day, minutes in pieces}

    def falls_under(self, scope: str, scope_id: int | None) -> bool:
        """Does the allowance of this scope count it?"""
        place = {"category": self.category_id, "instrument": self.instrument_id, "site": self.site_id}
        return scope == "all" or place[scope] == scope_id


TAKING: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
        Booking.id,
        Booking.company_id,
        Booking.state,
        Booking.over_quota,
        Booking.charge,
        Booking.starts_at,
        Booking.ends_at,
        Booking.person_id,
        Booking.instrument_id,
        Instrument.category_id,
        Instrument.site_id,
        Site.zone,
        UsageRecord.starts_at,
        UsageRecord.ends_at,
    )
    .select_from(Booking)
    .join(Instrument, Instrument.id == Booking.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
    .outerjoin(UsageRecord, UsageRecord.booking_id == Booking.id)
)
STANDS: sa.Select[Any] = sa.select(  # type: ignore[assignment]  # likewise
    Line.booking_id, Line.balance_id, *account.effects(Line.kind, Line.minutes)
).group_by(Line.booking_id, Line.balance_id)


def hold_still(tx: Transaction, company_id: int) -> None:
    """Let nobody change the company's live bookings until this transaction ends.

    None of them stands in an account yet, so no balance could tell whoever gives one back that it is being counted.
    """
    live = sa.and_(Booking.company_id == company_id, Booking.state.in_(sorted(lifecycle.LIVE)))
    tx.execute(sa.select(Booking.id).where(live).order_by(Booking.id).with_for_update())


def catch_up(tx: Transaction, actor: Actor, company_id: int, added: Collection[int], now: datetime) -> int:
    """Write what the company's bookings take of allowances that have counted nothing yet; how many lines.

    What a limit has no room for stands, and is to be looked at.
    """
    limits = _in_force(company_id, added)
    if not limits:
        return 0
    earliest = min(one.counts_from for one in limits)
    since = datetime.combine(earliest, time(), UTC) - LONGEST_CLAIM
    taking = rows(TAKING.where(Booking.company_id == company_id, Booking.starts_at > since).order_by(Booking.id))
    if not taking:
        return 0
    balances = {
        (row.allowance_id, row.starts_on): row for row in rows(_BALANCES.where(Balance.allowance_id.in_(added)))
    }
    entries = []
    for one in (Taking(*row) for row in taking):
        if (kind := one.kind()) is None:
            continue
        mine = Whose(one.id, one.instrument_id, one.person_id)
        for limit in limits:
            if one.falls_under(limit.scope, limit.scope_id):
                for day, minutes in one.takes(limit.period, limit.counts_from, limit.valid_to).items():
                    row = balances[limit.id, day]
                    entries.append(Entry(row.id, row.terms, kind, minutes, mine))
    account.post(tx, actor, entries, now, forced=LOWERED)
    return len(entries)


def _in_force(company_id: int, added: Collection[int]) -> Sequence[sa.Row[Any]]:
    columns = ("id", "scope", "scope_id", "period", "counts_from", "valid_to")
    mine = sa.and_(Account.company_id == company_id, Allowance.withdrawn_at.is_(None), Allowance.id.in_(added))
    limits = sa.select(*(getattr(Allowance, name) for name in columns))
    return rows(limits.join(Account, Account.id == Allowance.account_id).where(mine))


_BALANCES = sa.select(Balance.id, Balance.allowance_id, Balance.starts_on, Balance.terms)
