"""How often somebody may try: failures count by account and address, for a quarter of an hour."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.kernel.db import Transaction, rows
from labshare.kernel.errors import TooMany
from labshare.people.models import SignInFailure

WINDOW = timedelta(minutes=15)
BY_ACCOUNT, BY_ADDRESS = 10, 100
_failures: Any = SignInFailure.__table__


def account_key(email: str, purpose: str = "account") -> str:
    """The account's key; hashed, because people type all sorts of things into that field, passwords too."""
    return f"{purpose}:{hashlib.sha256(email.encode('utf-8', 'replace')).hexdigest()}"


def address_key(address: str, purpose: str = "address") -> str:
    """The client's key: its address, of IPv6 the network a customer is given."""
    if ":" in address:
        address = ":".join(address.split(":")[:4])
    return f"{purpose}:{address[:100]}"


def tries(key: str, now: datetime) -> int:
    """How many tries count against this key at present."""
    counted = sa.select(sa.func.count()).where(SignInFailure.key == key, SignInFailure.at > now - WINDOW)
    return int(rows(counted)[0][0])


def check(limits: Iterable[tuple[str, int]], now: datetime) -> None:
    """Raise TooMany where a key has reached its limit, saying when the next try is open.

    A refused try is not counted: whoever waits a quarter of an hour gets in, whatever others do meanwhile.
    """
    for key, most in limits:
        newest = (
            sa.select(SignInFailure.at)
            .where(SignInFailure.key == key, SignInFailure.at > now - WINDOW)
            .order_by(SignInFailure.at.desc())
            .limit(most)
        )
        found = rows(newest)
        if len(found) >= most:
            wait = found[-1].at + WINDOW - now
            raise TooMany(retry_after=max(1, int(wait.total_seconds()) + 1))


def count(tx: Transaction, keys: Iterable[str], now: datetime) -> None:
    """Count a try against these keys, and forget those that count no longer."""
    tx.execute(sa.delete(_failures).where(_failures.c.at <= now - WINDOW))
    tx.execute(sa.insert(_failures), [{"key": key, "at": now} for key in keys])


def clear(tx: Transaction, key: str) -> None:
    """Forget what was counted against this key."""
    tx.execute(sa.delete(_failures).where(_failures.c.key == key))
