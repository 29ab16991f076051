"""What people do with the conduct record: whom it is about objects, lab managers lift."""

from __future__ import annotations

from labshare.booking import conduct, policy
from labshare.booking.change import refuse
from labshare.booking.conduct import Barred, Entry
from labshare.booking.events import ConductObjected
from labshare.booking.models import ConductEntry
from labshare.booking.rules import conduct as rules
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import swap, table_of, transaction
from labshare.kernel.errors import Forbidden
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry

_entry = table_of(ConductEntry)


def object_to(
    actor: Actor, entry_id: int, objection: str, version: int | None = None, retry: Retry | None = None
) -> Entry:
    """Say once why it should not be held against anybody, while it counts. Raises NotFound, Forbidden, Conflict."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        one = conduct.entry(actor, entry_id)
        if not policy.may_object(actor, one):
            raise Forbidden
        refuse(rules.objection_refusals(one, now))
        values = {"objection": objection, "objected_at": now}
        new = swap(tx, _entry, one.id, one.version if version is None else version, values)
        fact = ConductObjected(object_id=one.id, version=new, objection=objection, **conduct.about(one))
        publish(tx, actor, fact, now)
        return tx.done(conduct.entry(actor, entry_id))


def lift_entry(
    actor: Actor, entry_id: int, reason: str, version: int | None = None, retry: Retry | None = None
) -> Entry:
    """Let it count no more, and why; what rests on it is over. Raises NotFound, Forbidden, Conflict."""
    now = clock.now()
    company_id = conduct.entry(actor, entry_id).company_id
    with transaction(retry=retry) as tx:
        tx.alone_with(company_id)
        one = conduct.entry(actor, entry_id)
        if not policy.may_lift(actor, one):
            raise Forbidden
        refuse(rules.lift_refusals(one, now))
        conduct.lift(tx, actor, one, reason, now, version)
        return tx.done(conduct.entry(actor, entry_id))


def lift_restriction(
    actor: Actor, restriction_id: int, reason: str, version: int | None = None, retry: Retry | None = None
) -> Barred:
    """Let them ask again before its end, and why; what it rests on stays. Raises NotFound, Forbidden, Conflict."""
    now = clock.now()
    company_id = conduct.restriction(actor, restriction_id).company_id
    with transaction(retry=retry) as tx:
        tx.alone_with(company_id)
        one = conduct.restriction(actor, restriction_id)
        if not policy.may_lift_restriction(actor):
            raise Forbidden
        refuse(rules.end_refusals(one, now))
        conduct.end(tx, actor, one, reason, now, version)
        return tx.done(conduct.restriction(actor, restriction_id))
