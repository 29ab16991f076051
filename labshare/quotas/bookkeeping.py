"""Whether balances are what their lines add up to."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.quotas import account
from labshare.quotas.models import Account, Balance, Line

_COLUMNS = ("held", "used", "extended", "granted")


@cache
def _wrong() -> dict[str, sa.Select[Any]]:
    """What asks for the balances in which each column is not what their lines add up to."""
    sums = (one.label(name) for name, one in zip(_COLUMNS, account.effects(Line.kind, Line.minutes, 4), strict=True))
    lines = sa.select(Line.balance_id, *sums).group_by(Line.balance_id).subquery()
    asked = {}
    for column in _COLUMNS:
        stands, says = getattr(Balance, column), sa.func.coalesce(lines.c[column], 0)
        asked[column] = (
            sa.select(Balance.id, Account.company_id, Balance.starts_on, stands, says)
            .join(Account, Account.id == Balance.account_id)
            .outerjoin(lines, lines.c.balance_id == Balance.id)
            .where(stands != says)
        )
    return asked


def differences(session: Session) -> list[str]:
    """What stands in a balance is what its lines add up to."""
    found = []
    for column, statement in _wrong().items():
        for number, company, starts_on, here, there in session.execute(statement):
            found.append(
                f"balance {number} of company {company} from {starts_on} has {here} minutes {column}, "
                f"but its lines add up to {there}"
            )
    return found


def count(session: Session) -> int:
    """How many balances there are."""
    return session.scalar(sa.select(sa.func.count()).select_from(Balance)) or 0
