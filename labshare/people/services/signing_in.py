"""Signing in and out: throttled by failures, as slow for strangers as for friends, a new secret each time."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import N_, Invalid, NotSignedIn
from labshare.kernel.journal import publish
from labshare.people import access, passwords, throttle
from labshare.people.events import SignedOutEverywhere
from labshare.people.models import Person, SignIn
from labshare.people.rules import canonical_email


def sign_in(
    email: str, password: str, address: str, agent: str, lasts: timedelta, now: datetime | None = None
) -> access.SignedIn:
    """Open a browser session; raises TooMany, or Invalid saying the same for every kind of failure."""
    now = now or clock.now()
    email = canonical_email(email)
    keys = (throttle.account_key(email), throttle.address_key(address))
    throttle.check(zip(keys, (throttle.BY_ACCOUNT, throttle.BY_ADDRESS), strict=True), now)
    found = rows(
        sa.select(Person.id, Person.password_hash).where(
            Person.email == access.storable(email), Person.active
        )
    )
    known = found[0] if found else None
    if not passwords.fits(known.password_hash if known else None, password) or known is None:
        with transaction() as tx:
            throttle.count(tx, keys, now)
        raise Invalid(N_("E-mail address or password are not right."), code="wrong_credentials")
    secret = access.new_secret()
    with transaction() as tx:
        throttle.clear(tx, keys[0])
        tx.execute(sa.delete(SignIn).where(SignIn.expires_at <= now))
        values = {
            "person_id": known.id,
            "secret_hash": access.hashed(secret),
            "created_at": now,
            "expires_at": now + lasts,
            "agent": agent[:200],
        }
        tx.execute(sa.insert(SignIn).values(values))
    actor = access.by_sign_in(secret)
    if actor is None:  # removed in this very moment
        raise NotSignedIn
    return access.SignedIn(actor, secret)


def sign_out(secret: str) -> None:
    """End one browser session; its cookie opens nothing any more."""
    with transaction() as tx:
        tx.execute(sa.delete(SignIn).where(SignIn.secret_hash == access.hashed(secret)))


def sign_out_everywhere(actor: Actor, now: datetime | None = None) -> None:
    """End all of the actor's browser sessions, this one too."""
    now = now or clock.now()
    with transaction() as tx:
        tx.execute(sa.delete(SignIn).where(SignIn.person_id == actor.person_id))
        publish(
            tx, actor, SignedOutEverywhere(object_id=actor.person_id or 0, company_id=actor.company_id), now
        )
