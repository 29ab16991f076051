"""What the tests of accounts share: short ways to allow, to ask, and to read what stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.kernel.db import db
from labshare.quotas import services
from labshare.quotas.allowances import Caps
from labshare.quotas.models import REFUSE
from labshare.quotas.rules import Terms
from tests.booking.conftest import sound, turn
from tests.cast import Cast

__all__ = ["sound", "turn"]  # every invariant holds after each of these tests too


def limit(
    hours: float, scope: str = "all", scope_id: int | None = None, period: str = "year", then: str = REFUSE
) -> Terms:
    return Terms(scope, scope_id, period, round(hours * 60), then)


class Books:
    """The account of Aurora, Mei's company, and what stands in it."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast

    def allow(self, *items: Terms, caps: Caps | None = None, company: int | None = None) -> None:
        services.set_allowances(self.cast.ada, company or self.cast.aurora, items, caps)

    def stand(self, company: int | None = None, **where: Any) -> dict[str, tuple[float, float]]:
        """Held and used hours by scope and period, of all periods together; the account itself is "account"."""
        db.session.rollback()
        found = db.session.execute(
            sa.text(
                "SELECT a.scope, a.period, a.minutes, sum(b.held) AS held, sum(b.used) AS used FROM balance b "
                "JOIN allowance a ON a.id = b.allowance_id JOIN account c ON c.id = a.account_id "
                "WHERE c.company_id = :company AND a.withdrawn_at IS NULL GROUP BY a.scope, a.period, a.minutes, a.id"
            ),
            {"company": company or self.cast.aurora},
        )
        return {
            "account" if row.minutes is None else f"{row.scope} {row.period}": (row.held / 60, row.used / 60)
            for row in found
        }

    def lines(self, booking: int | None = None) -> Sequence[tuple[str, float]]:
        """Kind and hours of the account's own lines, oldest first; of one booking, or all of them."""
        db.session.rollback()
        found = db.session.execute(
            sa.text(
                "SELECT l.kind, l.minutes FROM ledger l JOIN balance b ON b.id = l.balance_id WHERE b.minutes IS NULL "
                "AND (l.booking_id = :booking OR :booking = 0) ORDER BY l.id"
            ),
            {"booking": booking or 0},
        )
        return [(row.kind, row.minutes / 60) for row in found]


@pytest.fixture
def books(cast: Cast) -> Books:
    return Books(cast)
