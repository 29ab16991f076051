"""When instruments are open: weekly hours from a day on, and other hours on single days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from labshare.instruments import hours, policy, queries
from labshare.instruments.events import OpeningExceptionAdded, OpeningExceptionRemoved, OpeningHoursSet
from labshare.instruments.hours import Exceptional, Place
from labshare.instruments.models import OpeningException, OpeningPattern
from labshare.instruments.rules.opening import Pattern
from labshare.instruments.rules.week import Stretches
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, changed_meanwhile, swap, table_of, transaction
from labshare.kernel.errors import N_, Conflict, Forbidden, Invalid, Reason
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.people.models import Site

_pattern, _exception, _site = map(table_of, (OpeningPattern, OpeningException, Site))
PASSED = N_("What has passed stays as it was; choose today or a day to come.")


def set_hours(
    actor: Actor, place: Place, pattern: Pattern, version: int | None = None, now: datetime | None = None
) -> None:
    """Let a site, or one instrument, have these hours from a day on; a pattern of the same day is replaced.

    The first may be valid from any day, every other from today on. Raises Forbidden, Invalid, Conflict.
    """
    now = now or clock.now()
    _allow(actor, place)
    if pattern.week is None and place.instrument_id is None:
        raise Invalid(fields={"week": [N_("Only an instrument can have the hours of its site.")]})
    with transaction(lock=_instruments(place)) as tx:
        _stand_in_line(tx, place)
        stands = hours.patterns(place)
        if stands and pattern.valid_from < _today(place, now):
            raise Invalid(fields={"valid_from": [PASSED]})
        same = next((one for one in stands if one.valid_from == pattern.valid_from), None)
        if version is not None and version != (same.version if same else 0):
            raise changed_meanwhile()
        values: dict[str, Any] = {
            "week": None if pattern.week is None else [list(map(list, some)) for some in pattern.week],
            "holidays": pattern.holidays,
            "unattended": pattern.unattended,
        }
        if same is None:
            row = values | {"site_id": place.site_id, "instrument_id": place.instrument_id, "version": 1}
            new = sa.insert(_pattern).values(**row, valid_from=pattern.valid_from).returning(_pattern.c.id)
            number, stored = tx.execute(new).scalar_one(), 1
        else:
            number = _number(tx, place, pattern.valid_from)
            stored = swap(tx, _pattern, number, same.version, values)
        about = {"site_id": place.site_id, "instrument_id": place.instrument_id}
        said = {**values, **about, "valid_from": pattern.valid_from.isoformat()}
        hours.stamp(tx, place.site_id)
        publish(tx, actor, OpeningHoursSet(object_id=number, version=stored, **said), now)


def add_exception(
    actor: Actor,
    place: Place,
    day: date,
    stretches: Stretches,
    note: str,
    retry: Retry | None = None,
    now: datetime | None = None,
) -> Exceptional:
    """Other hours on one day, none of them for closed; an exception of the same day and place is replaced.

    Raises Forbidden, Invalid for a day that has passed.
    """
    now = now or clock.now()
    _allow(actor, place)
    if day < _today(place, now):
        raise Invalid(fields={"day": [PASSED]})
    with transaction(lock=_instruments(place), retry=retry) as tx:
        _stand_in_line(tx, place)
        tx.execute(sa.delete(_exception).where(_of(_exception, place), _exception.c.day == day))
        row: dict[str, Any] = {"site_id": place.site_id, "instrument_id": place.instrument_id, "day": day, "note": note}
        row |= {"intervals": list(map(list, stretches)), "person_id": actor.person_id, "at": now}
        number = tx.execute(sa.insert(_exception).values(row).returning(_exception.c.id)).scalar_one()
        said = {name: row[name] for name in ("site_id", "instrument_id", "intervals", "note")}
        hours.stamp(tx, place.site_id)
        publish(tx, actor, OpeningExceptionAdded(object_id=number, version=1, day=day.isoformat(), **said), now)
        return tx.done(hours.exception(place.site_id, number))


def remove_exception(actor: Actor, place: Place, number: int, now: datetime | None = None) -> None:
    """Let the usual hours hold again on that day. Raises NotFound, Forbidden, Conflict where the day has passed."""
    now = now or clock.now()
    found = hours.exception(place.site_id, number)
    _allow(actor, place)
    with transaction(lock=_instruments(place)) as tx:
        if found.day < _today(place, now):
            raise Conflict(PASSED, code="has_passed", reasons=[Reason("has_passed", PASSED)])
        if not tx.execute(sa.delete(_exception).where(_exception.c.id == number)).rowcount:
            raise changed_meanwhile()
        hours.stamp(tx, place.site_id)
        said: dict[str, Any] = {"site_id": place.site_id, "instrument_id": found.instrument_id}
        publish(tx, actor, OpeningExceptionRemoved(object_id=number, day=found.day.isoformat(), **said), now)


def _allow(actor: Actor, place: Place) -> None:
    if not policy.may_keep(actor, place.site_id):
        raise Forbidden


def _instruments(place: Place) -> Sequence[int]:
    """Whoever asks for time on these meanwhile comes before the change or after it, and never in between."""
    return queries.ids_at(place.site_id) if place.instrument_id is None else [place.instrument_id]


def _stand_in_line(tx: Transaction, place: Place) -> None:
    """One after the other, so that of a day and place there is one pattern and one exception."""
    tx.execute(sa.select(_site.c.id).where(_site.c.id == place.site_id).with_for_update())


def _today(place: Place, now: datetime) -> date:
    return now.astimezone(place.zone).date()


def _of(table: sa.Table, place: Place) -> Any:
    if place.instrument_id is not None:
        return table.c.instrument_id == place.instrument_id
    return table.c.instrument_id.is_(None) & (table.c.site_id == place.site_id)


def _number(tx: Transaction, place: Place, day: date) -> int:
    found = tx.execute(sa.select(_pattern.c.id).where(_of(_pattern, place), _pattern.c.valid_from == day))
    return int(found.scalar_one())
