"""Colleagues are invited, and join by a link that works once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import STRANGER, Actor
from labshare.kernel.db import Transaction, rows, swap, transaction
from labshare.kernel.errors import N_, Forbidden, Invalid, NotFound
from labshare.kernel.journal import publish
from labshare.people import access, links, passwords, policy, queries, rules, sessions
from labshare.people.events import ColleagueInvited, InvitationAccepted, InvitationWithdrawn, PersonJoined
from labshare.people.lifecycle import ACTIVE, PENDING
from labshare.people.models import Invitation, Person, RoleGrant
from labshare.people.sessions import Browser

OPEN_AT_MOST = 100

_invitation: Any = Invitation.__table__
_person: Any = Person.__table__


def invite(actor: Actor, company_id: int, email: str, role: str, now: datetime | None = None) -> int:
    """Ask a colleague to join the company; returns the invitation's id. The link is made at mailing."""
    now = now or clock.now()
    company = queries.company(actor, company_id)
    if actor.person_id is None or not policy.may_grant(actor, role, company_id):
        raise Forbidden
    email = rules.canonical_email(email)
    if wrong := rules.email_faults(email):
        raise Invalid(fields={"email": wrong})
    if company.state not in (ACTIVE, PENDING):
        raise rules.refused("company_suspended", N_("The company is not active, so nobody can join it."))
    if any(one.email == email for one in queries.colleagues(actor, company_id)):
        raise rules.refused("email_taken", N_("This person belongs to the company already."))
    waiting = queries.open_invitations(company_id, now)
    if any(one.email == email for one in waiting):
        raise rules.refused("invited_already", N_("This person is invited already; withdraw that invitation first."))
    if len(waiting) >= OPEN_AT_MOST:
        raise rules.refused("too_many_invitations", N_("Too many invitations are open; please withdraw some first."))
    with transaction() as tx:
        values = {
            "company_id": company_id,
            "email": email,
            "role": role,
            "invited_by": actor.person_id,
            "created_at": now,
            "expires_at": now + links.LASTS[links.JOIN],
        }
        invitation_id = tx.execute(sa.insert(Invitation).values(values).returning(Invitation.id)).scalar_one()
        event = ColleagueInvited(object_id=invitation_id, version=1, company_id=company_id, email=email, role=role)
        publish(tx, actor, event, now)
    return int(invitation_id)


def withdraw_invitation(actor: Actor, invitation_id: int, now: datetime | None = None) -> None:
    """Make an invitation's link worthless."""
    now = now or clock.now()
    found = _running(actor, invitation_id)
    if found.state != "open":
        raise rules.refused("wrong_state", N_("This invitation is not open any more."))
    with transaction() as tx:
        version = swap(tx, _invitation, found.id, found.version, {"state": "withdrawn"})
        event = InvitationWithdrawn(object_id=found.id, version=version, company_id=found.company_id, email=found.email)
        publish(tx, actor, event, now)


def invitation_link(actor: Actor, invitation_id: int, now: datetime | None = None) -> str:
    """The address that was mailed, for those who run the company to hand over themselves."""
    now = now or clock.now()
    found = _running(actor, invitation_id)
    if found.state != "open" or found.expires_at <= now:
        raise rules.refused("wrong_state", N_("This invitation is not open any more."))
    return links.address(links.JOIN, found.id, found.version)


def _running(actor: Actor, invitation_id: int) -> sa.Row[Any]:
    found = queries.invitation(invitation_id)
    if found is None or not policy.sees_company(actor, found.company_id):
        raise NotFound
    if not policy.runs_company(actor, found.company_id):
        raise Forbidden
    return found


def invitation_of(token: str, now: datetime | None = None) -> sa.Row[Any]:
    """What a link invites to; raises NotFound for a forged one, LinkExpired for one old, used or withdrawn."""
    now = now or clock.now()
    invitation_id, version = links.read(links.JOIN, token)
    found = queries.invitation(invitation_id)
    if found is None or found.version != version or found.state != "open" or found.expires_at <= now:
        raise links.LinkExpired
    if found.company_state not in (ACTIVE, PENDING):
        raise links.LinkExpired
    return found


def join(token: str, name: str, password: str, browser: Browser, now: datetime | None = None) -> str:
    """Take up an invitation: become a colleague and return the secret of a first session."""
    now = now or clock.now()
    asked = invitation_of(token, now)
    faults: rules.Faults = {}
    if wrong := rules.name_faults(name):
        faults["name"] = wrong
    if wrong := rules.password_faults(password, asked.email):
        faults["password"] = wrong
    if faults:
        raise Invalid(fields=faults)
    password_hash = passwords.hashed(password)
    with transaction() as tx:
        version = swap(tx, _invitation, asked.id, asked.version, {"state": "accepted"})
        person_id, person_version = _enter(tx, asked, name, password_hash, now)
        tx.execute(sa.insert(RoleGrant).values(person_id=person_id, role=asked.role))
        actor = access.by_id(person_id) or STRANGER
        accepted = InvitationAccepted(
            object_id=asked.id, version=version, company_id=asked.company_id, email=asked.email, person_id=person_id
        )
        publish(tx, actor, accepted, now)
        joined = PersonJoined(
            object_id=person_id, version=person_version, company_id=asked.company_id, name=name, role=asked.role
        )
        publish(tx, actor, joined, now)
        return tx.done(sessions.start(tx, person_id, browser, now))


def _enter(tx: Transaction, asked: sa.Row[Any], name: str, password_hash: str, now: datetime) -> tuple[int, int]:
    """The row of who joins: a new one, or that of somebody who was removed and comes back."""
    values = {"name": name, "password_hash": password_hash, "company_id": asked.company_id}
    known = rows(sa.select(Person.id, Person.version, Person.active).where(Person.email == asked.email))
    if known and known[0].active:
        raise rules.refused("email_taken", N_("Somebody has this e-mail address already."))
    if known:
        return known[0].id, swap(tx, _person, known[0].id, known[0].version, {**values, "active": True})
    new = sa.insert(Person).values(email=asked.email, created_at=now, **values).returning(Person.id)
    return int(tx.execute(new).scalar_one()), 1
