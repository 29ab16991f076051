"""What happens to bookings when others announce something."""

from __future__ import annotations

from datetime import datetime

from labshare.booking import charging
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction
from labshare.quotas.events import AccountOpened, AllowancesSet


def count_what_is_there(tx: Transaction, actor: Actor, fact: AccountOpened | AllowancesSet, now: datetime) -> None:
    """What was asked for and used before an allowance was set counts in it too."""
    if fact.company_id is None or not fact.added:
        return
    if isinstance(fact, AccountOpened):
        charging.hold_still(tx, fact.company_id)
    charging.catch_up(tx, actor, fact.company_id, fact.added, now)
