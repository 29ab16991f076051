"""Who asks for time: for which company, as whom of it, for which instrument, and whether they may."""

from __future__ import annotations

from collections.abc import Collection

from labshare.booking import policy
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, Forbidden, Invalid, NotFound


def instrument_of(code: str) -> int:
    """The instrument of this code, or Invalid naming the field."""
    try:
        return catalogue.id_of(code)
    except NotFound:
        message = N_("There is no instrument with this code.")
        raise Invalid(message, code="unknown_instrument", fields={"instrument": [message]}) from None


def company_of(actor: Actor, named: int | None) -> int:
    """The company that is named, or else the actor's own; raises Invalid where there is neither."""
    company_id = named if named is not None else actor.company_id
    if company_id is None:
        raise Invalid(fields={"company": [N_("Say for which company.")]})
    return company_id


def person_of(actor: Actor, company_id: int) -> int | None:
    """The person of the company who asks; None for staff on its behalf."""
    return actor.person_id if actor.belongs_to(company_id) else None


def may_ask(actor: Actor, company_id: int, known: Known, waive: Collection[str] = ()) -> None:
    """May the actor ask for the company here, and let these rules pass? One they may not know of is a missing one."""
    if not policy.may_ask(actor, company_id, known.site_id):
        raise Forbidden if actor.is_staff else NotFound
    if waive and not policy.may_waive(actor, known.site_id):
        raise Forbidden
