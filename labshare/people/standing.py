"""Whether a company may book: let in or not, suspended, taken back; in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of
from labshare.kernel.errors import N_, Conflict, Invalid
from labshare.kernel.journal import publish
from labshare.people import lifecycle, rules
from labshare.people.events import (
    CompanyApproved,
    CompanyFact,
    CompanyReactivated,
    CompanyRejected,
    CompanySuspended,
)
from labshare.people.models import Company

_company = table_of(Company)
_FACTS: dict[str, type[CompanyFact]] = {
    "approve": CompanyApproved,
    "reject": CompanyRejected,
    "suspend": CompanySuspended,
    "reactivate": CompanyReactivated,
}
WITH_REASON = ("reject", "suspend")


def change(tx: Transaction, actor: Actor, known: Any, move: str, reason: str, now: datetime) -> None:
    """Make the move and tell; raises Invalid where it lacks a reason, Conflict where it is not to be had."""
    if move in WITH_REASON and not 1 <= len(reason) <= 500:
        raise Invalid(fields={"reason": [N_("Must be %(least)s to %(most)s characters.", least=1, most=500)]})
    state = lifecycle.after(known.state, move)
    if state is None:
        raise wrong_state()
    version = swap(tx, _company, known.id, known.version, {"state": state, "state_reason": reason})
    about = {"object_id": known.id, "version": version, "company_id": known.id, "name": known.name}
    if move in WITH_REASON:
        about["reason"] = reason
    publish(tx, actor, _FACTS[move](**about), now)


def wrong_state() -> Conflict:
    """The refusal of a move that the company's state does not allow."""
    return rules.refused("wrong_state", N_("This company's state does not allow that; it may have changed meanwhile."))
