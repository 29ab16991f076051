"""What has to be looked after: limits nearly used up, lowered ones, warnings that are due, periods to be opened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.kernel.db import rows
from labshare.people.models import Company
from labshare.quotas import rules
from labshare.quotas.allowances import ZONES
from labshare.quotas.models import Account, Allowance, Balance, Warned
from labshare.quotas.queries import STANDING, Standing


def _running(now: datetime) -> sa.Select[Any]:
    """Limits whose period is running, for a list by how much of them is spoken for."""
    today = now.date()
    here = sa.and_(Balance.starts_on <= today + ZONES, Balance.ends_on > today - ZONES)
    return STANDING.where(here, Balance.minutes.is_not(None), Allowance.withdrawn_at.is_(None))


_LIMIT = sa.cast(Balance.minutes + Balance.extended, sa.BigInteger)  # a hundred times it has no room in less
_SPOKEN_FOR = 100 * sa.cast(Balance.held + Balance.used, sa.BigInteger)


def running_of(company_id: int, now: datetime) -> list[Standing]:
    """The company's limits whose period is running, the one that ends last first."""
    mine = _running(now).where(Account.company_id == company_id)
    order = (Balance.ends_on.desc(), Balance.starts_on, Balance.id)
    return [Standing(*row) for row in rows(mine.order_by(*order))]


def near_limit(now: datetime, percent: int) -> list[Standing]:
    """Limits of running periods of which at least so many per cent are spoken for, the most first."""
    near = _running(now).where(percent * _LIMIT <= _SPOKEN_FOR, _LIMIT > 0)
    share = sa.cast(_SPOKEN_FOR, sa.Float) / _LIMIT
    return [Standing(*row) for row in rows(near.order_by(share.desc(), Balance.id))]


def beyond_limit() -> list[Standing]:
    """Limits that were lowered below what stands in them, and still are."""
    over = STANDING.where(
        Balance.lowered > 0,
        Balance.held > 0,
        Balance.held + Balance.used > _LIMIT,
        Allowance.withdrawn_at.is_(None),
    )
    return [Standing(*row) for row in rows(over.order_by(Balance.id))]


def to_warn(now: datetime) -> list[tuple[int, int, int]]:
    """Company, balance and per cent of each warning that is due and was not given; of each limit the highest."""
    found = {}
    for percent in sorted(rules.WARN_AT):
        told = sa.select(Warned.id).where(
            Warned.balance_id == Balance.id, Warned.percent >= percent, Warned.minutes == _LIMIT
        )
        due = _running(now).where(percent * _LIMIT <= _SPOKEN_FOR, _LIMIT > 0, ~told.exists())
        for row in rows(due.order_by(Balance.id)):
            found[row.id] = (row.company_id, row.id, percent)
    return list(found.values())


def to_open(now: datetime) -> list[int]:
    """Companies whose account is missing, lacks a period, or follows a default that has changed."""
    furthest = (now + rules.AHEAD).date()
    last = sa.case(
        (Allowance.valid_to < furthest, Allowance.valid_to),
        else_=sa.literal(furthest, sa.Date),
    )
    covered = sa.select(Balance.id).where(Balance.allowance_id == Allowance.id, Balance.ends_on > last)
    lacking = (
        sa.select(Account.company_id)
        .join(Allowance, Allowance.account_id == Account.id)
        .where(
            Account.company_id.is_not(None),
            Allowance.withdrawn_at.is_(None),
            Allowance.counts_from <= last,
            ~covered.exists(),
        )
    )
    version = sa.select(Account.version).where(Account.company_id.is_(None)).scalar_subquery()
    behind = sa.select(Account.company_id).where(Account.company_id.is_not(None), Account.follows != version)
    none = sa.select(Company.id).outerjoin(Account, Account.company_id == Company.id).where(Account.id.is_(None))
    return sorted({number for one in (lacking, behind, none) for (number,) in rows(one)})
