"""Roles are given and taken, and people removed: every access ends in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import ADMIN, COMPANY_ADMIN, LAB_MANAGER, Actor
from labshare.kernel.db import Transaction, rows, swap, transaction
from labshare.kernel.errors import N_, Forbidden, Invalid
from labshare.kernel.journal import publish
from labshare.people import policy, queries, rules, sessions
from labshare.people.events import InvitationWithdrawn, PersonRemoved, RolesChanged, TokenRevoked
from labshare.people.models import Company, Invitation, Person, RoleGrant, Site, Token
from labshare.people.policy import COMPANY_ROLES

STAFF_ROLES = (LAB_MANAGER, ADMIN)

_person: Any = Person.__table__


def set_company_role(actor: Actor, person_id: int, role: str, now: datetime | None = None) -> None:
    """Make a colleague a member or an administrator of their company."""
    now = now or clock.now()
    known = queries.person(actor, person_id)
    if known.company_id is None or not policy.may_grant(actor, role, known.company_id):
        raise Forbidden
    if role not in COMPANY_ROLES:
        raise Invalid(fields={"role": [N_("Must be one of: %(choices)s", choices=", ".join(COMPANY_ROLES))]})
    with transaction() as tx:
        _lock(tx, known.company_id)
        version, roles = _as_is(tx, person_id)
        if role in roles:
            return
        if COMPANY_ADMIN in roles:
            _keep_company_admin(tx, known.company_id, person_id)
            _withdraw_invitations(tx, actor, person_id, now)
        tx.execute(sa.delete(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.role.in_(COMPANY_ROLES)))
        tx.execute(sa.insert(RoleGrant).values(person_id=person_id, role=role))
        version = swap(tx, _person, person_id, version, {})
        _tell(tx, actor, person_id, known.company_id, version, now)


def set_staff_roles(
    actor: Actor,
    person_id: int,
    admin: bool,
    site_ids: Iterable[int],
    deputy_ids: Iterable[int] = (),
    now: datetime | None = None,
) -> None:
    """Say whether somebody is an admin and which sites they manage, or manage as a deputy; all replace what was."""
    now = now or clock.now()
    if not policy.is_admin(actor):
        raise Forbidden
    managed = set(site_ids)
    known, wanted = queries.person(actor, person_id), sorted(managed.union(deputy_ids))
    if len(rows(sa.select(Site.id).where(Site.id.in_(wanted)))) != len(wanted):
        raise Invalid(fields={"sites": [N_("There is no such site.")]})
    if not admin and not wanted and known.company_id is None:
        raise rules.refused("no_role_left", N_("Without any role this person could do nothing; remove them instead."))
    with transaction() as tx:
        _lock(tx, known.company_id)
        version, roles = _as_is(tx, person_id)
        if ADMIN in roles and not admin:
            _keep_admin(tx, person_id)
        tx.execute(sa.delete(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.role.in_(STAFF_ROLES)))
        grants: list[dict[str, Any]] = [
            {"person_id": person_id, "role": LAB_MANAGER, "site_id": site_id, "deputy": site_id not in managed}
            for site_id in wanted
        ]
        if admin:
            grants.append({"person_id": person_id, "role": ADMIN, "site_id": None, "deputy": False})
        if grants:
            tx.execute(sa.insert(RoleGrant), grants)
        version = swap(tx, _person, person_id, version, {})
        _tell(tx, actor, person_id, known.company_id, version, now)


def remove_person(actor: Actor, person_id: int, now: datetime | None = None) -> None:
    """Take every access from a person, at once: sessions, tokens, roles, and the invitations they sent."""
    now = now or clock.now()
    known = queries.person(actor, person_id)
    if not policy.runs_company(actor, known.company_id):
        raise Forbidden
    if known.roles & set(STAFF_ROLES) and not policy.is_admin(actor):
        raise Forbidden
    with transaction() as tx:
        _lock(tx, known.company_id)
        version, roles = _as_is(tx, person_id)
        if ADMIN in roles:
            _keep_admin(tx, person_id)
        if COMPANY_ADMIN in roles and known.company_id is not None:
            _keep_company_admin(tx, known.company_id, person_id)
        version = swap(tx, _person, person_id, version, {"active": False, "password_hash": None})
        sessions.end_all(tx, person_id)
        _revoke_tokens(tx, actor, person_id, known.company_id, now)
        _withdraw_invitations(tx, actor, person_id, now)
        tx.execute(sa.delete(RoleGrant).where(RoleGrant.person_id == person_id))
        event = PersonRemoved(object_id=person_id, version=version, company_id=known.company_id, name=known.name)
        publish(tx, actor, event, now)


# ---------------------------------------------------------------- what all of them need


def _lock(tx: Transaction, company_id: int | None) -> None:
    """Take turns with everybody else who changes roles in this company, or who is an admin.

    Without it two admins could each remove the other at the same moment.
    """
    tx.execute(sa.select(Company.id).where(Company.id == company_id).with_for_update())
    tx.execute(sa.select(RoleGrant.id).where(RoleGrant.role == ADMIN).order_by(RoleGrant.id).with_for_update())


def _as_is(tx: Transaction, person_id: int) -> tuple[int, set[str]]:
    """The version of a person's access, and their roles, as they are now that it is our turn."""
    version = tx.execute(sa.select(Person.version).where(Person.id == person_id)).scalar_one()
    return version, set(tx.execute(sa.select(RoleGrant.role).where(RoleGrant.person_id == person_id)).scalars())


def _others(tx: Transaction, role: str, person_id: int, *where: sa.ColumnElement[bool]) -> int:
    counted = (
        sa.select(sa.func.count())
        .select_from(RoleGrant)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == role, RoleGrant.person_id != person_id, Person.active, *where)
    )
    return int(tx.execute(counted).scalar_one())


def _keep_admin(tx: Transaction, person_id: int) -> None:
    if not _others(tx, ADMIN, person_id):
        raise rules.last_admin()


def _keep_company_admin(tx: Transaction, company_id: int, person_id: int) -> None:
    if not _others(tx, COMPANY_ADMIN, person_id, Person.company_id == company_id):
        raise rules.last_company_admin()


def _tell(tx: Transaction, actor: Actor, person_id: int, company_id: int | None, version: int, now: datetime) -> None:
    granted = sa.select(RoleGrant.role, RoleGrant.site_id, RoleGrant.deputy).where(RoleGrant.person_id == person_id)
    grants = tx.execute(granted).all()
    event = RolesChanged(
        object_id=person_id,
        version=version,
        company_id=company_id,
        roles=tuple(sorted({grant.role for grant in grants})),
        site_ids=tuple(sorted(grant.site_id for grant in grants if grant.site_id is not None)),
        deputy_ids=tuple(sorted(grant.site_id for grant in grants if grant.deputy)),
    )
    publish(tx, actor, event, now)


def _revoke_tokens(tx: Transaction, actor: Actor, person_id: int, company_id: int | None, now: datetime) -> None:
    revoked = tx.execute(
        sa.update(Token)
        .where(Token.person_id == person_id, Token.revoked_at.is_(None))
        .values(revoked_at=now, version=Token.version + 1)
        .returning(Token.id, Token.name, Token.version)
    ).all()
    for one in revoked:
        event = TokenRevoked(
            object_id=one.id, version=one.version, company_id=company_id, person_id=person_id, name=one.name
        )
        publish(tx, actor, event, now)


def _withdraw_invitations(tx: Transaction, actor: Actor, person_id: int, now: datetime) -> None:
    """Who may no longer invite must not come back through an invitation sent before."""
    withdrawn = tx.execute(
        sa.update(Invitation)
        .where(Invitation.invited_by == person_id, Invitation.state == "open")
        .values(state="withdrawn", version=Invitation.version + 1)
        .returning(Invitation.id, Invitation.version, Invitation.company_id, Invitation.email)
    ).all()
    for one in withdrawn:
        event = InvitationWithdrawn(object_id=one.id, version=one.version, company_id=one.company_id, email=one.email)
        publish(tx, actor, event, now)
