"""What happens to accounts when others announce something."""

from __future__ import annotations

from datetime import datetime

from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction
from labshare.people.events import CompanyAdded, CompanyRegistered
from labshare.quotas import allowances


def open_its_account(tx: Transaction, _actor: Actor, fact: CompanyAdded | CompanyRegistered, now: datetime) -> None:
    """A company that comes in has an account from its first moment."""
    allowances.open_account(tx, fact.object_id, now)
