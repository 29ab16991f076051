"""Who may see which yearly figures; pure."""

from __future__ import annotations

from labshare.kernel.actor import Actor


def may_see_all(actor: Actor) -> bool:
    """Admins see every company and instrument, and the laboratory as a whole."""
    return actor.is_admin or actor.is_system


def may_see_some(actor: Actor) -> bool:
    """Everybody of the laboratory, and of a company."""
    return actor.is_staff or actor.company_id is not None


def may_settle(actor: Actor) -> bool:
    """Admins issue and close years."""
    return actor.is_admin


def may_see_company(actor: Actor, company_id: int) -> bool:
    """A company's own people see its figures; lab managers see instruments, not companies."""
    return may_see_all(actor) or actor.belongs_to(company_id)


def may_see_instrument(actor: Actor, owner_id: int, site_id: int) -> bool:
    """Whoever owns it, and the managers of its site."""
    return may_see_all(actor) or actor.manages(site_id) or actor.belongs_to(owner_id)


def may_see_whom(actor: Actor, site_id: int) -> bool:
    """Which companies used an instrument is the laboratory's to know, not its owner's: they are strangers."""
    return may_see_all(actor) or actor.manages(site_id)


def may_object(actor: Actor, company_id: int) -> bool:
    """The company's admins."""
    return actor.is_company_admin and actor.belongs_to(company_id)


def may_close(actor: Actor) -> bool:
    """Admins, and the clockwork once the time to object is over."""
    return may_settle(actor) or actor.is_system


def may_let_time_pass(actor: Actor) -> bool:
    """Reminding and counting is the clockwork's."""
    return actor.is_system


def may_read_objections(actor: Actor) -> bool:
    """Admins read all of them, a company's admins those of their company."""
    return actor.is_admin or (actor.is_company_admin and actor.company_id is not None)


def may_read_corrections(actor: Actor) -> bool:
    """Admins read all of them, a company's people those of their company."""
    return may_see_all(actor) or actor.company_id is not None
