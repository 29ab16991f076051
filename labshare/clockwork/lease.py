"""The lease: at most one scheduler leads, by the database's own clock, and a stale leader is found out."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from labshare.clockwork.models import Lease
from labshare.kernel.db import Transaction, db_now, transaction

NAME = "clockwork"
LONGEST = 900  # seconds; a lead that claims to last longer was written before the clock went back
_OURS = Lease.name == NAME


class LeaseLost(Exception):
    """Somebody else leads by now; whatever was to be written is not."""


@dataclass(frozen=True)
class Held:
    """A lead: who holds it, and the number that tells it from every other lead."""

    holder: str
    fence: int


def take(holder: str, seconds: int) -> Held | None:
    """Take the lead, or keep it, for so many seconds; None while somebody else holds it."""
    stale = (Lease.expires_at < db_now()) | (Lease.expires_at > db_now(LONGEST))
    taken = sa.update(Lease).where(_OURS, (Lease.holder == holder) | stale)
    changed = taken.values(
        holder=holder,
        fence=Lease.fence + sa.case((Lease.holder == holder, 0), else_=1),
        beat_at=db_now(),
        expires_at=db_now(seconds),
    )
    with transaction() as tx:
        fence = tx.execute(changed.returning(Lease.fence)).scalar()
    return None if fence is None else Held(holder, fence)


def release(held: Held) -> None:
    """Give the lead back, so that the next one need not wait for it to run out."""
    ours = sa.update(Lease).where(_OURS, Lease.holder == held.holder, Lease.fence == held.fence)
    with transaction() as tx:
        tx.execute(ours.values(holder="", expires_at=db_now()))


def confirm(tx: Transaction, held: Held) -> None:
    """Inside the caller's transaction: raises LeaseLost unless this very lead still stands, and keeps it standing."""
    still = sa.select(Lease.name).where(_OURS, Lease.holder == held.holder, Lease.fence == held.fence)
    if tx.execute(still.with_for_update()).first() is None:
        raise LeaseLost
