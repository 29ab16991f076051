"""Which instruments are meant: named one by one, or all of a category, of a site, or that depend on a utility."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from labshare.instruments import queries as catalogue
from labshare.instruments.models import Instrument
from labshare.instruments.queries import Known
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows
from labshare.kernel.errors import N_, Invalid, NotFound
from labshare.maintenance import queries
from labshare.maintenance.models import Dependence

MOST = 250


@dataclass(frozen=True)
class Wanted:
    """What was said; several ways add up. Of a category or a site those are meant that the actor may plan for."""

    instruments: tuple[str, ...] = ()
    category: int | None = None
    site: str | None = None
    utility: int | None = None


def resolve(actor: Actor, wanted: Wanted) -> list[Known]:
    """The instruments meant, each once, sorted by id. Raises Invalid naming the field that says none."""
    found: dict[int, Known] = {}
    if wanted.instruments:
        try:
            named = catalogue.known_all(wanted.instruments)
        except NotFound:
            message = N_("There is no instrument with this code.")
            raise Invalid(message, code="unknown_instrument", fields={"instruments": [message]}) from None
        found |= {one.id: one for one in named}
    if wanted.category is not None or wanted.site is not None:
        found |= {one.id: one for one in _of(actor, wanted)}
    if wanted.utility is not None:
        found |= {one.id: one for one in _dependent(actor, wanted.utility)}
    if not found:
        raise Invalid(fields={"instruments": [N_("Name at least one instrument.")]})
    if len(found) > MOST:
        raise Invalid(fields={"instruments": [N_("At most %(most)s instruments at once.", most=MOST)]})
    return [found[number] for number in sorted(found)]


def _of(actor: Actor, wanted: Wanted) -> list[Known]:
    """Of a category, of a site, or of a category at a site; not the retired."""
    every = [one for one in catalogue.known_in_service() if actor.manages(one.site_id)]
    some = [
        one
        for one in every
        if (wanted.category is None or one.category_id == wanted.category)
        and (wanted.site is None or one.site_code == wanted.site)
    ]
    if not some:
        field = "category" if wanted.category is not None else "site"
        raise Invalid(fields={field: [N_("There is no instrument of yours there.")]})
    return some


def _dependent(actor: Actor, utility_id: int) -> list[Known]:
    try:
        queries.utility(actor, utility_id)
    except NotFound:
        raise Invalid(fields={"utility": [N_("There is no such utility.")]}) from None
    depends = sa.select(Dependence.instrument_id).join(Instrument, Instrument.id == Dependence.instrument_id)
    mine = depends.where(Dependence.utility_id == utility_id, Instrument.state != "retired")
    return catalogue.known_by_ids(number for (number,) in rows(mine))
