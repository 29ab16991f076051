"""Who comes in by either door of the yearly figures; asked before anything else of the request is read."""

from __future__ import annotations

from labshare.instruments import queries as catalogue
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.people import queries as people
from labshare.usage import objections, policy, settlement


def of_companies(who: Actor) -> None:
    """The figures of companies are admins' and each company's own. Raises Forbidden."""
    if not policy.may_see_all(who) and who.company_id is None:
        raise Forbidden


def of_company(who: Actor, company_id: int) -> None:
    """Another company is a missing one. Raises NotFound, Forbidden."""
    people.company(who, company_id)
    if not policy.may_see_company(who, company_id):
        raise Forbidden


def of_instruments(who: Actor) -> None:
    """The figures of instruments are the laboratory's and their owners'. Raises Forbidden."""
    if not policy.may_see_some(who):
        raise Forbidden


def of_instrument(who: Actor, code: str) -> None:
    """Raises NotFound, or Forbidden for an instrument of others."""
    one = catalogue.known(code)
    if not policy.may_see_instrument(who, one.owner_id, one.site_id):
        raise Forbidden


def of_laboratory(who: Actor) -> None:
    """The laboratory as a whole is admins' to see. Raises Forbidden."""
    if not policy.may_see_all(who):
        raise Forbidden


def of_years(who: Actor) -> None:
    """How far years are settled, everybody may know whose figures are in them. Raises Forbidden."""
    if not policy.may_see_some(who):
        raise Forbidden


def settler_of(who: Actor, year: int) -> None:
    """Years are issued and closed by admins. Raises NotFound, Forbidden."""
    settlement.is_year(year)
    settler(who)


def settler(who: Actor) -> None:
    """Raises Forbidden."""
    if not policy.may_settle(who):
        raise Forbidden


def of_objections(who: Actor, year: int) -> None:
    """Objections are read by admins, and by the admins of the company that raised them. Raises NotFound, Forbidden."""
    settlement.is_year(year)
    if not policy.may_read_objections(who):
        raise Forbidden


def objector_to(who: Actor, year: int) -> None:
    """A company's admins object in its name. Raises NotFound, Forbidden."""
    settlement.is_year(year)
    if who.company_id is None or not policy.may_object(who, who.company_id):
        raise Forbidden


def answerer_of(who: Actor, objection_id: int) -> None:
    """Objections are answered by admins; what one may not read is missing. Raises NotFound, Forbidden."""
    objections.one(who, objection_id)
    settler(who)


def of_corrections(who: Actor) -> None:
    """Corrections are read by admins, and by the company they are of. Raises Forbidden."""
    if not policy.may_read_corrections(who):
        raise Forbidden
