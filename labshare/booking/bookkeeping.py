"""Whether every booking stands in its company's account as what it is: so many minutes held, used, or none.

Bookings and what the ledger says of them are read side by side in the order of their numbers, so that a million of
them never lie in memory at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labshare.booking.charging import STANDS, TAKING, Taking
from labshare.booking.models import Booking
from labshare.quotas.models import CATEGORY, HOLD, SITE, Account, Allowance, Balance, Line

AT_ONCE = 2000  # rows
NOTHING = (0, 0)
Minutes = tuple[int, int]  # held, used


@dataclass(frozen=True)
class Limit:
    """An allowance, and the numbers of its balances by their first days."""

    id: int
    company_id: int
    scope: str
    scope_id: int | None
    period: str
    counts_from: date
    valid_to: date | None
    withdrawn: bool
    balances: dict[date, int]


def differences(session: Session) -> list[str]:
    """Every booking stands in its company's account, and in no other, as it is; four statements in all."""
    by_company, of_balance = limits(session)
    taking = _streamed(session, TAKING.order_by(Booking.id))
    lines = _streamed(session, STANDS.where(Line.booking_id.is_not(None)).order_by(Line.booking_id, Line.balance_id))
    found: list[str] = []
    for number, row, stands in _side_by_side(taking, lines):
        by_limit: dict[int, dict[int, Minutes]] = defaultdict(dict)
        for balance_id, minutes in stands.items():
            by_limit[of_balance[balance_id].id][balance_id] = minutes
        if row is not None:
            one = Taking(*row)
            for limit in by_company[one.company_id]:
                found += _differ(one, limit, by_limit.pop(limit.id, {}))
        for some in by_limit.values():
            strays = [balance_id for balance_id, minutes in some.items() if minutes != NOTHING]
            found += [
                f"booking {number} stands in balance {balance_id}, which is not its company's" for balance_id in strays
            ]
    return found


def limits(session: Session) -> tuple[dict[int, list[Limit]], dict[int, Limit]]:
    """Every company's allowances, and whose each balance is."""
    names = ("id", "scope", "scope_id", "period", "counts_from", "valid_to")
    columns = {name: getattr(Allowance, name) for name in names}
    columns |= {"company_id": Account.company_id, "withdrawn": Allowance.withdrawn_at.is_not(None).label("withdrawn")}
    allowances = sa.select(*columns.values()).join(Account, Account.id == Allowance.account_id)
    by_number, by_company = {}, defaultdict(list)
    for row in session.execute(allowances.where(Account.company_id.is_not(None)).order_by(Allowance.id)):
        limit = by_number[row.id] = Limit(**dict(zip(columns, row, strict=True)), balances={})
        by_company[limit.company_id].append(limit)
    of_balance = {}
    for number, allowance_id, starts_on in session.execute(
        sa.select(Balance.id, Balance.allowance_id, Balance.starts_on)
    ):
        limit = of_balance[number] = by_number[allowance_id]
        limit.balances[starts_on] = number
    return by_company, of_balance


def _streamed(session: Session, statement: sa.Select[Any]) -> Iterator[Any]:
    return iter(session.execute(statement, execution_options={"yield_per": AT_ONCE}))


def _side_by_side(
    taking: Iterable[Any], lines: Iterable[Any]
) -> Iterator[tuple[int, Any | None, Mapping[int, Minutes]]]:
    """Each number with its booking, if there is one, and what the ledger says of it, balance by balance."""
    said = groupby(lines, key=lambda line: int(line[0]))
    following = next(said, None)
    for row in taking:
        while following is not None and following[0] < row[0]:
            yield following[0], None, _sums(following[1])
            following = next(said, None)
        if following is not None and following[0] == row[0]:
            yield row[0], row, _sums(following[1])
            following = next(said, None)
        else:
            yield row[0], row, {}
    while following is not None:
        yield following[0], None, _sums(following[1])
        following = next(said, None)


def _sums(lines: Iterable[Any]) -> dict[int, Minutes]:
    return {balance_id: (int(held), int(used)) for _booking_id, balance_id, held, used in lines}


def _differ(one: Taking, limit: Limit, stands: Mapping[int, Minutes]) -> Iterator[str]:
    """Where the booking stands otherwise than it should on one allowance."""
    kind = one.kind()
    if limit.withdrawn:  # nothing more is written there but what is given back, or a use corrected
        for number, (held, _used) in stands.items():
            if held and kind != HOLD:
                yield f"booking {one.id} ({one.state}) still holds {held} minutes on balance {number}"
        return
    if limit.scope in (CATEGORY, SITE):
        # Instruments change those; only what stands can be told to be wrong, and that it should not stand cannot.
        if all(minutes == NOTHING for minutes in stands.values()):
            return
        falls_under = True
    else:
        falls_under = one.falls_under(limit.scope, limit.scope_id)
    wanted: dict[int | None, Minutes] = {}
    if kind is not None and falls_under:
        for day, minutes in one.takes(limit.period, limit.counts_from, limit.valid_to).items():
            wanted[limit.balances.get(day)] = (minutes, 0) if kind == HOLD else (0, minutes)
    for balance_id in wanted.keys() | stands.keys():
        should, does = wanted.get(balance_id, NOTHING), stands.get(balance_id or 0, NOTHING)
        if should != does:
            yield (
                f"booking {one.id} ({one.state}) should have {should[0]} minutes held and {should[1]} used on balance "
                f"{balance_id or 'missing'} of the {limit.period} ({limit.scope}), but has {does[0]} and {does[1]}"
            )
