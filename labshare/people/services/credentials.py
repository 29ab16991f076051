"""A new password: knowing the old one, or holding a mailed link."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import STRANGER, Actor
from labshare.kernel.db import rows, swap, transaction
from labshare.kernel.errors import N_, Forbidden, Invalid
from labshare.kernel.journal import publish
from labshare.people import access, links, passwords, sessions, throttle
from labshare.people.events import PasswordChanged, PasswordReset, PasswordResetAsked
from labshare.people.models import Person
from labshare.people.rules import canonical_email, password_faults
from labshare.people.sessions import Browser

RESETS = 3  # mails to one account in a quarter of an hour; more would be a nuisance, not a help

_person: Any = Person.__table__


def ask_reset(actor: Actor, email: str, address: str, now: datetime | None = None) -> None:
    """Have a link mailed to somebody who forgot their password; says nothing about whether there is anybody."""
    now = now or clock.now()
    email = access.storable(canonical_email(email))
    keys = (throttle.account_key(email, "reset"), throttle.address_key(address, "reset-from"))
    throttle.check([(keys[1], throttle.BY_ADDRESS)], now)
    enough = throttle.tries(keys[0], now) >= RESETS
    with transaction() as tx:
        throttle.count(tx, keys, now)
        known = tx.execute(
            sa.select(Person.id, Person.version, Person.company_id).where(Person.email == email, Person.active)
        ).first()
        if known is not None and not enough:
            event = PasswordResetAsked(object_id=known.id, version=known.version, company_id=known.company_id)
            publish(tx, actor, event, now)


def reset_link(token: str) -> sa.Row[tuple[int, int, str, int | None]]:
    """Whose password a link sets; raises NotFound for a forged one, LinkExpired for one old or used up."""
    person_id, version = links.read(links.RESET, token)
    found = rows(
        sa.select(Person.id, Person.version, Person.email, Person.company_id).where(
            Person.id == person_id, Person.version == version, Person.active
        )
    )
    if not found:
        raise links.LinkExpired
    return found[0]


def reset_password(token: str, password: str, now: datetime | None = None) -> None:
    """Set a new password by a mailed link; the link is used up and every browser signed out."""
    now = now or clock.now()
    person = reset_link(token)
    if wrong := password_faults(password, person.email):
        raise Invalid(fields={"password": wrong})
    password_hash = passwords.hashed(password)
    with transaction() as tx:
        version = swap(tx, _person, person.id, person.version, {"password_hash": password_hash})
        sessions.end_all(tx, person.id)
        throttle.clear(tx, throttle.account_key(person.email))
        actor = access.by_id(person.id) or STRANGER
        event = PasswordReset(object_id=person.id, version=version, company_id=person.company_id)
        publish(tx, actor, event, now)


def change_password(actor: Actor, current: str, password: str, browser: Browser, now: datetime | None = None) -> str:
    """Set a new password, knowing the current one; other browsers are signed out, this one gets a new secret."""
    now = now or clock.now()
    key = throttle.account_key(actor.email)
    throttle.check([(key, throttle.BY_ACCOUNT)], now)
    found = rows(sa.select(Person.id, Person.version, Person.password_hash).where(Person.id == actor.person_id))
    if not found:
        raise Forbidden
    if not passwords.fits(found[0].password_hash, current):
        with transaction() as tx:
            throttle.count(tx, [key], now)
        raise Invalid(fields={"current": [N_("This is not your current password.")]})
    if wrong := password_faults(password, actor.email):
        raise Invalid(fields={"password": wrong})
    password_hash = passwords.hashed(password)
    with transaction() as tx:
        version = swap(tx, _person, found[0].id, found[0].version, {"password_hash": password_hash})
        sessions.end_all(tx, found[0].id)
        event = PasswordChanged(object_id=found[0].id, version=version, company_id=actor.company_id)
        publish(tx, actor, event, now)
        return tx.done(sessions.start(tx, found[0].id, browser, now))
