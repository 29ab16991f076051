"""What an inbox holds, which mails a person wants, and which never arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking.models import Booking
from labshare.booking.queries import visible_to
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import only_row, rows
from labshare.kernel.errors import NotFound
from labshare.kernel.journal import Entry
from labshare.notifications import recipes
from labshare.notifications.facts import Fact, numbered
from labshare.notifications.models import DEAD, Delivery, Message, MessageChoice
from labshare.notifications.policy import require_admin

MANY = 100  # a count stops here and says so


@dataclass(frozen=True)
class Shown:
    """A message as its reader sees it."""

    id: int
    group: str
    read: bool
    fact: Fact


def messages(actor: Actor, *, unread: bool = False) -> sa.Select[*tuple[Any, ...]]:
    """The actor's messages, for a paged list; of bookings only those the actor may still see."""
    ours: sa.ColumnElement[bool] = Message.booking_id.is_(None)
    if not actor.is_admin:
        of_mine = sa.exists().where(Entry.id == Message.journal_id, Entry.company_id == actor.company_id)
        figures = sa.true() if actor.is_staff else of_mine  # of a company one has left, one reads none
        hours = sa.and_(Message.group == recipes.HOURS, figures)
        ours = sa.and_(ours, sa.or_(Message.group.in_((recipes.ACCOUNT, recipes.MAINTENANCE)), hours))
    statement = (
        sa.select(Message.id, Message.journal_id, Message.group, Message.read_at)
        .outerjoin(Booking, Booking.id == Message.booking_id)
        .outerjoin(Instrument, Instrument.id == Booking.instrument_id)
        .where(Message.person_id == actor.person_id, sa.or_(ours, Message.booking_id.is_not(None) & visible_to(actor)))
    )
    return statement.where(Message.read_at.is_(None)) if unread else statement


def shown(found: Sequence[Any]) -> list[Shown]:
    """What these rows of the list say."""
    facts = numbered(row.journal_id for row in found)
    return [Shown(row.id, row.group, row.read_at is not None, facts[row.journal_id]) for row in found]


def require_message(actor: Actor, message_id: int) -> None:
    """Raises NotFound where the actor has no such message."""
    if not rows(messages(actor).where(Message.id == message_id)):
        raise NotFound


def unread(actor: Actor) -> int:
    """How many messages the actor has not read, at most MANY."""
    fresh = messages(actor, unread=True).with_only_columns(Message.id).limit(MANY).subquery()
    return int(rows(sa.select(sa.func.count()).select_from(fresh))[0][0])


@dataclass(frozen=True)
class Unread:
    """How many messages are not read, at most MANY."""

    unread: int


@dataclass(frozen=True)
class Choice:
    """One group of messages, and whether mail of it comes."""

    group: str
    mail: bool


@dataclass(frozen=True)
class Choices:
    """Every group that is the actor's to choose; one page holds them all."""

    items: list[Choice]
    next: None = None


def choices(actor: Actor) -> Choices:
    """Of which groups mail comes to the actor."""
    refused = sa.select(MessageChoice.group).where(
        MessageChoice.person_id == actor.person_id, MessageChoice.mail == sa.false()
    )
    no = {row.group for row in rows(refused)}
    return Choices([Choice(group, group not in no) for group in recipes.choosable(actor)])


# ---------------------------------------------------------------- mails, for admins


@dataclass(frozen=True)
class Mail:
    """A mail as admins see it: to whom, of which kind of fact, and how it went; not what it says."""

    id: int
    address: str
    kind: str
    state: str
    tries: int
    next_try_at: datetime
    changed_at: datetime
    last_error: str
    version: int


@dataclass(frozen=True)
class Retried:
    """How many dead letters were given new tries."""

    retried: int


_MAIL = sa.select(
    *(Delivery.id, Delivery.address, Entry.kind, Delivery.state, Delivery.tries),
    *(Delivery.next_try_at, Delivery.changed_at, Delivery.last_error, Delivery.version),
).join(Entry, Entry.id == Delivery.journal_id)


def mails(state: str) -> sa.Select[*tuple[Any, ...]]:
    """Every mail in this state, for a paged list."""
    return _MAIL.where(Delivery.state == state)


def mail(delivery_id: int) -> Mail:
    """One mail. Raises NotFound."""
    return Mail(*only_row(_MAIL.where(Delivery.id == delivery_id)))


def require_mail(actor: Actor, delivery_id: int) -> None:
    """Raises Forbidden for whom mails are none of their business, NotFound where there is no such mail."""
    require_admin(actor)
    mail(delivery_id)


def count_dead(actor: Actor) -> int:
    """How many mails never arrived, at most MANY; for others than admins none."""
    if not actor.is_admin:
        return 0
    dead = sa.select(Delivery.id).where(Delivery.state == DEAD).limit(MANY).subquery()
    return int(rows(sa.select(sa.func.count()).select_from(dead))[0][0])
