"""What is told by itself: facts are fanned out, mails sent, each at least once; and old ones are thrown away."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from labshare.clockwork.job import Job, in_a_line
from labshare.kernel.db import Model, purge, rows, swap, table_of, transaction
from labshare.kernel.errors import N_, Conflict
from labshare.notifications import fanning
from labshare.notifications.letters import Addressed, write
from labshare.notifications.models import DEAD, JOURNAL, NEEDLESS, SENT, WAITING, Delivery, Message, Told
from labshare.notifications.post import Post, Unreachable

log = logging.getLogger("labshare.notifications")
AT_ONCE = 200
CLAIMED = timedelta(minutes=5)  # a sender that never came back loses its claim after this
ROUND = 180.0  # seconds a round may take; what is left then is sent in the next one
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
TRIES = len(PAUSES) + 1
KNOCKS = 3  # so often in a round an unreachable server is asked
SENT_FOR = timedelta(days=90)  # how long is kept what was sent, and what was read
DEAD_FOR = timedelta(days=365)  # and what never arrived, or was never read
_deliveries = table_of(Delivery)


def deliver(now: datetime) -> dict[str, int]:
    """Tell what happened to whom it concerns: into their inbox at once, by mail as soon as the server takes it."""
    return dict(fan_out(now) + send(now))


def fan_out(now: datetime) -> Counter[str]:
    """Write the messages and mails of every fact that is not told yet; twice, or by two at once, is once."""
    counts: Counter[str] = Counter()
    mark = fanning.mark(now)  # looked at first: what is committed meanwhile lies behind it
    after = mark.told
    while facts := fanning.next_facts(after):
        made = fanning.prepare(facts, now)
        with transaction() as tx:
            counts.update(fanning.write(tx, made))
        after = facts[-1].id
    if mark.settled > mark.told:
        with transaction() as tx:
            fanning.move(tx, mark.settled)
    return counts


# ---------------------------------------------------------------- sending


@dataclass(frozen=True)
class Claim:
    """A mail that is ours to send for a while; nobody else has this version of it."""

    mail: Addressed
    version: int
    attempt: int


def send(now: datetime) -> Counter[str]:
    """Send every mail that is due: claim it, send it outside any transaction, then note what came of it."""
    counts: Counter[str] = Counter()
    began, knocks = time.monotonic(), 0
    with Post(current_app.extensions["settings"]) as post:
        while due := _due(now):
            for row in due:
                if time.monotonic() - began > ROUND or knocks >= KNOCKS:
                    return counts
                claim = _claim(row, now)
                if claim is None:
                    continue  # another sender has it
                outcome, failure = _send(claim, post, now)
                knocks += isinstance(failure, Unreachable)
                _note(claim, outcome, in_a_line(failure) if failure else "", now)
                counts[outcome] += 1
    return counts


def _due(now: datetime) -> Sequence[sa.Row[Any]]:
    columns = (Delivery.id, Delivery.journal_id, Delivery.address, Delivery.person_id, Delivery.tries, Delivery.version)
    due = sa.select(*columns).where(Delivery.state == WAITING, Delivery.next_try_at <= now)
    return rows(due.order_by(Delivery.next_try_at, Delivery.id).limit(AT_ONCE))


def _claim(row: sa.Row[Any], now: datetime) -> Claim | None:
    """The mail, ours until CLAIMED has passed; None where somebody else was faster."""
    held = {"tries": row.tries + 1, "next_try_at": now + CLAIMED, "changed_at": now}
    try:
        with transaction() as tx:
            version = swap(tx, _deliveries, row.id, row.version, held)
    except Conflict:
        return None
    return Claim(Addressed(row.id, row.journal_id, row.address, row.person_id), version, row.tries + 1)


def _send(claim: Claim, post: Post, now: datetime) -> tuple[str, Exception | None]:
    try:
        letter = write(claim.mail, now)
        if letter is None:
            return NEEDLESS, None
        post.send(letter, now)
    except Exception as failure:  # whatever it is, the next try or the list of dead letters takes it up
        log.warning("mail %d failed: %s", claim.mail.id, in_a_line(failure))
        return (WAITING if claim.attempt < TRIES else DEAD), failure
    return SENT, None


def _note(claim: Claim, outcome: str, error: str, now: datetime) -> None:
    again = now + PAUSES[claim.attempt - 1] if outcome == WAITING else now
    noted = {"state": outcome, "next_try_at": again, "changed_at": now, "last_error": error[:300]}
    try:
        with transaction() as tx:
            swap(tx, _deliveries, claim.mail.id, claim.version, noted)
    except Conflict:
        log.warning("mail %d took so long that another sender took it up", claim.mail.id)


def _would_deliver(now: datetime) -> dict[str, int]:
    due = _count(Delivery, (Delivery.state == WAITING) & (Delivery.next_try_at <= now))
    return {"facts": fanning.count_waiting(now), WAITING: due}


_LIST = "inbox.deliveries"
DELIVER = Job(
    "deliver",
    N_("Tells people what happened: in their inbox, and by mail"),
    timedelta(minutes=1),
    deliver,
    preview=_would_deliver,
    links={state: (_LIST, {"state": state}) for state in (SENT, WAITING, DEAD, NEEDLESS)},
)


# ---------------------------------------------------------------- throwing away


def _old(now: datetime) -> dict[str, tuple[type[Model], sa.ColumnElement[bool]]]:
    """What nobody asks for any more; only of facts behind the mark, or they would be told once more."""
    past = sa.select(Told.journal_id).where(Told.name == JOURNAL).scalar_subquery()
    went = Delivery.state.in_((SENT, NEEDLESS)) & (Delivery.changed_at < now - SENT_FOR)
    died = (Delivery.state == DEAD) & (Delivery.changed_at < now - DEAD_FOR)
    stale = (Message.read_at < now - SENT_FOR) | (Message.at < now - DEAD_FOR)
    return {
        "deliveries": (Delivery, (went | died) & (Delivery.journal_id <= past)),
        "messages": (Message, stale & (Message.journal_id <= past)),
    }


def tidy_messages(now: datetime) -> dict[str, int]:
    """Delete mails and messages that are old, a few at a time."""
    return {name: purge(model, old) for name, (model, old) in _old(now).items()}


def _would_tidy(now: datetime) -> dict[str, int]:
    return {name: _count(model, old) for name, (model, old) in _old(now).items()}


def _count(model: type[Model], which: sa.ColumnElement[bool]) -> int:
    return int(rows(sa.select(sa.func.count()).select_from(model).where(which))[0][0])


TIDY_MESSAGES = Job(
    "tidy_messages",
    N_("Deletes what was sent or read 90 days ago, and after a year what never was"),
    timedelta(days=1),
    tidy_messages,
    preview=_would_tidy,
    destructive=True,
)
