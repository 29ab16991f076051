"""Who may see and set a company's account."""

from __future__ import annotations

from labshare.kernel.actor import Actor


def sees_account(actor: Actor, company_id: int) -> bool:
    """The company's own people, and the laboratory's staff; to everyone else it does not exist."""
    return actor.is_staff or actor.is_system or actor.belongs_to(company_id)


def may_set(actor: Actor) -> bool:
    """Admins say what a company may use."""
    return actor.is_admin or actor.is_system


def may_let_time_pass(actor: Actor) -> bool:
    """What the clock does to accounts, only the clockwork does."""
    return actor.is_system
