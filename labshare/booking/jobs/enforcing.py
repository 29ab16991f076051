"""Accounts are kept to: lowered limits and suspended companies are enforced, and every night the books are compared."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa

from labshare.booking import beyond, bookkeeping, lifecycle
from labshare.booking.models import Booking
from labshare.booking.services import enforcing
from labshare.clockwork.job import Job, Unsound
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows, snapshot
from labshare.kernel.errors import N_, Conflict
from labshare.people.lifecycle import SUSPENDED
from labshare.people.models import Company
from labshare.quotas import bookkeeping as accounts
from labshare.quotas.account import Outdated

log = logging.getLogger("labshare.accounts")
FEW = 3  # differences that are told in words


def recheck_allowances(now: datetime) -> dict[str, int]:
    """Pass to managers what lowered limits have no room for, newest requests first; count the approved, for people.

    What is approved is never taken back by itself.
    """
    done = sum(_passed(booking_id, balance_id, now) for booking_id, balance_id in beyond.requests_to_pass())
    return {"over_quota": done, "approved": beyond.count_approved(SYSTEM, now)}


def _passed(booking_id: int, balance_id: int, now: datetime) -> bool:
    try:
        return enforcing.pass_to_manager(SYSTEM, booking_id, balance_id, now)
    except (Conflict, Outdated):  # answered or moved in this very moment
        return False


def _to_recheck(now: datetime) -> dict[str, int]:
    return {"over_quota": len(beyond.requests_to_pass()), "approved": beyond.count_approved(SYSTEM, now)}


def enforce_suspensions(now: datetime) -> dict[str, int]:
    """Take back what suspended companies have ahead."""
    return {"released": sum(_released(number, now) for number in _of_suspended(now))}


def _released(booking_id: int, now: datetime) -> bool:
    try:
        return enforcing.release_suspended(SYSTEM, booking_id, now)
    except (Conflict, Outdated):  # given back, or checked in, in this very moment
        return False


def _of_suspended(now: datetime) -> list[int]:
    ahead = (
        sa.select(Booking.id)
        .join(Company, Company.id == Booking.company_id)
        .where(
            Company.state == SUSPENDED,
            Booking.state.in_(lifecycle.AHEAD),
            Booking.starts_at > now,
        )
    )
    return [number for (number,) in rows(ahead.order_by(Booking.starts_at, Booking.id))]


def reconcile_accounts(now: datetime) -> dict[str, int]:
    """Reckon balances anew from the ledger and the ledger from the bookings; nothing is repaired. Raises Unsound."""
    counts, found = _reconciled()
    if found:
        log.error("accounts differ, %s: %s", now.isoformat(), "; ".join(found[:50]))
        raise Unsound(f"{len(found)} differences: {'; '.join(found[:FEW])}", counts)
    return counts


def _reconciled() -> tuple[dict[str, int], list[str]]:
    with snapshot() as session:
        found = [*accounts.differences(session), *bookkeeping.differences(session)]
        return {"balances": accounts.count(session), "differences": len(found)}, found


RECHECK_ALLOWANCES = Job(
    "recheck_allowances",
    N_("Asks managers about requests that a lowered allowance has no room for, and counts what is approved beyond it"),
    timedelta(minutes=5),
    recheck_allowances,
    preview=_to_recheck,
    links={"over_quota": ("bookings.queue", {}), "approved": ("bookings.beyond", {})},
)
ENFORCE_SUSPENSIONS = Job(
    "enforce_suspensions",
    N_("Takes back, without charge, what suspended companies have booked ahead"),
    timedelta(minutes=5),
    enforce_suspensions,
    preview=lambda now: {"released": len(_of_suspended(now))},
    links={"released": ("bookings.listed", {"state": lifecycle.CANCELLED})},
    destructive=True,
)
RECONCILE_ACCOUNTS = Job(
    "reconcile_accounts",
    N_("Reckons every account anew from its ledger and its bookings every night, and fails where they differ"),
    timedelta(days=1),
    reconcile_accounts,
    preview=lambda _now: _reconciled()[0],
    links={"balances": ("accounts.overview", {})},
    timeout=timedelta(minutes=30),
)
