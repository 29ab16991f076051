"""Signing in and out: throttled by failures, as slow for strangers as for friends, a new secret each time."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import N_, Invalid
from labshare.kernel.journal import publish
from labshare.people import access, passwords, sessions, throttle
from labshare.people.events import SignedOutEverywhere
from labshare.people.models import Person, SignIn
from labshare.people.rules import canonical_email
from labshare.people.sessions import Browser


def sign_in(email: str, password: str, browser: Browser, now: datetime | None = None) -> str:
    """Open a browser session and return its secret.

    Raises TooMany, or Invalid that says the same whatever was wrong.
    """
    now = now or clock.now()
    email = access.storable(canonical_email(email))
    keys = (throttle.account_key(email), throttle.address_key(browser.address))
    throttle.check(zip(keys, (throttle.BY_ACCOUNT, throttle.BY_ADDRESS), strict=True), now)
    found = rows(sa.select(Person.id, Person.password_hash).where(Person.email == email, Person.active))
    known = found[0] if found else None
    if not passwords.fits(known.password_hash if known else None, password) or known is None:
        with transaction() as tx:
            throttle.count(tx, keys, now)
        raise Invalid(N_("E-mail address or password are not right."), code="wrong_credentials")
    with transaction() as tx:
        throttle.clear(tx, keys[0])
        return tx.done(sessions.start(tx, known.id, browser, now))


def sign_out(secret: str) -> None:
    """End one browser session; its cookie opens nothing any more."""
    with transaction() as tx:
        tx.execute(sa.delete(SignIn).where(SignIn.secret_hash == access.hashed(secret)))


def end_session(actor: Actor, sign_in_id: int) -> None:
    """End one of the actor's own sessions; nothing happens where it ended already, or is not theirs."""
    with transaction() as tx:
        tx.execute(sa.delete(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == actor.person_id))


def sign_out_everywhere(actor: Actor, now: datetime | None = None) -> None:
    """End all of the actor's browser sessions, this one too."""
    now = now or clock.now()
    person_id = actor.person_id or 0
    with transaction() as tx:
        sessions.end_all(tx, person_id)
        publish(tx, actor, SignedOutEverywhere(object_id=person_id, company_id=actor.company_id), now)
