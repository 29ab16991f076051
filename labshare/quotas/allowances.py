"""Opening a company's account, its periods ahead, and giving it another set of allowances.

Runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of
from labshare.people.models import Company
from labshare.quotas import rules
from labshare.quotas.models import EXTENSION, LOWERED, YEAR, Account, Allowance, Balance, Line
from labshare.quotas.rules import Terms

_account, _allowance, _balance, _ledger = map(table_of, (Account, Allowance, Balance, Line))
ZONES = timedelta(days=1)  # somewhere it is still yesterday


@dataclass(frozen=True)
class Caps:
    """How many bookings may lie ahead at once, of the whole company and of each person; None: any number."""

    company: int | None = None
    person: int | None = None


@dataclass(frozen=True)
class Changed:
    """An account whose allowances are others now, and which of them have counted nothing yet."""

    account_id: int
    version: int
    added: tuple[int, ...]


def open_account(tx: Transaction, company_id: int, now: datetime) -> Changed:
    """A new account for a company: it follows the default, and counts from the year the company came in on."""
    default = tx.execute(sa.select(_account).where(_account.c.company_id.is_(None))).one()
    values = {"company_id": company_id, "follows": default.version, "version": 1}
    values |= {"company_cap": default.company_cap, "person_cap": default.person_cap}
    number = int(tx.execute(sa.insert(_account).values(values).returning(_account.c.id)).scalar_one())
    came = tx.execute(sa.select(Company.created_at).where(Company.id == company_id)).scalar_one()
    first, _ = rules.period_of(YEAR, (min(came, now) - ZONES).date())
    everything = sa.insert(_allowance).values(account_id=number, counts_from=first, minutes=None)
    added = [tx.execute(everything.returning(_allowance.c.id)).scalar_one()]
    added += [_add(tx, number, item, now) for item in in_force(tx, default.id)]
    open_periods(tx, number, now)
    return Changed(number, 1, tuple(added))


def open_periods(tx: Transaction, account_id: int, now: datetime) -> int:
    """Open every period of the account's allowances that is missing as far as one may book; how many those were."""
    furthest = (now + rules.AHEAD).date()
    mine = sa.and_(_allowance.c.account_id == account_id, _allowance.c.withdrawn_at.is_(None))
    wanted = []
    for one in tx.execute(sa.select(_allowance).where(mine).order_by(_allowance.c.id)):
        last = furthest if one.valid_to is None else min(one.valid_to, furthest)
        if one.counts_from > last:
            continue
        for starts_on, ends_on in rules.periods(one.period, one.counts_from, last):
            row = {"account_id": account_id, "allowance_id": one.id, "starts_on": starts_on, "ends_on": ends_on}
            wanted.append(row | {"minutes": one.minutes})
    return tx.insert_missing(_balance, wanted)


def in_force(tx: Transaction, account_id: int) -> list[Terms]:
    """The limits of an account that are not withdrawn."""
    mine = sa.and_(_allowance.c.account_id == account_id, _allowance.c.withdrawn_at.is_(None))
    columns = (_allowance.c[name] for name in Terms.__dataclass_fields__)
    limits = sa.select(*columns).where(mine, _allowance.c.minutes.is_not(None)).order_by(_allowance.c.id)
    return [Terms(**row._mapping) for row in tx.execute(limits)]


def replace(
    tx: Transaction,
    actor: Actor,
    account: sa.Row[Any],
    items: Sequence[Terms],
    caps: Caps,
    follows: int | None,
    now: datetime,
) -> Changed:
    """Give the account this set of limits: the same ones keep their balances, the others are withdrawn or added.

    The account is locked first, so that nobody opens periods meanwhile, then its balances: whoever has read them
    before is refused afterwards, so nothing slips between the old set and the new. What was extended once stays so
    where only the days have changed. Raises Conflict where somebody else set them meanwhile.
    """
    values = {"follows": follows, "company_cap": caps.company, "person_cap": caps.person}
    version = swap(tx, _account, account.id, account.version, values)
    balances = sa.select(_balance).where(_balance.c.account_id == account.id).order_by(_balance.c.id)
    standing = tx.execute(balances.with_for_update()).all()
    known = {_identity(one): one for one in _limits(tx, account.id)}
    added: dict[Terms, int] = {}
    for item in items:
        old = known.pop(_identity(item), None)
        if old is None:
            added[item] = _add(tx, account.id, item, now)
        elif (old.minutes, old.when_exceeded) != (item.minutes, item.when_exceeded):
            swap(tx, _allowance, old.id, old.version, {"minutes": item.minutes, "when_exceeded": item.when_exceeded})
            for balance in standing:
                if balance.allowance_id == old.id and balance.ends_on > (now - ZONES).date():
                    _limit(tx, actor, balance, item.minutes or 0, now)
    for old in known.values():
        swap(tx, _allowance, old.id, old.version, {"withdrawn_at": now})
    if account.company_id is not None:
        ids = [balance.id for balance in standing]
        tx.execute(sa.update(_balance).where(_balance.c.id.in_(ids)).values(terms=_balance.c.terms + 1))
        open_periods(tx, account.id, now)
        for item, number in added.items():
            before = {old.id for old in known.values() if _identity(old)[:3] == _identity(item)[:3]}
            _carry_over(tx, actor, [one for one in standing if one.allowance_id in before], number, now)
    return Changed(account.id, version, tuple(added.values()))


def _carry_over(
    tx: Transaction, actor: Actor, standing: Iterable[sa.Row[Any]], allowance_id: int, now: datetime
) -> None:
    """What was added once to a period stays added where its allowance has other days now."""
    for one in standing:
        mine = sa.and_(_balance.c.allowance_id == allowance_id, _balance.c.starts_on == one.starts_on)
        if not one.extended or one.ends_on <= (now - ZONES).date():
            continue
        changed = sa.update(_balance).where(mine).values(extended=one.extended).returning(_balance.c.id)
        if (number := tx.execute(changed).scalar()) is not None:
            line = {"balance_id": number, "kind": EXTENSION, "minutes": one.extended, "at": now}
            tx.note(_ledger, line | {"actor_id": actor.person_id})


def _limits(tx: Transaction, account_id: int) -> Sequence[sa.Row[Any]]:
    mine = sa.and_(_allowance.c.account_id == account_id, _allowance.c.withdrawn_at.is_(None))
    return tx.execute(sa.select(_allowance).where(mine, _allowance.c.minutes.is_not(None))).all()


def _identity(one: Any) -> tuple[Any, ...]:
    return one.scope, one.scope_id, one.period, one.valid_from, one.valid_to


def _add(tx: Transaction, account_id: int, item: Terms, now: datetime) -> int:
    """A new limit; it counts from the period that is running, or from its first day if that is later; its id."""
    running, _ = rules.period_of(item.period, (now - ZONES).date())
    values = {name: getattr(item, name) for name in Terms.__dataclass_fields__}
    values |= {"account_id": account_id, "counts_from": max(running, item.valid_from or running)}
    return int(tx.execute(sa.insert(_allowance).values(values).returning(_allowance.c.id)).scalar_one())


def _limit(tx: Transaction, actor: Actor, balance: sa.Row[Any], minutes: int, now: datetime) -> None:
    """Another limit for one period; what it has no room for stands, granted by a line, and is to be looked at."""
    taken = balance.held + balance.used
    over = max(0, taken - minutes - balance.extended)
    granted = max(0, over - balance.granted)
    newly = over - max(0, taken - (balance.minutes or 0) - balance.extended)
    values = {"minutes": minutes, "granted": balance.granted + granted, "lowered": max(0, balance.lowered + newly)}
    tx.execute(sa.update(_balance).where(_balance.c.id == balance.id).values(values))
    if granted:
        line = {"balance_id": balance.id, "kind": LOWERED, "minutes": granted, "actor_id": actor.person_id, "at": now}
        tx.note(_ledger, line)
