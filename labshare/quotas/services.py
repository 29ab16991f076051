"""What people do with accounts: admins set allowances and extend them; the clockwork opens periods and warns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, changed_meanwhile, table_of, transaction
from labshare.kernel.errors import N_, Conflict, Forbidden, Invalid, NotFound, Reason
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.quotas import account, allowances, policy, queries, rules
from labshare.quotas.allowances import Caps, Changed
from labshare.quotas.events import (
    AccountOpened,
    AllowanceExtended,
    AllowanceNearlyUsed,
    AllowancesSet,
    DefaultAllowancesSet,
)
from labshare.quotas.models import EXTENSION, Account, Balance, Line, Warned
from labshare.quotas.queries import Standing
from labshare.quotas.rules import Terms

_account, _balance, _ledger, _warned = map(table_of, (Account, Balance, Line, Warned))


def set_allowances(
    actor: Actor,
    company_id: int,
    items: Sequence[Terms] | None,
    caps: Caps | None = None,
    version: int | None = None,
    retry: Retry | None = None,
) -> None:
    """Give a company its own allowances and caps instead of those it has; with None it follows the default again.

    What it asked for and used in the running periods counts. Raises NotFound, Forbidden, Invalid, Conflict.
    """
    now = clock.now()
    if not policy.sees_account(actor, company_id):
        raise NotFound
    if not policy.may_set(actor):
        raise Forbidden
    _sound(items or ())
    with transaction(retry=retry) as tx:
        mine = _of(tx, _account.c.company_id == company_id)
        if version is not None and version != mine.version:
            raise changed_meanwhile()
        if items is None:
            _follow(tx, actor, mine, now)
        else:
            new = allowances.replace(tx, actor, mine, items, caps or Caps(), None, now)
            publish(tx, actor, _told(mine, new, items, caps or Caps(), follows=False), now)
        tx.done(None)


def set_default(
    actor: Actor, items: Sequence[Terms], caps: Caps, version: int | None = None, retry: Retry | None = None
) -> None:
    """Set what companies without allowances of their own may use; the clockwork carries it to each of them.

    The same set again is no change: nobody who follows it need look. Raises Forbidden, Invalid, Conflict.
    """
    now = clock.now()
    if not policy.may_set(actor):
        raise Forbidden
    _sound(items)
    with transaction(retry=retry) as tx:
        default = _of(tx, _account.c.company_id.is_(None))
        if version is not None and version != default.version:
            raise changed_meanwhile()
        stands = set(allowances.in_force(tx, default.id)), Caps(default.company_cap, default.person_cap)
        if (set(items), caps) != stands:
            new = allowances.replace(tx, actor, default, items, caps, None, now).version
            said: dict[str, Any] = {"company_cap": caps.company, "person_cap": caps.person}
            fact = DefaultAllowancesSet(
                object_id=default.id, version=new, items=tuple(one.told for one in items), **said
            )
            publish(tx, actor, fact, now)
        tx.done(None)


def extend(
    actor: Actor,
    company_id: int,
    balance_id: int,
    minutes: int,
    reason: str,
    now: datetime | None = None,
    retry: Retry | None = None,
) -> Standing:
    """Add minutes to one period of an allowance, once; fewer than none takes back what was added.

    Raises NotFound, Forbidden, Invalid, or Conflict where what is taken back is spoken for.
    """
    now = now or clock.now()
    if not policy.sees_account(actor, company_id):
        raise NotFound
    if not policy.may_set(actor):
        raise Forbidden
    if not reason.strip():
        raise Invalid(fields={"reason": [N_("Say why.")]})
    with transaction(retry=retry) as tx:
        standing = _limited(company_id, balance_id)
        [row] = account.locked(tx, [balance_id])
        extended, room = row.extended + minutes, row.minutes + row.extended + minutes
        if room > rules.MOST_HOURS * 60:
            raise Invalid(fields={"hours": [N_("At most %(most)s hours in all.", most=rules.MOST_HOURS)]})
        if extended < 0 or (minutes < 0 and row.held + row.used > room):
            text = N_("So much was not added, or it is spoken for already.")
            raise Conflict(text, code="spoken_for", reasons=[Reason("spoken_for", text)])
        values = {"extended": extended, "lowered": max(0, row.lowered - max(0, minutes))}
        tx.execute(sa.update(_balance).where(_balance.c.id == balance_id).values(values))
        line = {"balance_id": balance_id, "kind": EXTENSION, "minutes": minutes, "at": now, "reason": reason}
        tx.note(_ledger, line | {"actor_id": actor.person_id})
        said: dict[str, Any] = {"minutes": minutes, "reason": reason}
        publish(tx, actor, AllowanceExtended(**_about(standing, company_id), **said), now)
        return tx.done(queries.balance(company_id, balance_id))


# ---------------------------------------------------------------- by the clockwork


def open_account(actor: Actor, company_id: int, now: datetime) -> int:
    """Open what a company's account lacks, and let it follow the default as it is now; how many periods were opened."""
    if not policy.may_let_time_pass(actor):
        raise Forbidden
    with transaction() as tx:
        # Locked, as whoever sets its allowances locks it: periods are not opened by a limit that is just changed.
        mine = sa.select(_account).where(_account.c.company_id == company_id).with_for_update()
        found = tx.execute(mine).first()
        if found is None:
            new, opened = allowances.open_account(tx, company_id, now), 1
        else:
            new = allowances.Changed(found.id, found.version, ())
            opened = allowances.open_periods(tx, found.id, now)
        if opened:
            fact = AccountOpened(object_id=new.account_id, company_id=company_id, periods=opened, added=new.added)
            publish(tx, actor, fact, now)
        default = _of(tx, _account.c.company_id.is_(None))
        if found is not None and found.follows not in (None, default.version):
            _follow(tx, actor, found, now)
        return opened


def warn(actor: Actor, company_id: int, balance_id: int, percent: int, now: datetime) -> bool:
    """Tell that so much of a limit is spoken for, once for each limit, and of less no more; whether it was told."""
    if not policy.may_let_time_pass(actor):
        raise Forbidden
    with transaction() as tx:
        standing = queries.balance(company_id, balance_id)
        limit = standing.limit
        if limit is None or standing.percent < percent:
            return False
        row = {"balance_id": balance_id, "minutes": limit, "at": now}
        if not tx.insert_missing(_warned, [row | {"percent": percent}]):
            return False
        tx.insert_missing(_warned, [row | {"percent": less} for less in rules.WARN_AT if less < percent])
        said: dict[str, Any] = {"percent": percent, "spoken_for": standing.held + standing.used}
        publish(tx, actor, AllowanceNearlyUsed(**_about(standing, company_id), **said), now)
        return True


# ---------------------------------------------------------------- what these have in common


def _follow(tx: Transaction, actor: Actor, mine: sa.Row[Any], now: datetime) -> None:
    """Take over the default as it is now."""
    default = _of(tx, _account.c.company_id.is_(None))
    items, caps = allowances.in_force(tx, default.id), Caps(default.company_cap, default.person_cap)
    new = allowances.replace(tx, actor, mine, items, caps, default.version, now)
    publish(tx, actor, _told(mine, new, items, caps, follows=True), now)


def _limited(company_id: int, balance_id: int) -> Standing:
    """One period of a limit of the company's; raises Invalid where there is none, Conflict where it has no limit."""
    try:
        standing = queries.balance(company_id, balance_id)
    except NotFound:
        raise Invalid(fields={"allowance": [N_("The company has no such allowance.")]}) from None
    if standing.minutes is None:
        text = N_("Without a limit there is nothing to extend.")
        raise Conflict(text, code="without_limit", reasons=[Reason("without_limit", text)])
    return standing


def _told(mine: sa.Row[Any], new: Changed, items: Sequence[Terms], caps: Caps, *, follows: bool) -> AllowancesSet:
    return AllowancesSet(
        object_id=mine.id,
        version=new.version,
        company_id=mine.company_id,
        follows=follows,
        items=tuple(one.told for one in items),
        company_cap=caps.company,
        person_cap=caps.person,
        added=new.added,
    )


def _about(standing: Standing, company_id: int) -> dict[str, Any]:
    return {
        "object_id": standing.account_id,
        "company_id": company_id,
        "balance_id": standing.id,
        "scope": standing.scope,
        "scope_en": standing.scope_en,
        "scope_zh": standing.scope_zh,
        "period": standing.period,
        "starts_on": standing.starts_on.isoformat(),
        "limit": standing.limit or 0,
    }


def _of(tx: Transaction, which: sa.ColumnElement[bool]) -> sa.Row[Any]:
    found = tx.execute(sa.select(_account).where(which)).first()
    if found is None:
        raise account.NotOpen
    return found


def _sound(items: Sequence[Terms]) -> None:
    if len(items) > rules.MOST_ALLOWANCES:
        raise Invalid(fields={"items": [N_("At most %(most)s allowances.", most=rules.MOST_ALLOWANCES)]})
    if faults := rules.faults(items):
        raise Invalid(fields={"items": {str(number): {"scope": [text]} for number, text in faults.items()}})
