"""What people do with their messages, and admins with mails that never arrived."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows, swap, table_of, transaction
from labshare.kernel.errors import N_, Conflict
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.notifications import policy, queries, recipes
from labshare.notifications.events import DeliveryRetried, MessagesChosen
from labshare.notifications.models import DEAD, WAITING, Delivery, Message, MessageChoice
from labshare.notifications.queries import Choices, Mail, Retried, Unread

_messages, _deliveries, _choices = table_of(Message), table_of(Delivery), table_of(MessageChoice)


def mark_read(actor: Actor, upto: int, retry: Retry | None = None, now: datetime | None = None) -> Unread:
    """Everything up to this message is read; how many unread ones are left."""
    now = now or clock.now()
    with transaction(retry=retry) as tx:
        _read(tx, actor, _messages.c.id <= upto, now)
        return tx.done(Unread(queries.unread(actor)))


def mark_one(
    actor: Actor, message_id: int, read: bool, retry: Retry | None = None, now: datetime | None = None
) -> Unread:
    """One message is read, or not read after all; how many unread ones are left. Raises NotFound."""
    now = now or clock.now()
    with transaction(retry=retry) as tx:
        queries.require_message(actor, message_id)
        if read:
            _read(tx, actor, _messages.c.id == message_id, now)
        else:
            mine = sa.and_(_messages.c.person_id == actor.person_id, _messages.c.id == message_id)
            tx.execute(sa.update(_messages).where(mine).values(read_at=None))
        return tx.done(Unread(queries.unread(actor)))


def _read(tx: Transaction, actor: Actor, which: sa.ColumnElement[bool], now: datetime) -> None:
    unread = sa.and_(_messages.c.person_id == actor.person_id, _messages.c.read_at.is_(None))
    tx.execute(sa.update(_messages).where(unread, which).values(read_at=now))


def choose(actor: Actor, groups: Iterable[str], retry: Retry | None = None, now: datetime | None = None) -> Choices:
    """Say of which groups mail comes, of no others; the inbox holds them all. What is not the actor's stays out."""
    now = now or clock.now()
    wanted = set(groups)
    choice = {group: group in wanted for group in recipes.choosable(actor)}
    person = actor.person_id or 0
    mail = [group for group, yes in choice.items() if yes]
    with transaction(retry=retry) as tx:
        mine = _choices.c.person_id == person
        tx.execute(sa.delete(_choices).where(mine, _choices.c.group.in_(choice)))
        tx.insert_missing(_choices, [{"person_id": person, "group": one, "mail": yes} for one, yes in choice.items()])
        publish(tx, actor, MessagesChosen(object_id=person, company_id=actor.company_id, mail=tuple(mail)), now)
        return tx.done(queries.choices(actor))


def send_again(actor: Actor, delivery_id: int, retry: Retry | None = None, now: datetime | None = None) -> Mail:
    """Give a dead letter five new tries, the first at once. Raises Forbidden, NotFound, Conflict."""
    now = now or clock.now()
    policy.require_admin(actor)
    with transaction(retry=retry) as tx:
        old = queries.mail(delivery_id)
        if old.state != DEAD:
            raise Conflict(N_("This mail is not given up."), code="not_dead")
        _revive(tx, actor, old, now)
        return tx.done(queries.mail(delivery_id))


def send_all_again(actor: Actor, retry: Retry | None = None, now: datetime | None = None) -> Retried:
    """Give every dead letter five new tries, at most 200 at a time; how many those were. Raises Forbidden."""
    now = now or clock.now()
    policy.require_admin(actor)
    with transaction(retry=retry) as tx:
        dead = [Mail(*row) for row in rows(queries.mails(DEAD).order_by(_deliveries.c.id).limit(200))]
        for one in dead:
            _revive(tx, actor, one, now)
        return tx.done(Retried(len(dead)))


def _revive(tx: Transaction, actor: Actor, old: Mail, now: datetime) -> None:
    values = {"state": WAITING, "tries": 0, "next_try_at": now, "changed_at": now}
    version = swap(tx, _deliveries, old.id, old.version, values)
    publish(tx, actor, DeliveryRetried(object_id=old.id, version=version, tries=old.tries), now)
