"""What is the case with companies, people and sites; everything people read starts from what they may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.kernel.actor import ADMIN, COMPANY_ADMIN, LAB_MANAGER, Actor
from labshare.kernel.db import like, only_row, rows
from labshare.kernel.errors import NotFound
from labshare.people import policy
from labshare.people.models import Company, Invitation, Person, RoleGrant, SignIn, Site, Token


def companies_visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Staff see every company, everybody else their own."""
    if policy.is_staff(actor):
        return sa.true()
    return Company.id == actor.company_id if actor.company_id is not None else sa.false()


def people_visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Staff see everybody, people of a company see each other."""
    if policy.is_staff(actor):
        return sa.true()
    return Person.company_id == actor.company_id if actor.company_id is not None else Person.id == actor.person_id


# ---------------------------------------------------------------- companies

_company = sa.select(
    Company.id,
    Company.name,
    Company.name_en,
    Company.org_id_type,
    Company.org_id,
    Company.kind,
    Company.state,
    Company.state_reason,
    Company.contact_name,
    Company.contact_phone,
    Company.in_house_minutes,
    Company.created_at,
    Company.version,
)


def companies(actor: Actor, words: str = "", state: str = "") -> sa.Select[*tuple[Any, ...]]:
    """The companies an actor may see, of which a name or the code contains the words; for paging by name."""
    statement = _company.where(companies_visible_to(actor))
    if words:
        statement = statement.where(
            sa.or_(like(Company.name, words), like(Company.name_en, words), like(Company.org_id, words))
        )
    return statement.where(Company.state == state) if state else statement


def company(actor: Actor, company_id: int) -> sa.Row[Any]:
    """One company; NotFound where there is none the actor may know of."""
    return only_row(_company.where(Company.id == company_id, companies_visible_to(actor)))


@dataclass(frozen=True)
class CompanyCounts:
    """How many companies there are in each state."""

    pending: int = 0
    active: int = 0
    rejected: int = 0
    suspended: int = 0


def count_companies() -> CompanyCounts:
    """How many companies wait to be let in, may book, and so on."""
    counted = sa.select(Company.state, sa.func.count().label("number")).group_by(Company.state)
    return CompanyCounts(**{row.state: row.number for row in rows(counted)})


@dataclass(frozen=True)
class OwnCounts:
    """How many people a company has, and how many are invited."""

    people: int
    invited: int


def count_own(company_id: int, now: datetime) -> OwnCounts:
    """How many people have access for the company, and how many invitations of it can still be taken up."""
    people = sa.select(sa.func.count()).where(Person.company_id == company_id, Person.active)
    mine = (Invitation.company_id == company_id, Invitation.state == "open", Invitation.expires_at > now)
    invited = sa.select(sa.func.count()).where(*mine)
    return OwnCounts(*rows(sa.select(people.scalar_subquery(), invited.scalar_subquery()))[0])


# ---------------------------------------------------------------- people


@dataclass
class Somebody:
    """A person with all their roles; `sites` are the codes of those they manage, `deputy_ids` where as a deputy."""

    id: int
    name: str
    email: str
    company_id: int | None
    company_name: str
    created_at: datetime
    roles: set[str]
    sites: list[str]
    site_ids: set[int]
    deputy_ids: set[int]

    @property
    def is_company_admin(self) -> bool:
        return COMPANY_ADMIN in self.roles


_person = (
    sa.select(
        Person.id,
        Person.name,
        Person.email,
        Person.company_id,
        Person.created_at,
        Company.name.label("company_name"),
        RoleGrant.role,
        RoleGrant.site_id,
        RoleGrant.deputy,
        Site.code,
    )
    .select_from(Person)
    .outerjoin(Company, Company.id == Person.company_id)
    .outerjoin(RoleGrant, RoleGrant.person_id == Person.id)
    .outerjoin(Site, Site.id == RoleGrant.site_id)
    .where(Person.active)
    .order_by(Person.name, Person.id, RoleGrant.role, Site.code)
)


def _gather(found: Sequence[sa.Row[Any]]) -> list[Somebody]:
    people: dict[int, Somebody] = {}
    for row in found:
        one = people.setdefault(
            row.id,
            Somebody(
                row.id,
                row.name,
                row.email,
                row.company_id,
                row.company_name or "",
                row.created_at,
                set(),
                [],
                set(),
                set(),
            ),
        )
        if row.role:
            one.roles.add(row.role)
        if row.code:
            one.sites.append(row.code)
            one.site_ids.add(row.site_id)
            one.deputy_ids.update({row.site_id} if row.deputy else ())
    return list(people.values())


def colleagues(actor: Actor, company_id: int) -> list[Somebody]:
    """The people of a company, as far as the actor may see them."""
    return _gather(rows(_person.where(Person.company_id == company_id, people_visible_to(actor))))


def staff() -> list[Somebody]:
    """Everybody with a role of the laboratory's."""
    of_staff = sa.select(RoleGrant.person_id).where(RoleGrant.role.in_((LAB_MANAGER, ADMIN)))
    return _gather(rows(_person.where(Person.id.in_(of_staff))))


def person(actor: Actor, person_id: int) -> Somebody:
    """One person who has access; NotFound where there is none the actor may know of."""
    found = _gather(rows(_person.where(Person.id == person_id, people_visible_to(actor))))
    if not found:
        raise NotFound
    return found[0]


def person_id_of(email: str) -> int | None:
    """Whose canonical e-mail address this is, among people who have access."""
    found = rows(sa.select(Person.id).where(Person.email == email, Person.active))
    return found[0].id if found else None


def reset_of(person_id: int) -> tuple[int, int]:
    """What a link to set a new password names: the person, and the version of their access."""
    found = rows(sa.select(Person.id, Person.version).where(Person.id == person_id, Person.active))
    if not found:
        raise NotFound
    return found[0].id, found[0].version


# ---------------------------------------------------------------- sites, invitations, tokens, sessions


def sites() -> Sequence[sa.Row[Any]]:
    """Every site, by code; sites are no secret among those who are signed in."""
    return rows(
        sa.select(Site.id, Site.code, Site.name_en, Site.name_zh, Site.zone, Site.address, Site.version).order_by(
            Site.code
        )
    )


def site(site_id: int) -> sa.Row[Any]:
    """One site; NotFound where there is none."""
    for one in sites():
        if one.id == site_id:
            return one
    raise NotFound


def site_codes(site_ids: frozenset[int]) -> list[str]:
    """The codes of these sites, sorted."""
    if not site_ids:
        return []
    return [row.code for row in rows(sa.select(Site.code).where(Site.id.in_(site_ids)).order_by(Site.code))]


_invitation = (
    sa.select(
        Invitation.id,
        Invitation.company_id,
        Invitation.email,
        Invitation.role,
        Invitation.created_at,
        Invitation.expires_at,
        Invitation.state,
        Invitation.version,
        Company.name.label("company_name"),
        Company.state.label("company_state"),
        Person.name.label("invited_by"),
    )
    .join(Company, Company.id == Invitation.company_id)
    .join(Person, Person.id == Invitation.invited_by)
)


def open_invitations(company_id: int, now: datetime) -> Sequence[sa.Row[Any]]:
    """The invitations of a company that can still be taken up, newest first."""
    return rows(
        _invitation.where(
            Invitation.company_id == company_id, Invitation.state == "open", Invitation.expires_at > now
        ).order_by(Invitation.id.desc())
    )


def invitation(invitation_id: int) -> sa.Row[Any] | None:
    """One invitation with its company; who asks must hold its link, or run the company."""
    found = rows(_invitation.where(Invitation.id == invitation_id))
    return found[0] if found else None


def tokens(actor: Actor) -> Sequence[sa.Row[Any]]:
    """The actor's own API tokens that work, newest first."""
    return rows(
        sa.select(Token.id, Token.name, Token.created_at)
        .where(Token.person_id == actor.person_id, Token.revoked_at.is_(None))
        .order_by(Token.id.desc())
    )


def sign_ins(actor: Actor, now: datetime) -> Sequence[sa.Row[Any]]:
    """The actor's own browsers that are signed in, newest first."""
    return rows(
        sa.select(SignIn.id, SignIn.agent, SignIn.created_at, SignIn.expires_at, SignIn.secret_hash)
        .where(SignIn.person_id == actor.person_id, SignIn.expires_at > now)
        .order_by(SignIn.id.desc())
    )
