"""API tokens: shown once, stored hashed, revocable."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import N_, Conflict, Forbidden, NotFound
from labshare.kernel.journal import publish
from labshare.people import access
from labshare.people.events import TokenCreated, TokenRevoked
from labshare.people.models import Person, Token

MOST = 20


def create_token(actor: Actor, person_id: int, name: str, now: datetime | None = None) -> str:
    """Make an API token for a person and return its only plain copy; 20 a person at most."""
    now = now or clock.now()
    if actor.person_id != person_id and not actor.is_system:
        raise Forbidden
    secret = access.TOKEN_PREFIX + access.new_secret()
    with transaction() as tx:
        person = tx.execute(
            sa.select(Person.company_id).where(Person.id == person_id, Person.active).with_for_update()
        ).first()
        if person is None:
            raise NotFound
        working = sa.select(sa.func.count()).where(Token.person_id == person_id, Token.revoked_at.is_(None))
        if tx.execute(working).scalar_one() >= MOST:
            raise Conflict(
                N_("%(count)s tokens are enough; please revoke one first.", count=MOST),
                code="too_many_tokens",
            )
        values = {
            "person_id": person_id,
            "name": name,
            "secret_hash": access.hashed(secret),
            "created_at": now,
        }
        token_id = tx.execute(sa.insert(Token).values(values).returning(Token.id)).scalar_one()
        event = TokenCreated(
            object_id=token_id, version=1, company_id=person.company_id, person_id=person_id, name=name
        )
        publish(tx, actor, event, now)
    return secret


def revoke_token(actor: Actor, token_id: int, now: datetime | None = None) -> None:
    """End a token at once; raises NotFound for a token that is not the actor's own."""
    now = now or clock.now()
    found = rows(
        sa.select(Token.name, Token.version).where(
            Token.id == token_id, Token.person_id == actor.person_id, Token.revoked_at.is_(None)
        )
    )
    if not found:
        raise NotFound
    with transaction() as tx:
        done = tx.execute(
            sa.update(Token)
            .where(Token.id == token_id, Token.revoked_at.is_(None))
            .values(revoked_at=now, version=Token.version + 1)
        )
        if done.rowcount:
            event = TokenRevoked(
                object_id=token_id,
                version=found[0].version + 1,
                company_id=actor.company_id,
                person_id=actor.person_id or 0,
                name=found[0].name,
            )
            publish(tx, actor, event, now)
