"""What must always hold of accounts; `labshare check` and the nightly reconciling read these in one snapshot."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.people.models import Company
from labshare.quotas import account
from labshare.quotas.models import GRANTS, Account, Balance, Line

_COLUMNS = ("held", "used", "extended", "granted")


def balances_equal_ledger(session: Session) -> list[str]:
    """What stands in a balance is what its lines add up to."""
    sums = (one.label(name) for name, one in zip(_COLUMNS, account.effects(Line.kind, Line.minutes, 4), strict=True))
    lines = sa.select(Line.balance_id, *sums).group_by(Line.balance_id).subquery()
    found = []
    for column in _COLUMNS:
        stands, says = getattr(Balance, column), sa.func.coalesce(lines.c[column], 0)
        statement = (
            sa.select(Balance.id, Account.company_id, Balance.starts_on, stands, says)
            .join(Account, Account.id == Balance.account_id)
            .outerjoin(lines, lines.c.balance_id == Balance.id)
            .where(stands != says)
        )
        for number, company, starts_on, here, there in session.execute(statement):
            found.append(
                f"balance {number} of company {company} from {starts_on} has {here} minutes {column}, "
                f"but its lines add up to {there}"
            )
    return found


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
    """Every company has one account, with a balance that counts all of each year."""
    statement = (
        sa.select(Company.id)
        .outerjoin(Account, Account.company_id == Company.id)
        .outerjoin(Balance, sa.and_(Balance.account_id == Account.id, Balance.minutes.is_(None)))
        .where(Balance.id.is_(None))
    )
    return [f"company {number} has no account" for (number,) in session.execute(statement)]


CHECKS = (
    ("every company has its account", every_company_has_an_account),
    ("every balance is what its lines add up to", balances_equal_ledger),
    ("nothing stands over its limit ungranted", limits_hold),
)
