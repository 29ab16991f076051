"""The journal: one append-only row per fact; history, audit trail and outbox in one.

A service changes rows and publishes what happened, in one transaction; reactions run at once,
in that same transaction, first in first out. What publishes nothing changed nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from flask import current_app
from sqlalchemy import BigInteger, Index, String, insert
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.actor import Actor
from labshare.kernel.db import Id, Json, Model, Transaction, UtcDateTime, table_of


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense: ids and plain values, never a secret.

    `object_id` is the thing it happened to, `version` that thing's version afterwards where it has one,
    `company_id` the company whose matter it is.
    """

    OBJECT: ClassVar[str]
    object_id: int
    version: int | None = None
    company_id: int | None = None

    @classmethod
    @cache
    def kind(cls) -> str:
        """The fact's name on the wire: BookingRequested -> booking_requested."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def data(self) -> dict[str, Any]:
        """Everything the fact says beyond what the journal row has columns for."""
        return {name: _plain(getattr(self, name)) for name in self._said()}

    @classmethod
    @cache
    def _said(cls) -> tuple[str, ...]:
        own = {f.name for f in fields(Event)}
        return tuple(f.name for f in fields(cls) if f.name not in own)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


class Entry(Model):
    """One row of the journal."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("ix_journal_object", "object", "object_id"),
        Index("ix_journal_company", "company_id", "id"),
        Index("ix_journal_kind", "kind", "id"),  # what is still to be told is looked for by kind
        Index("ix_journal_actor", "actor_id", "id"),  # these three are the audit page's
        Index("ix_journal_at", "at", "id"),
        Index("ix_journal_object_newest", "object", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(60))
    object: Mapped[str] = mapped_column(String(30))
    object_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int | None]
    company_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[dict[str, Any]] = mapped_column(Json)


Reaction = Callable[[Transaction, Actor, Any, datetime], None]
Subscriptions = Mapping[type[Event], Sequence[Reaction]]
_journal = table_of(Entry)


def row_of(actor: Actor, event: Event, at: datetime) -> dict[str, Any]:
    """The journal's row of a fact."""
    return {
        "at": at,
        "kind": event.kind(),
        "object": event.OBJECT,
        "object_id": event.object_id,
        "version": event.version,
        "company_id": event.company_id,
        "actor_id": actor.person_id,
        "data": event.data(),
    }


def record(tx: Transaction, told: Sequence[tuple[Actor, Event, datetime]]) -> None:
    """Write many facts of the past at once; nobody reacts to old news."""
    tx.execute(insert(_journal), [row_of(actor, event, at) for actor, event, at in told])
    tx.published += len(told)


def publish(tx: Transaction, actor: Actor, event: Event, at: datetime) -> None:
    """Write the fact and let those who subscribed to it react, all in the caller's transaction."""
    tx.note(_journal, row_of(actor, event, at))
    tx.published += 1
    tx.queue.append((actor, event, at))
    if len(tx.queue) > 1:  # an earlier fact is still being reacted to: first in, first out
        return
    subscriptions: Subscriptions = current_app.extensions["subscriptions"]
    while tx.queue:
        who, fact, when = tx.queue[0]
        for react in subscriptions.get(type(fact), ()):
            react(tx, who, fact, when)
        tx.queue.popleft()
