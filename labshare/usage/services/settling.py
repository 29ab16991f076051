"""A year is issued to its companies, withdrawn, and closed; before the time to object is over they are reminded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, changed_meanwhile, table_of, transaction
from labshare.kernel.errors import Conflict, Forbidden, Reason
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.usage import book, closing, lifecycle, policy, rules, settlement
from labshare.usage.events import (
    StatementClosed,
    StatementDue,
    StatementIssued,
    StatementsDue,
    YearClosed,
    YearFact,
    YearIssued,
    YearWithdrawn,
)
from labshare.usage.models import UsageYear
from labshare.usage.settlement import Settled

_year = table_of(UsageYear)


def issue(
    actor: Actor, year: int, days: int = rules.DAYS, version: int | None = None, retry: Retry | None = None
) -> Settled:
    """Show the figures of a year that is over to its companies, which may object for so many days.

    Raises NotFound, Forbidden, Conflict with every reason.
    """
    now = clock.now()
    _settler(actor, year)
    object_by = now + timedelta(days=days)
    with transaction(retry=retry) as tx:
        row = settlement.locked(tx, year, begin=True)
        _refuse(rules.issue_refusals(settlement.standing(year, row, now)))
        new = _change(tx, row, version, state=lifecycle.ISSUED, issued_at=now, object_by=object_by, reminded_at=None)
        companies = settlement.with_figures(year)
        _tell(tx, actor, YearIssued, year, now, version=new, object_by=object_by, companies=len(companies))
        _tell_each(tx, actor, StatementIssued, year, now, companies, object_by=object_by)
        return tx.done(settlement.year(actor, year, now))


def withdraw(actor: Actor, year: int, version: int | None = None, retry: Retry | None = None) -> Settled:
    """Make an issued year a draft again; what companies said of it stays. Raises NotFound, Forbidden, Conflict."""
    now = clock.now()
    _settler(actor, year)
    with transaction(retry=retry) as tx:
        row = settlement.locked(tx, year)
        _refuse(rules.wrong_state(lifecycle.DRAFT if row is None else row.state, "withdraw"))
        new = _change(tx, row, version, state=lifecycle.DRAFT, issued_at=None, object_by=None, reminded_at=None)
        _tell(tx, actor, YearWithdrawn, year, now, version=new)
        return tx.done(settlement.year(actor, year, now))


def close(
    actor: Actor, year: int, now: datetime | None = None, version: int | None = None, retry: Retry | None = None
) -> Settled:
    """Write the figures of an issued year down for good, once nothing speaks against it.

    Raises NotFound, Forbidden, Conflict with every reason.
    """
    now = now or clock.now()
    settlement.is_year(year)
    if not policy.may_close(actor):
        raise Forbidden
    book.Today(year).instruments()  # reckons the offered hours, which takes long and is remembered for below
    with transaction(retry=retry) as tx:
        row = settlement.locked(tx, year)
        _refuse(rules.closing_refusals(settlement.standing(year, row, now), now))
        digest, companies = closing.write(tx, year), settlement.with_figures(year, used=True)
        new = _change(tx, row, version, state=lifecycle.CLOSED, closed_at=now, digest=digest)
        _tell(tx, actor, YearClosed, year, now, version=new, digest=digest, companies=len(companies))
        _tell_each(tx, actor, StatementClosed, year, now, companies)
        return tx.done(settlement.year(actor, year, now))


def remind(actor: Actor, year: int, now: datetime) -> int:
    """Remind the companies of an issued year that they may object, once; how many were reminded. Raises Forbidden."""
    if not policy.may_let_time_pass(actor):
        raise Forbidden
    with transaction() as tx:
        row = settlement.locked(tx, year)
        if row is None or year not in settlement.to_remind(now):
            return 0
        companies = settlement.with_figures(year)
        new = _change(tx, row, None, reminded_at=now)
        _tell(tx, actor, StatementsDue, year, now, version=new, object_by=row.object_by, companies=len(companies))
        _tell_each(tx, actor, StatementDue, year, now, companies, object_by=row.object_by)
        return len(companies)


# ---------------------------------------------------------------- what these have in common


def _settler(actor: Actor, year: int) -> None:
    settlement.is_year(year)
    if not policy.may_settle(actor):
        raise Forbidden


def _refuse(reasons: Sequence[Reason]) -> None:
    if reasons:
        raise Conflict(reasons[0].message, code=reasons[0].code, reasons=reasons)


def _change(tx: Transaction, row: Any, version: int | None, **values: Any) -> int:
    """Change the year, whose row is locked; its new version. Raises Conflict for one who goes by an older one."""
    if version is not None and version != row.version:
        raise changed_meanwhile()
    tx.execute(sa.update(_year).where(_year.c.year == row.year).values(version=row.version + 1, **values))
    return int(row.version) + 1


def _tell(tx: Transaction, actor: Actor, fact: type[YearFact], year: int, now: datetime, **said: Any) -> None:
    publish(tx, actor, fact(object_id=year, year=year, **said), now)


def _tell_each(
    tx: Transaction, actor: Actor, fact: type[YearFact], year: int, now: datetime, companies: Sequence[int], **said: Any
) -> None:
    """The same to each company: everybody is told of their own figures alone."""
    for company_id in companies:
        _tell(tx, actor, fact, year, now, company_id=company_id, **said)
