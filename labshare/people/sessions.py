"""Browser sessions as rows: opening and ending them, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from labshare.kernel.db import Transaction
from labshare.people import access
from labshare.people.models import SignIn


@dataclass(frozen=True)
class Browser:
    """From where somebody signs in, with which program, and for how long."""

    address: str
    agent: str
    lasts: timedelta


def start(tx: Transaction, person_id: int, browser: Browser, now: datetime) -> str:
    """Open a session under a new secret and return the secret; sessions that ran out are swept away."""
    secret = access.new_secret()
    tx.execute(sa.delete(SignIn).where(SignIn.expires_at <= now))
    values = {
        "person_id": person_id,
        "secret_hash": access.hashed(secret),
        "created_at": now,
        "expires_at": now + browser.lasts,
        "agent": access.storable(browser.agent)[:200],
    }
    tx.execute(sa.insert(SignIn).values(values))
    return secret


def end_all(tx: Transaction, person_id: int) -> None:
    """End every session of a person, at once."""
    tx.execute(sa.delete(SignIn).where(SignIn.person_id == person_id))
