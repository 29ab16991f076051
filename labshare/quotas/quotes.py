"""What a slot or a use takes of its company's account: a share of every allowance it falls under; read, not written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.kernel.db import rows, table_of
from labshare.kernel.slots import Slot
from labshare.quotas import rules
from labshare.quotas.account import NotOpen, Standing
from labshare.quotas.models import Account, Allowance, Balance, Line
from labshare.quotas.rules import Share

_account, _allowance, _balance, _ledger = map(table_of, (Account, Allowance, Balance, Line))


class Place(Protocol):
    """An instrument, as far as allowances care."""

    @property
    def id(self) -> int: ...
    @property
    def category_id(self) -> int: ...
    @property
    def site_id(self) -> int: ...
    @property
    def zone(self) -> ZoneInfo: ...


@dataclass(frozen=True)
class Quote:
    """What a slot takes of an account: a share of every allowance it falls under, and the caps on bookings ahead."""

    account_id: int
    shares: tuple[Share, ...]
    company_cap: int | None
    person_cap: int | None


_OPEN = (
    sa.select(
        _account.c.id,
        _account.c.company_cap,
        _account.c.person_cap,
        _allowance.c.id.label("allowance_id"),
        _allowance.c.scope,
        _allowance.c.period,
        _allowance.c.when_exceeded,
        _allowance.c.counts_from,
        _allowance.c.valid_to,
        _allowance.c.withdrawn_at,
        _balance.c.id.label("balance_id"),
        _balance.c.starts_on,
        (_balance.c.minutes + _balance.c.extended - _balance.c.held - _balance.c.used).label("left"),
        _balance.c.terms,
    )
    .select_from(_account)
    .join(_allowance, _allowance.c.account_id == _account.c.id)
    .outerjoin(
        _balance,
        sa.and_(
            _balance.c.allowance_id == _allowance.c.id,
            _balance.c.starts_on <= sa.bindparam("last", type_=sa.Date),
            _balance.c.ends_on > sa.bindparam("first", type_=sa.Date),
        ),
    )
    .where(
        _allowance.c.counts_from <= sa.bindparam("last", type_=sa.Date),
        sa.or_(_allowance.c.valid_to.is_(None), _allowance.c.valid_to >= sa.bindparam("first", type_=sa.Date)),
    )
    .order_by(_balance.c.id)
)
_COUNTED = _OPEN.where(
    _account.c.company_id == sa.bindparam("company"),
    sa.or_(
        _allowance.c.scope == "all",
        sa.and_(_allowance.c.scope == "category", _allowance.c.scope_id == sa.bindparam("category")),
        sa.and_(_allowance.c.scope == "instrument", _allowance.c.scope_id == sa.bindparam("instrument")),
        sa.and_(_allowance.c.scope == "site", _allowance.c.scope_id == sa.bindparam("site")),
    ),
)
_IN_FORCE = _COUNTED.where(_allowance.c.withdrawn_at.is_(None))
_OF_MANY = _OPEN.add_columns(_account.c.company_id, _allowance.c.scope_id).where(
    _allowance.c.withdrawn_at.is_(None), _account.c.company_id.in_(sa.bindparam("companies", expanding=True))
)
_touched = sa.select(_balance.c.allowance_id).join(_ledger, _ledger.c.balance_id == _balance.c.id)
_IN_FORCE_OR_TOUCHED = _COUNTED.where(
    sa.or_(
        _allowance.c.withdrawn_at.is_(None),
        _allowance.c.id.in_(_touched.where(_ledger.c.booking_id == sa.bindparam("booking"))),
    )
)


def of_slot(company_id: int, place: Place, slot: Slot, standing: Iterable[Standing] = ()) -> Quote:
    """What the slot takes of the company's account, in one statement; `standing` is what its booking holds already.

    Raises NotOpen where a balance is missing.
    """
    mine = {one.balance_id: one.held for one in standing}
    found = _counted(_IN_FORCE, company_id, place, slot.start, slot.end)
    shares = (replace(share, mine=mine.get(share.balance_id, 0)) for share in found.shares)
    return replace(found, shares=tuple(shares))


def of_slots(
    asked: Sequence[tuple[int, Place, Slot]], standings: Sequence[Iterable[Standing]]
) -> list[tuple[Share, ...]]:
    """What each of many slots takes of its company's account, by itself, in one statement.

    `standings` is what each one's booking holds already. To be shown, not to be reckoned with: what has no balance yet
    is left out.
    """
    if not asked:
        return []
    days = [rules.days_of(slot, place.zone) for _, place, slot in asked]
    within = {"first": min(first for first, _ in days), "last": max(last for _, last in days)}
    by_company: dict[int, list[Any]] = defaultdict(list)
    for row in rows(_OF_MANY, companies=sorted({company_id for company_id, *_ in asked}), **within):
        by_company[row.company_id].append(row)
    found = []
    for (company_id, place, slot), before in zip(asked, standings, strict=True):
        mine = {one.balance_id: one.held for one in before}
        under = [row for row in by_company[company_id] if _falls_under(row, place)]
        shares = _shares(under, place, slot.start, slot.end, strict=False)
        found.append(tuple(replace(share, mine=mine.get(share.balance_id, 0)) for share in shares))
    return found


def _falls_under(row: Any, place: Place) -> bool:
    there = {"category": place.category_id, "instrument": place.id, "site": place.site_id}
    return row.scope == "all" or there[row.scope] == row.scope_id


def of_use(company_id: int, booking_id: int, place: Place, start: datetime, end: datetime) -> tuple[Share, ...]:
    """What a use takes: of the allowances in force, and of those its booking stands in. Raises NotOpen."""
    return _counted(_IN_FORCE_OR_TOUCHED, company_id, place, start, end, booking=booking_id).shares


def _counted(
    statement: sa.Select[Any], company_id: int, place: Place, start: datetime, end: datetime, **more: int
) -> Quote:
    if end <= start:  # nothing was used
        return Quote(0, (), None, None)
    first, last = rules.days_of(Slot(start, end), place.zone)
    asked = {"company": company_id, "first": first, "last": last}
    asked |= {"category": place.category_id, "instrument": place.id, "site": place.site_id}
    found = rows(statement, **asked, **more)
    if not found:
        raise NotOpen
    shares = _shares(found, place, start, end)
    return Quote(found[0].id, shares, found[0].company_cap, found[0].person_cap)


def _shares(
    found: Iterable[Any], place: Place, start: datetime, end: datetime, strict: bool = True
) -> tuple[Share, ...]:
    allowances: dict[int, Any] = {}
    balances: dict[tuple[int, date], Any] = {}
    for row in found:
        allowances[row.allowance_id] = row
        if row.balance_id is not None:
            balances[row.allowance_id, row.starts_on] = row
    shares = []
    for number, allowance in allowances.items():
        pieces = rules.pieces(start, end, allowance.period, place.zone, allowance.counts_from, allowance.valid_to)
        for starts_on, minutes in pieces:
            balance = balances.get((number, starts_on))
            if balance is None:
                if allowance.withdrawn_at is not None or not strict:
                    continue
                raise NotOpen
            shares.append(
                Share(
                    balance.balance_id,
                    *(allowance.scope, allowance.period, allowance.when_exceeded, starts_on, minutes),
                    left=balance.left,
                    terms=balance.terms,
                )
            )
    return tuple(sorted(shares, key=lambda share: share.balance_id))
