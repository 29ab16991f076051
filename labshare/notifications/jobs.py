"""What is sent by itself: the mails that carry a link, each at least once, and known by its id if twice."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from labshare.clockwork.job import Job, in_a_line
from labshare.kernel import clock
from labshare.kernel.db import rows, swap, transaction
from labshare.kernel.errors import N_, Conflict
from labshare.kernel.journal import Entry
from labshare.notifications.letters import KINDS, Fact, write
from labshare.notifications.models import DELIVERED, Delivery
from labshare.notifications.post import send

log = logging.getLogger("labshare.notifications")
AT_ONCE = 200
CLAIMED = timedelta(minutes=5)  # a sender that never came back loses its claim after this
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
TRIES = len(PAUSES) + 1
_deliveries: sa.Table = Delivery.__table__  # type: ignore[assignment]  # a mapped class's __table__ is typed FromClause


def mail_links(now: datetime) -> dict[str, int]:
    """Send every mail that is due: claim it, send it outside any transaction, then note what came of it."""
    counts: dict[str, int] = {}
    for row in _due(now):
        claim = _claim(row, now)
        if claim is None:
            continue  # another sender has it
        fact = Fact(row.id, row.kind, row.object_id, row.at)
        outcome, error = _send(fact, claim[2], now)
        _note(claim, outcome, error)
        counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def _due(now: datetime) -> Sequence[sa.Row[Any]]:
    waiting = (Delivery.state == "waiting") & (Delivery.next_try_at <= now)
    statement = (
        sa.select(
            *(Entry.id, Entry.kind, Entry.object_id, Entry.at),
            *(Delivery.id.label("delivery_id"), Delivery.tries, Delivery.version),
        )
        .outerjoin(Delivery, Delivery.journal_id == Entry.id)
        .where(Entry.kind.in_(KINDS), Delivery.id.is_(None) | waiting)
    )
    return rows(statement.order_by(Entry.id).limit(AT_ONCE))


def _claim(row: sa.Row[Any], now: datetime) -> tuple[int, int, int] | None:
    """The delivery's id, its version and which try this is; None where somebody else was faster."""
    held = {"state": "waiting", "next_try_at": now + CLAIMED, "changed_at": now}
    if row.delivery_id is None:
        first = {"journal_id": row.id, "tries": 1, "version": 1, "last_error": "", **held}
        with transaction() as tx:
            made = tx.insert_or_nothing(_deliveries, first, DELIVERED)
        return None if made is None else (made, 1, 1)
    try:
        with transaction() as tx:
            version = swap(tx, _deliveries, row.delivery_id, row.version, {"tries": row.tries + 1, **held})
    except Conflict:
        return None
    return row.delivery_id, version, row.tries + 1


def _send(fact: Fact, attempt: int, now: datetime) -> tuple[str, str]:
    try:
        letter = write(fact, now)
        if letter is None:
            return "needless", ""
        send(letter, current_app.extensions["settings"], now)
    except Exception as failure:  # whatever it is, the next try or the list of dead letters takes it up
        log.warning("mail for fact %d failed: %s", fact.id, in_a_line(failure))
        return ("waiting" if attempt < TRIES else "dead"), in_a_line(failure)
    return "sent", ""


def _note(claim: tuple[int, int, int], outcome: str, error: str) -> None:
    delivery_id, version, attempt = claim
    now = clock.now()
    again = now + PAUSES[attempt - 1] if outcome == "waiting" else now
    noted = {"state": outcome, "next_try_at": again, "changed_at": now, "last_error": error[:300]}
    try:
        with transaction() as tx:
            swap(tx, _deliveries, delivery_id, version, noted)
    except Conflict:
        log.warning("delivery %d took so long that another sender took it up", delivery_id)


MAIL_LINKS = Job(
    "mail_links",
    N_("Sends invitations and links to new passwords by e-mail"),
    timedelta(minutes=1),
    mail_links,
)
