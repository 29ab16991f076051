"""What must always hold of accounts; `labshare check` and the nightly reconciling read these in one snapshot."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.kernel import clock
from labshare.people.models import Company
from labshare.quotas import bookkeeping
from labshare.quotas.allowances import ZONES
from labshare.quotas.models import GRANTS, Account, Allowance, Balance, Line


def limits_hold(session: Session) -> list[str]:
    """Nothing stands over a limit but what a waiver, overtime or a lowered limit brought about, and those are lines."""
    granted = sa.func.coalesce(sa.func.sum(sa.case((Line.kind.in_(GRANTS), Line.minutes), else_=0)), 0)
    statement = (
        sa.select(Balance.id, Balance.held + Balance.used - Balance.minutes - Balance.extended, granted)
        .outerjoin(Line, Line.balance_id == Balance.id)
        .where(Balance.held + Balance.used > Balance.minutes + Balance.extended)
        .group_by(Balance.id)
        .having(Balance.held + Balance.used - Balance.minutes - Balance.extended > granted)
    )
    return [
        f"balance {number} is {over} minutes over its limit, and only {lines} were granted"
        for number, over, lines in session.execute(statement)
    ]


def every_company_has_an_account(session: Session) -> list[str]:
    """Every company has an account, and in it a balance that counts everything."""
    statement = (
        sa.select(Company.id)
        .outerjoin(Account, Account.company_id == Company.id)
        .outerjoin(Balance, sa.and_(Balance.account_id == Account.id, Balance.minutes.is_(None)))
        .where(Balance.id.is_(None))
    )
    return [f"company {number} has no account" for (number,) in session.execute(statement)]


def limits_are_as_set(session: Session) -> list[str]:
    """What is open of an allowance has the allowance's limit; periods that are over keep what they had."""
    over = clock.now().date() + ZONES
    statement = (
        sa.select(Balance.id, Balance.starts_on, Balance.minutes, Allowance.minutes)
        .join(Allowance, Allowance.id == Balance.allowance_id)
        .where(
            Allowance.withdrawn_at.is_(None),
            Balance.ends_on > over,
            sa.func.coalesce(Balance.minutes, -1) != sa.func.coalesce(Allowance.minutes, -1),
        )
    )
    return [
        f"balance {number} from {starts_on} has a limit of {has} minutes, its allowance one of {should}"
        for number, starts_on, has, should in session.execute(statement)
    ]


CHECKS = (
    ("every company has its account", every_company_has_an_account),
    ("every balance is what its lines add up to", bookkeeping.differences),
    ("nothing stands over its limit ungranted", limits_hold),
    ("every open period has the limit that is set", limits_are_as_set),
)
