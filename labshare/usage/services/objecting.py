"""What companies say to their figures of an issued year, and what the laboratory answers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import swap, table_of, transaction
from labshare.kernel.errors import Conflict, Forbidden, Invalid
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.people import queries as people
from labshare.usage import lifecycle, objections, policy, rules, settlement
from labshare.usage.events import ObjectionAnswered, ObjectionRaised
from labshare.usage.models import Objection
from labshare.usage.objections import Raised

_objection = table_of(Objection)


def object_to(actor: Actor, year: int, company_id: int, text: str, retry: Retry | None = None) -> Raised:
    """Say what is wrong with the company's figures, while the year is issued and the time to object runs.

    Raises NotFound, Forbidden, Invalid without words, Conflict.
    """
    now = clock.now()
    settlement.is_year(year)
    people.company(actor, company_id)
    if not policy.may_object(actor, company_id):
        raise Forbidden
    if not text.strip():
        raise Invalid(fields={"text": [rules.SAY_SO]})
    with transaction(retry=retry) as tx:
        row = settlement.locked(tx, year)  # so that nobody closes it in the same moment
        state, object_by = (lifecycle.DRAFT, None) if row is None else (row.state, row.object_by)
        if reasons := rules.objection_refusals(state, object_by, now):
            raise Conflict(reasons[0].message, code=reasons[0].code, reasons=reasons)
        values = {"year": year, "company_id": company_id, "person_id": actor.person_id, "text": text, "at": now}
        new = sa.insert(_objection).values(**values, answer="", version=1).returning(_objection.c.id)
        number = int(tx.execute(new).scalar_one())
        said: dict[str, Any] = {"year": year, "person_id": actor.person_id, "text": text}
        publish(tx, actor, ObjectionRaised(object_id=number, version=1, company_id=company_id, **said), now)
        return tx.done(objections.one(actor, number))


def answer(
    actor: Actor, objection_id: int, answer: str, version: int | None = None, retry: Retry | None = None
) -> Raised:
    """Say what the laboratory makes of an objection, once. Raises NotFound, Forbidden, Invalid, Conflict."""
    now = clock.now()
    objections.one(actor, objection_id)
    if not policy.may_settle(actor):
        raise Forbidden
    if not answer.strip():
        raise Invalid(fields={"answer": [rules.SAY_SO]})
    with transaction(retry=retry) as tx:
        old = objections.one(actor, objection_id)
        if reasons := rules.answer_refusals(old.answered_at):
            raise Conflict(reasons[0].message, code=reasons[0].code, reasons=reasons)
        values = {"answer": answer, "answered_at": now, "answered_by": actor.person_id}
        new = swap(tx, _objection, old.id, old.version if version is None else version, values)
        said: dict[str, Any] = {"year": old.year, "person_id": old.person_id, "answer": answer}
        publish(tx, actor, ObjectionAnswered(object_id=old.id, version=new, company_id=old.company_id, **said), now)
        return tx.done(objections.one(actor, objection_id))
