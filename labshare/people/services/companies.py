"""Companies come in, are let in or not, and are suspended and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import COMPANY_ADMIN, STRANGER, Actor
from labshare.kernel.db import swap, transaction
from labshare.kernel.errors import Forbidden, Invalid
from labshare.kernel.journal import publish
from labshare.people import access, lifecycle, passwords, policy, queries, rules, sessions, standing, throttle
from labshare.people.events import (
    CompanyChanged,
    CompanyRegistered,
    InHouseApprovalSet,
    PersonJoined,
)
from labshare.people.models import Company, Person, RoleGrant
from labshare.people.sessions import Browser

FIELDS = ("name", "name_en", "org_id_type", "org_id", "kind", "contact_name", "contact_phone")
CONTACT = ("contact_name", "contact_phone")

_company: Any = Company.__table__


def register(
    facts: Mapping[str, str], person_name: str, email: str, password: str, browser: Browser, now: datetime | None = None
) -> str:
    """A company registers itself and waits for the laboratory; its first person becomes its administrator.

    Returns the secret of that person's session. Raises Invalid, or Conflict where the code or the
    e-mail address is known already.
    """
    now = now or clock.now()
    key = throttle.address_key(browser.address, "register")
    throttle.check([(key, throttle.BY_ADDRESS)], now)
    email = rules.canonical_email(email)
    values = {field: facts.get(field, "") for field in FIELDS}
    values["org_id"] = rules.normal_org_id(values["org_id_type"], values["org_id"])
    faults = rules.company_faults(values)
    for field, wrong in (
        ("person_name", rules.name_faults(person_name)),
        ("email", rules.email_faults(email)),
        ("password", rules.password_faults(password, email)),
    ):
        if wrong:
            faults[field] = wrong
    if faults:
        raise Invalid(fields=faults)
    with transaction() as tx:
        throttle.count(tx, [key], now)
    person = {"email": email, "name": person_name, "password_hash": passwords.hashed(password), "created_at": now}
    with transaction() as tx:
        company = {**values, "state": lifecycle.PENDING, "created_at": now}
        company_id = tx.execute(sa.insert(Company).values(company).returning(Company.id)).scalar_one()
        person["company_id"] = company_id
        person_id = tx.execute(sa.insert(Person).values(person).returning(Person.id)).scalar_one()
        tx.execute(sa.insert(RoleGrant).values(person_id=person_id, role=COMPANY_ADMIN))
        actor = access.by_id(person_id) or STRANGER
        about: dict[str, Any] = {"version": 1, "company_id": company_id, "name": values["name"]}
        publish(tx, actor, CompanyRegistered(object_id=company_id, person_id=person_id, **about), now)
        joined = PersonJoined(
            object_id=person_id, version=1, company_id=company_id, name=person_name, role=COMPANY_ADMIN
        )
        publish(tx, actor, joined, now)
        return tx.done(sessions.start(tx, person_id, browser, now))


def change_company(actor: Actor, company_id: int, changes: Mapping[str, str], now: datetime | None = None) -> None:
    """Correct a company's particulars; its own administrators may change whom to call, and no more."""
    now = now or clock.now()
    known = queries.company(actor, company_id)
    allowed = FIELDS if policy.is_admin(actor) else CONTACT
    if not policy.runs_company(actor, company_id) or not set(changes) <= set(allowed):
        raise Forbidden
    values = {field: str(getattr(known, field)) for field in FIELDS} | dict(changes)
    values["org_id"] = rules.normal_org_id(values["org_id_type"], values["org_id"])
    if faults := rules.company_faults(values):
        raise Invalid(fields=faults)
    changed = tuple(field for field in FIELDS if values[field] != getattr(known, field))
    if not changed:
        return
    with transaction() as tx:
        version = swap(tx, _company, company_id, known.version, {field: values[field] for field in changed})
        event = CompanyChanged(
            object_id=company_id, version=version, company_id=company_id, name=values["name"], changed=changed
        )
        publish(tx, actor, event, now)


def set_in_house(actor: Actor, company_id: int, hours: int | None, now: datetime | None = None) -> None:
    """Say from bookings of how many hours on the company's own admins approve first; 0 is all of them, None is none.

    What waits for an answer already is not asked for again.
    """
    now = now or clock.now()
    known = queries.company(actor, company_id)
    if not policy.runs_company(actor, company_id):
        raise Forbidden
    minutes = None if hours is None else hours * 60
    if minutes == known.in_house_minutes:
        return
    with transaction() as tx:
        version = swap(tx, _company, company_id, known.version, {"in_house_minutes": minutes})
        said = {"name": known.name, "old_minutes": known.in_house_minutes, "minutes": minutes}
        event = InHouseApprovalSet(object_id=company_id, version=version, company_id=company_id, **said)
        publish(tx, actor, event, now)


def approve_company(actor: Actor, company_id: int, now: datetime | None = None) -> None:
    """Let a company in; from now on its people may book."""
    _move(actor, company_id, "approve", "", now)


def reject_company(actor: Actor, company_id: int, reason: str, now: datetime | None = None) -> None:
    """Do not let a company in, and tell its people why."""
    _move(actor, company_id, "reject", reason, now)


def suspend_company(actor: Actor, company_id: int, reason: str, now: datetime | None = None) -> None:
    """Stop a company from booking, and tell its people why."""
    _move(actor, company_id, "suspend", reason, now)


def reactivate_company(actor: Actor, company_id: int, now: datetime | None = None) -> None:
    """Let a suspended company book again."""
    _move(actor, company_id, "reactivate", "", now)


def _move(actor: Actor, company_id: int, move: str, reason: str, now: datetime | None) -> None:
    now = now or clock.now()
    known = queries.company(actor, company_id)
    if not policy.is_admin(actor):
        raise Forbidden
    with transaction() as tx:
        standing.change(tx, actor, known, move, reason, now)
