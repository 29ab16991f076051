"""A company's account of hours: what a booking stands for in it, and the lines that change that.

Runs in the caller's transaction, as its last statements, balances sorted by id; it is never locked ahead.
What is written rests on balances that were read before: whoever changes an account's allowances locks all its
balances and gives them new `terms`, and whoever had read them with the old ones is refused here as Outdated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows, table_of
from labshare.kernel.errors import N_, Busy, Conflict, Problem, Reason
from labshare.quotas.models import EFFECTS, HOLD, LOWERED, RELEASE, WAIVER, Account, Allowance, Balance, Line
from labshare.quotas.rules import Share

_account, _allowance, _balance, _ledger = map(table_of, (Account, Allowance, Balance, Line))


class NotOpen(Problem):
    """The company's account has no balance for a period it should have one for (503); the jobs page shows why."""

    status, code = 503, "account_not_open"
    title = N_("The company's account is not open for that time yet; please tell the laboratory")


class Outdated(Busy):
    """The account's allowances were changed while this was reckoned (503); it is reckoned anew when asked again."""


class Overdrawn(Conflict):
    """What was left when it was looked at is not left any more (409 `quota_exceeded`): somebody was faster."""

    def __init__(self) -> None:
        text = N_("The hours that were left have been taken just now.")
        super().__init__(text, code="quota_exceeded", reasons=[Reason("quota_exceeded", text)])


@dataclass(frozen=True)
class Standing:
    """What a booking holds and has used of one balance; minutes."""

    balance_id: int
    terms: int
    held: int
    used: int


@dataclass(frozen=True)
class Whose:
    """Whose booking lines are about; `reason` says why an admin or manager wrote them."""

    booking_id: int | None
    instrument_id: int | None
    person_id: int | None
    reason: str = ""


@dataclass(frozen=True)
class Entry:
    """A line to be written: so many minutes of this kind on this balance, which was read with these terms."""

    balance_id: int
    terms: int
    kind: str
    minutes: int
    whose: Whose


# ---------------------------------------------------------------- what a booking stands for


def effects(kind: Any, minutes: Any, columns: int = 2) -> list[sa.ColumnElement[int]]:
    """What lines add up to: of what is held, used, and with more columns extended and granted."""
    return [
        sa.func.coalesce(
            sa.func.sum(sa.case({one: effect[n] for one, effect in EFFECTS.items()}, value=kind) * minutes), 0
        )
        for n in range(columns)
    ]


_STANDING = (
    sa.select(_balance.c.id, _balance.c.terms, *effects(_ledger.c.kind, _ledger.c.minutes))
    .join(_balance, _balance.c.id == _ledger.c.balance_id)
    .where(_ledger.c.booking_id == sa.bindparam("booking"))
    .group_by(_balance.c.id, _balance.c.terms)
    .order_by(_balance.c.id)
)


def standing(booking_id: int) -> list[Standing]:
    """What the booking holds and has used, balance by balance, in one statement; read off the ledger."""
    return [
        Standing(number, terms, int(held), int(used))
        for number, terms, held, used in rows(_STANDING, booking=booking_id)
    ]


_STANDINGS = (
    sa.select(_ledger.c.booking_id, _balance.c.id, _balance.c.terms, *effects(_ledger.c.kind, _ledger.c.minutes))
    .join(_balance, _balance.c.id == _ledger.c.balance_id)
    .where(_ledger.c.booking_id.in_(sa.bindparam("bookings", expanding=True)))
    .group_by(_ledger.c.booking_id, _balance.c.id, _balance.c.terms)
    .order_by(_ledger.c.booking_id, _balance.c.id)
)


def standings(booking_ids: Iterable[int]) -> dict[int, list[Standing]]:
    """The same of many bookings, in one statement."""
    found: dict[int, list[Standing]] = {number: [] for number in booking_ids}
    for booking_id, number, terms, held, used in rows(_STANDINGS, bookings=sorted(found)) if found else ():
        found[booking_id].append(Standing(number, terms, int(held), int(used)))
    return found


# ---------------------------------------------------------------- lines


def hold(tx: Transaction, actor: Actor, whose: Whose, shares: Iterable[Share], now: datetime) -> None:
    """Hold what the slot takes; raises Overdrawn where it is not left any more."""
    post(tx, actor, [_held_by(one, whose) for one in shares], now)


def rehold(
    tx: Transaction, actor: Actor, whose: Whose, shares: Iterable[Share], now: datetime, forced: str | None = None
) -> None:
    """Give back what the booking held before, and hold what its slot takes now; raises Overdrawn."""
    post(tx, actor, [*_given_back(whose), *(_held_by(one, whose) for one in shares)], now, forced)


def waive(tx: Transaction, actor: Actor, whose: Whose, shares: Iterable[Share], now: datetime) -> None:
    """Hold what the slot takes, whatever is left: what the limits have no room for is granted in the actor's name."""
    post(tx, actor, [_held_by(one, whose) for one in shares], now, forced=WAIVER)


def release(tx: Transaction, actor: Actor, whose: Whose, now: datetime, kind: str = RELEASE) -> None:
    """Give back whatever the booking holds."""
    post(tx, actor, _given_back(whose, kind), now)


def _held_by(share: Share, whose: Whose) -> Entry:
    return Entry(share.balance_id, share.terms, HOLD, share.minutes, whose)


def _given_back(whose: Whose, kind: str = RELEASE) -> list[Entry]:
    before = [] if whose.booking_id is None else standing(whose.booking_id)
    return [Entry(one.balance_id, one.terms, kind, one.held, whose) for one in before]


_number, _terms, _held, _used = (
    sa.bindparam(f"balance_{name}", type_=sa.Integer) for name in ("number", "terms_read", "more_held", "more_used")
)
_taken = _balance.c.held + _balance.c.used + _held + _used
_limit = _balance.c.minutes + _balance.c.extended
# What makes it more must fit; what makes it less always does. The row knows its limit, so nobody can be faster.
_CHANGE = (
    sa.update(_balance)
    .where(
        _balance.c.id == _number,
        _balance.c.terms == _terms,
        sa.or_(_balance.c.minutes.is_(None), _held + _used <= 0, _taken <= _limit),
    )
    .values(
        held=_balance.c.held + _held,
        used=_balance.c.used + _used,
        lowered=sa.case(  # what is given back makes up for a lowered limit first
            (_balance.c.lowered == 0, 0),
            (_taken <= _limit, 0),
            (_balance.c.lowered + _held + _used <= 0, 0),
            else_=_balance.c.lowered + _held + _used,
        ),
    )
)


def post(tx: Transaction, actor: Actor, entries: Iterable[Entry], now: datetime, forced: str | None = None) -> None:
    """Write the lines and change their balances, sorted; raises Overdrawn, and Outdated where the terms have changed.

    With `forced`, what a limit has no room for is granted by a line of that kind.
    """
    by_balance: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_balance[entry.balance_id].append(entry)
    for number, some in sorted(by_balance.items()):
        held, used = (sum(EFFECTS[one.kind][column] * one.minutes for one in some) for column in (0, 1))
        if forced is None or held + used <= 0:  # asked also where nothing changes: whether the terms are still the same
            values = {"number": number, "terms_read": some[0].terms, "more_held": held, "more_used": used}
            tx.note_change(_CHANGE, values, Overdrawn if held + used > 0 else Outdated)
        else:
            some += _grant(tx, some[-1], held, used, forced)
        lines = [_written(one, actor, now) for one in some if one.minutes]
        if len(lines) > MANY:
            tx.execute(sa.insert(_ledger), lines)
            continue
        for line in lines:
            tx.note(_ledger, line)


def queue_up(tx: Transaction, account_id: int) -> None:
    """Wait for others who ask for the same company, and let others wait until this transaction ends.

    The account comes before its balances, as for whoever sets its allowances.
    """
    tx.execute(sa.select(_account.c.id).where(_account.c.id == account_id).with_for_update())


MANY = 10  # lines; so many are quicker written at once


def _grant(tx: Transaction, last: Entry, held: int, used: int, kind: str) -> list[Entry]:
    """Change the balance whatever its limit; the line that grants what the limit has no room for, if it has none."""
    found = locked(tx, [last.balance_id])
    if not found or found[0].terms != last.terms:
        raise Outdated
    row, granted, lowered = found[0], 0, found[0].lowered
    if row.minutes is not None:
        over = max(0, row.held + row.used + held + used - row.minutes - row.extended)
        granted = max(0, over - row.granted)
        lowered = min(over, lowered + (granted if kind == LOWERED else 0))
    values = {"held": row.held + held, "used": row.used + used, "granted": row.granted + granted, "lowered": lowered}
    tx.execute(sa.update(_balance).where(_balance.c.id == row.id).values(values))
    return [Entry(row.id, row.terms, kind, granted, last.whose)] if granted else []


def locked(tx: Transaction, balance_ids: Iterable[int]) -> Sequence[sa.Row[Any]]:
    """The balances as they are, sorted by id and locked until the end of the transaction."""
    statement = sa.select(_balance).where(_balance.c.id.in_(list(balance_ids))).order_by(_balance.c.id)
    return tx.execute(statement.with_for_update()).all()


def _written(one: Entry, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "balance_id": one.balance_id,
        "kind": one.kind,
        "minutes": one.minutes,
        "booking_id": one.whose.booking_id,
        "instrument_id": one.whose.instrument_id,
        "person_id": one.whose.person_id,
        "actor_id": actor.person_id,
        "at": now,
        "reason": one.whose.reason,
    }
