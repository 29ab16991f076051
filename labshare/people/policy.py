"""Who may change companies, people, roles and sites; pure."""

from __future__ import annotations

from labshare.kernel.actor import COMPANY_ADMIN, MEMBER, Actor

COMPANY_ROLES = (MEMBER, COMPANY_ADMIN)


def is_admin(actor: Actor) -> bool:
    """May the actor run the laboratory: let companies in, keep sites, give staff their roles?"""
    return actor.is_admin or actor.is_system


def is_staff(actor: Actor) -> bool:
    """May the actor know every company and person?"""
    return actor.is_staff or actor.is_system


def sees_company(actor: Actor, company_id: int) -> bool:
    """Does the company exist for this actor?"""
    return is_staff(actor) or actor.belongs_to(company_id)


def runs_company(actor: Actor, company_id: int | None) -> bool:
    """May the actor invite, remove and promote the company's people?"""
    return is_admin(actor) or (actor.is_company_admin and actor.belongs_to(company_id))


def may_grant(actor: Actor, role: str, company_id: int | None) -> bool:
    """May the actor give this role? Never one above their own, and never outside their company."""
    return is_admin(actor) or (role in COMPANY_ROLES and runs_company(actor, company_id))
