"""Fanning the journal out: one message a fact and person, one mail a fact and address; the database keeps it at one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.kernel.db import Transaction, rows, table_of
from labshare.kernel.journal import Entry
from labshare.notifications import facts as journal
from labshare.notifications import recipes
from labshare.notifications.audience import Reader, readers
from labshare.notifications.facts import Fact
from labshare.notifications.models import JOURNAL, WAITING, Delivery, Message, MessageChoice, Told

AT_ONCE = 200
SETTLED = timedelta(minutes=10)  # no transaction lasts so long: below what is older, no number is still to come
_messages, _deliveries, _told = table_of(Message), table_of(Delivery), table_of(Told)
KINDS = tuple(recipes.RECIPES)


@dataclass(frozen=True)
class Mark:
    """Nothing up to `told` is looked at again; the next mark may stand at `settled`."""

    told: int
    settled: int


def mark(now: datetime) -> Mark:
    """How far the journal was told, and how far it is settled.

    On one engine a number given out early may be committed late, so a mark at the newest fact would pass over it.
    What is behind the mark only because it is young is told again; the unique keys make that harmless.
    """
    told = int(rows(sa.select(Told.journal_id).where(Told.name == JOURNAL))[0].journal_id)
    young = sa.select(sa.func.min(Entry.id)).where(Entry.id > told, Entry.at > now - SETTLED).scalar_subquery()
    newest = sa.select(sa.func.max(Entry.id)).scalar_subquery()
    settled = int(rows(sa.select(sa.func.coalesce(young - 1, newest, 0)))[0][0])
    return Mark(told, max(told, settled))


def move(tx: Transaction, to: int) -> None:
    """Never look at what is up to there again; the mark only moves on."""
    tx.execute(sa.update(_told).where(_told.c.name == JOURNAL, _told.c.journal_id < to).values(journal_id=to))


def next_facts(after: int) -> list[Fact]:
    """The next batch to be told."""
    return journal.after(after, KINDS, AT_ONCE)


def count_waiting(now: datetime) -> int:
    """How many facts that somebody might be told stand behind the mark and were told to nobody."""
    past = mark(now).told
    told = sa.exists().where(Message.journal_id == Entry.id) | sa.exists().where(Delivery.journal_id == Entry.id)
    waiting = sa.select(sa.func.count()).select_from(Entry).where(Entry.id > past, Entry.kind.in_(KINDS), ~told)
    return int(rows(waiting)[0][0])


@dataclass(frozen=True)
class Rows:
    """What a batch of facts comes to."""

    messages: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]


def prepare(facts: Sequence[Fact], now: datetime, *, read_before: datetime | None = None) -> Rows:
    """The messages and mails of these facts; what happened before `read_before` counts as read."""
    told = readers(facts)
    unmailed = _unmailed(told.values())
    made = Rows([], [])
    for fact in facts:
        recipe = recipes.RECIPES[fact.kind]
        old = read_before is not None and fact.at < read_before
        for one in told[fact.id]:
            if recipe.inbox and one.id is not None and one.id != fact.actor_id:
                made.messages.append(_message(fact, one.id, recipe.group, fact.at if old else None))
            if (one.id, recipe.group) not in unmailed:
                made.deliveries.append(_delivery(fact, one, now))
    return made


def write(tx: Transaction, made: Rows) -> dict[str, int]:
    """Write what is not there yet; how many messages and mails that were."""
    return {
        "messages": tx.insert_missing(_messages, made.messages),
        "mails": tx.insert_missing(_deliveries, made.deliveries),
    }


def _unmailed(told: Any) -> set[tuple[int | None, str]]:
    """Of which groups which people want no mail; of their account they always get it."""
    people = sorted({one.id for some in told for one in some if one.id is not None})
    refused = (MessageChoice.mail == sa.false()) & (MessageChoice.group != recipes.ACCOUNT)
    wanted = sa.select(MessageChoice.person_id, MessageChoice.group).where(refused, MessageChoice.person_id.in_(people))
    return {(row.person_id, row.group) for row in rows(wanted)} if people else set()


def _message(fact: Fact, person_id: int, group: str, read_at: datetime | None) -> dict[str, Any]:
    booking_id = fact.booking.id if fact.booking else None
    told = {"journal_id": fact.id, "person_id": person_id, "booking_id": booking_id}
    return {**told, "group": group, "at": fact.at, "read_at": read_at}


def _delivery(fact: Fact, one: Reader, now: datetime) -> dict[str, Any]:
    told = {"journal_id": fact.id, "address": one.email, "person_id": one.id, "state": WAITING, "tries": 0}
    return {**told, "next_try_at": now, "changed_at": now, "last_error": "", "version": 1}
