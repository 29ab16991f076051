"""People as the laboratory enters them, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import LAB_MANAGER, ROLES, Actor
from labshare.kernel.db import Transaction, transaction
from labshare.kernel.errors import N_, Forbidden, Invalid
from labshare.kernel.journal import publish
from labshare.people import passwords, policy
from labshare.people.events import LanguageChosen, PasswordResetAsked, PersonAdded, PersonRenamed
from labshare.people.models import Company, Person, RoleGrant, Site
from labshare.people.policy import COMPANY_ROLES
from labshare.people.rules import Faults, canonical_email, email_faults, name_faults, password_faults


def add_person(
    actor: Actor,
    email: str,
    name: str,
    role: str,
    password: str | None = None,
    company_id: int | None = None,
    sites: Iterable[str] = (),
    now: datetime | None = None,
) -> int:
    """Enter a person with one role; without a password they set one by a mailed link. Returns their id."""
    now = now or clock.now()
    if not policy.is_admin(actor):
        raise Forbidden
    email, codes = canonical_email(email), sorted(set(sites))
    _check(email, name, role, password, company_id, codes)
    password_hash = passwords.hashed(password) if password is not None else None
    with transaction() as tx:
        site_ids = _site_ids(tx, codes)
        known = tx.execute(sa.select(Company.id).where(Company.id == company_id)).first()
        if company_id is not None and known is None:
            raise Invalid(fields={"company": [N_("There is no such company.")]})
        values = {
            "email": email,
            "name": name,
            "password_hash": password_hash,
            "company_id": company_id,
            "created_at": now,
        }
        person_id = tx.execute(sa.insert(Person).values(values).returning(Person.id)).scalar_one()
        grants: list[int | None] = [*site_ids] or [None]
        tx.execute(
            sa.insert(RoleGrant),
            [{"person_id": person_id, "role": role, "site_id": site_id} for site_id in grants],
        )
        event = PersonAdded(object_id=person_id, version=1, company_id=company_id, name=name, roles=(role,))
        publish(tx, actor, event, now)
        if password_hash is None:
            publish(tx, actor, PasswordResetAsked(object_id=person_id, version=1, company_id=company_id), now)
    return int(person_id)


def rename(actor: Actor, name: str, now: datetime | None = None) -> None:
    """Go by another name."""
    now = now or clock.now()
    if wrong := name_faults(name):
        raise Invalid(fields={"name": wrong})
    if name == actor.name:
        return
    with transaction() as tx:
        tx.execute(sa.update(Person).where(Person.id == actor.person_id).values(name=name))
        event = PersonRenamed(object_id=actor.person_id or 0, company_id=actor.company_id, name=name)
        publish(tx, actor, event, now)


def choose_language(actor: Actor, language: str, now: datetime | None = None) -> None:
    """Remember which language the actor reads; `en` or `zh`."""
    now = now or clock.now()
    with transaction() as tx:
        tx.execute(sa.update(Person).where(Person.id == actor.person_id).values(language=language))
        event = LanguageChosen(object_id=actor.person_id or 0, company_id=actor.company_id, language=language)
        publish(tx, actor, event, now)


def _check(
    email: str, name: str, role: str, password: str | None, company_id: int | None, codes: Sequence[str]
) -> None:
    faults: Faults = {}
    if wrong := email_faults(email):
        faults["email"] = wrong
    if wrong := name_faults(name):
        faults["name"] = wrong
    if password is not None and (wrong := password_faults(password, email)):
        faults["password"] = wrong
    if role not in ROLES:
        faults["role"] = [N_("Must be one of: %(choices)s", choices=", ".join(ROLES))]
    if role in COMPANY_ROLES and company_id is None:
        faults["company"] = [N_("People of a company need their company.")]
    if role == LAB_MANAGER and not codes:
        faults["site"] = [N_("A lab manager manages at least one site.")]
    if role != LAB_MANAGER and codes:
        faults["site"] = [N_("Only lab managers manage sites.")]
    if faults:
        raise Invalid(fields=faults)


def _site_ids(tx: Transaction, codes: Sequence[str]) -> list[int]:
    known = {row.code: row.id for row in tx.execute(sa.select(Site.id, Site.code).where(Site.code.in_(codes)))}
    if missing := [code for code in codes if code not in known]:
        raise Invalid(fields={"site": [N_("There is no such site: %(codes)s", codes=", ".join(missing))]})
    return [known[code] for code in codes]
