"""What a laboratory says of its equipment: utilities that instruments share, what they need again and again, files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of, transaction
from labshare.kernel.errors import N_, Conflict, Forbidden, Invalid, NotFound
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.maintenance import access, policy, queries, upkeep
from labshare.maintenance.events import (
    DocumentAdded,
    DocumentRemoved,
    UpkeepRemoved,
    UpkeepSet,
    UtilityAdded,
    UtilityChanged,
)
from labshare.maintenance.models import Dependence, Document, Upkeep, UpkeepWarning, Utility, Window
from labshare.maintenance.queries import Shared
from labshare.maintenance.upkeep import Due

_utility, _dependence, _upkeep, _document = map(table_of, (Utility, Dependence, Upkeep, Document))
_warning, _window = map(table_of, (UpkeepWarning, Window))
MOST_DOCUMENTS = 20
BIGGEST_DOCUMENT = 512 * 1024  # bytes


def add_utility(actor: Actor, names: dict[str, str], codes: Sequence[str], retry: Retry | None = None) -> Shared:
    """Say what several instruments of one site depend on. Raises Forbidden, Invalid."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        instruments = _of_one_site(actor, codes)
        values: dict[str, Any] = {**names, "site_id": instruments[0].site_id, "version": 1}
        number = int(tx.execute(sa.insert(_utility).values(values).returning(_utility.c.id)).scalar_one())
        _depend(tx, number, instruments)
        ids = tuple(one.id for one in instruments)
        said: dict[str, Any] = {**names, "instrument_ids": ids}
        publish(tx, actor, UtilityAdded(object_id=number, version=1, **said), now)
        return tx.done(queries.utility(actor, number))


def change_utility(
    actor: Actor, utility_id: int, names: dict[str, str], codes: Sequence[str], retry: Retry | None = None
) -> Shared:
    """Call it otherwise, or say what depends on it anew. Raises NotFound, Forbidden, Invalid."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = queries.utility(actor, utility_id)
        instruments = _of_one_site(actor, codes)
        if instruments[0].site_id != old.site_id:
            raise Invalid(fields={"instruments": [N_("A utility belongs to one site.")]})
        version = swap(tx, _utility, old.id, old.version, dict(names))
        tx.execute(sa.delete(_dependence).where(_dependence.c.utility_id == old.id))
        _depend(tx, old.id, instruments)
        ids = tuple(one.id for one in instruments)
        said: dict[str, Any] = {**names, "instrument_ids": ids}
        publish(tx, actor, UtilityChanged(object_id=old.id, version=version, **said), now)
        return tx.done(queries.utility(actor, utility_id))


def _of_one_site(actor: Actor, codes: Sequence[str]) -> list[Known]:
    try:
        instruments = catalogue.known_all(codes)
    except NotFound:
        message = N_("There is no instrument with this code.")
        raise Invalid(message, code="unknown_instrument", fields={"instruments": [message]}) from None
    sites = {one.site_id for one in instruments}
    if not policy.may_plan(actor, sites):
        raise Forbidden
    if len(sites) != 1:
        raise Invalid(fields={"instruments": [N_("A utility belongs to one site.")]})
    return instruments


def _depend(tx: Transaction, utility_id: int, instruments: Sequence[Known]) -> None:
    tx.execute(sa.insert(_dependence), [{"utility_id": utility_id, "instrument_id": one.id} for one in instruments])


# ---------------------------------------------------------------- what instruments need again and again


def set_upkeep(
    actor: Actor,
    code: str,
    kind: str,
    every_days: int | None,
    every_hours: int | None,
    note: str = "",
    retry: Retry | None = None,
) -> Due:
    """Say how often an instrument needs a kind of work, counted from now where it was not said before.

    Raises NotFound, Forbidden, Invalid.
    """
    now = clock.now()
    if every_days is None and every_hours is None:
        raise Invalid(fields={"every_days": [N_("Say after how many days or hours of use.")]})
    known = access.keeper_of(actor, code)
    with transaction(lock=[known.id], retry=retry) as tx:
        mine = sa.and_(_upkeep.c.instrument_id == known.id, _upkeep.c.kind == kind)
        old = tx.execute(sa.select(_upkeep.c.id, _upkeep.c.version).where(mine)).one_or_none()
        values: dict[str, Any] = {"every_days": every_days, "every_hours": every_hours, "note": note}
        if old is None:
            row: dict[str, Any] = {**values, "instrument_id": known.id, "kind": kind, "since": now, "version": 1}
            number = int(tx.execute(sa.insert(_upkeep).values(row).returning(_upkeep.c.id)).scalar_one())
            version = 1
        else:
            number, version = old.id, swap(tx, _upkeep, old.id, old.version, values)
        said: dict[str, Any] = {
            "instrument_id": known.id,
            "kind_of_work": kind,
            "every_days": every_days,
            "every_hours": every_hours,
        }
        publish(tx, actor, UpkeepSet(object_id=number, version=version, **said), now)
        return tx.done(upkeep.one(actor, number))


def remove_upkeep(actor: Actor, upkeep_id: int) -> None:
    """Nobody needs to think of it any more. Raises NotFound, Forbidden."""
    now = clock.now()
    with transaction() as tx:
        old = upkeep.one(actor, upkeep_id)
        if not policy.may_plan(actor, [old.site_id]):
            raise Forbidden
        tx.execute(sa.delete(_warning).where(_warning.c.upkeep_id == old.id))
        tx.execute(sa.delete(_upkeep).where(_upkeep.c.id == old.id))
        said: dict[str, Any] = {"instrument_id": old.instrument_id, "kind_of_work": old.kind}
        fact = UpkeepRemoved(object_id=old.id, every_days=old.every_days, every_hours=old.every_hours, **said)
        publish(tx, actor, fact, now)


# ---------------------------------------------------------------- files of a window


def add_document(actor: Actor, window_id: int, name: str, content: bytes, retry: Retry | None = None) -> int:
    """Keep a file with a window; its number. Raises NotFound, Forbidden, Invalid, Conflict where there are too many."""
    now = clock.now()
    if not 1 <= len(content) <= BIGGEST_DOCUMENT:
        raise Invalid(fields={"content": [N_("A document has 1 byte to %(most)s kB.", most=BIGGEST_DOCUMENT // 1024)]})
    with transaction(retry=retry) as tx:
        window = queries.window(actor, window_id)
        if not policy.may_plan(actor, window.site_ids):
            raise Forbidden
        tx.execute(sa.select(_window.c.id).where(_window.c.id == window.id).with_for_update())
        there = sa.select(sa.func.count()).where(_document.c.window_id == window.id)
        if tx.execute(there).scalar_one() >= MOST_DOCUMENTS:
            text = N_("A window has at most %(most)s documents.", most=MOST_DOCUMENTS)
            raise Conflict(text, code="too_many_documents")
        row: dict[str, Any] = {"window_id": window.id, "name": name, "size": len(content)}
        row |= {"content": content, "person_id": actor.person_id, "at": now}
        number = int(tx.execute(sa.insert(_document).values(row).returning(_document.c.id)).scalar_one())
        publish(tx, actor, DocumentAdded(object_id=window.id, name=name, size=len(content)), now)
        return tx.done(number)


def remove_document(actor: Actor, window_id: int, document_id: int) -> None:
    """Take a file away. Raises NotFound, Forbidden."""
    now = clock.now()
    with transaction() as tx:
        window = queries.window(actor, window_id)
        if not policy.may_plan(actor, window.site_ids):
            raise Forbidden
        mine = sa.and_(_document.c.id == document_id, _document.c.window_id == window.id)
        found = tx.execute(sa.delete(_document).where(mine).returning(_document.c.name, _document.c.size)).one_or_none()
        if found is None:
            raise NotFound
        publish(tx, actor, DocumentRemoved(object_id=window.id, name=found.name, size=found.size), now)
