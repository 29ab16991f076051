"""Calendars of workdays: a year's notice taken in or forgotten, single days said by hand, years seeded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from labshare.instruments import hours, policy, queries, workdays
from labshare.instruments.events import (
    CalendarDaySet,
    CalendarYearForgotten,
    CalendarYearPublished,
)
from labshare.instruments.models import CalendarDay, CalendarYear
from labshare.instruments.notice import Listed
from labshare.instruments.workdays import FORGOTTEN, HAND, LIBRARY, NOTICE, Year
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, changed_meanwhile, swap, table_of, transaction
from labshare.kernel.errors import Forbidden, NotFound
from labshare.kernel.journal import publish
from labshare.people.models import Site

_day, _year, _site = map(table_of, (CalendarDay, CalendarYear, Site))


def import_year(actor: Actor, site_id: int, number: int, listed: Sequence[Listed], version: int | None = None) -> Year:
    """Take a year's notice in instead of what was known of it; the bookings on its days are looked at by a job.

    What was said of single days by hand stays. The same notice again changes nothing. Raises Forbidden, Conflict.
    """
    now = clock.now()
    _allow(actor, site_id)
    with transaction(lock=queries.ids_at(site_id)) as tx:
        stands = _line_up(tx, site_id, number, version)
        if not (stands.published and _known(tx, site_id, number) == {one.day: (one.kind, one.name) for one in listed}):
            _publish(tx, actor, stands, listed, NOTICE, now)
        return tx.done(workdays.year(site_id, number))


def seed_year(actor: Actor, site_id: int, number: int, listed: Sequence[Listed], now: datetime) -> bool:
    """Take a year from the library, unless somebody has said anything of it; whether that was still to be done."""
    _allow(actor, site_id)
    with transaction(lock=queries.ids_at(site_id)) as tx:
        stands = _line_up(tx, site_id, number, None)
        if stands.published or stands.source not in ("", HAND):
            return False
        _publish(tx, actor, stands, listed, LIBRARY, now)
        return True


def forget_year(actor: Actor, site_id: int, number: int, version: int | None = None) -> Year:
    """Know no more of a year than its weekdays, which are provisional again; what was said by hand stays.

    Raises Forbidden, NotFound where nothing was known, Conflict.
    """
    now = clock.now()
    _allow(actor, site_id)
    with transaction(lock=queries.ids_at(site_id)) as tx:
        stands = _line_up(tx, site_id, number, version)
        if not stands.published:
            raise NotFound
        tx.execute(sa.delete(_day).where(_of(site_id, number), _day.c.source != HAND))
        year = _change(tx, stands, source=FORGOTTEN, published=False)
        publish(tx, actor, CalendarYearForgotten(**_about(year)), now)
        return tx.done(year)


def set_day(actor: Actor, site_id: int, listed: Listed, note: str) -> Year:
    """Say by hand what a day is, whatever a notice says; its bookings are looked at by a job. Raises Forbidden."""
    now = clock.now()
    _allow(actor, site_id)
    with transaction(lock=queries.ids_at(site_id)) as tx:
        stands = _line_up(tx, site_id, listed.day.year, None)
        tx.execute(sa.delete(_day).where(_day.c.site_id == site_id, _day.c.day == listed.day))
        _insert(tx, actor, site_id, listed.day.year, [listed], HAND, note, now)
        year = _change(tx, stands, source=stands.source or HAND, published=stands.published)
        said: dict[str, Any] = {"day": listed.day.isoformat(), "is_now": listed.kind, "note": note}
        publish(tx, actor, CalendarDaySet(**_about(year), **said), now)
        return tx.done(year)


def clear_day(actor: Actor, site_id: int, day: date, note: str) -> Year:
    """Say by hand that a day is what its weekday says. Raises Forbidden, NotFound where it is that already."""
    now = clock.now()
    _allow(actor, site_id)
    with transaction(lock=queries.ids_at(site_id)) as tx:
        stands = _line_up(tx, site_id, day.year, None)
        if not tx.execute(sa.delete(_day).where(_day.c.site_id == site_id, _day.c.day == day)).rowcount:
            raise NotFound
        year = _change(tx, stands, source=stands.source or HAND, published=stands.published)
        publish(tx, actor, CalendarDaySet(**_about(year), day=day.isoformat(), is_now=None, note=note), now)
        return tx.done(year)


# ---------------------------------------------------------------- what these have in common


def _allow(actor: Actor, site_id: int) -> None:
    if not policy.may_keep(actor, site_id):
        raise Forbidden


def _line_up(tx: Transaction, site_id: int, number: int, version: int | None) -> Year:
    """The year as it stands, once everybody who changes the site's calendar stands in line."""
    tx.execute(sa.select(_site.c.id).where(_site.c.id == site_id).with_for_update())
    stands = workdays.year(site_id, number)
    if version is not None and version != stands.version:
        raise changed_meanwhile()
    return stands


def _of(site_id: int, number: int) -> Any:
    return sa.and_(_day.c.site_id == site_id, _day.c.year == number)


def _known(tx: Transaction, site_id: int, number: int) -> dict[date, tuple[str, str]]:
    mine: Any = sa.select(_day.c.day, _day.c.kind, _day.c.name).where(_of(site_id, number), _day.c.source != HAND)
    return {row.day: (row.kind, row.name) for row in tx.execute(mine)}


def _publish(tx: Transaction, actor: Actor, stands: Year, listed: Sequence[Listed], source: str, now: datetime) -> None:
    tx.execute(sa.delete(_day).where(_of(stands.site_id, stands.year), _day.c.source != HAND))
    named = sa.and_(_day.c.site_id == stands.site_id, _day.c.day.in_([one.day for one in listed]))
    tx.execute(sa.delete(_day).where(named, _day.c.source != HAND))  # the later notice goes before the earlier
    by_hand = {day for (day,) in tx.execute(sa.select(_day.c.day).where(named))}
    _insert(tx, actor, stands.site_id, stands.year, [one for one in listed if one.day not in by_hand], source, "", now)
    year = _change(tx, stands, source=source, published=True)
    days = {one.day.isoformat(): one.kind for one in listed}
    publish(tx, actor, CalendarYearPublished(**_about(year), source=source, days=days), now)


def _insert(
    tx: Transaction,
    actor: Actor,
    site_id: int,
    number: int,
    listed: Sequence[Listed],
    source: str,
    note: str,
    now: datetime,
) -> None:
    shared = {"site_id": site_id, "year": number, "source": source, "note": note}
    shared |= {"updated_by": actor.person_id, "updated_at": now}
    if listed:
        tx.execute(sa.insert(_day), [{**shared, "day": one.day, "kind": one.kind, "name": one.name} for one in listed])


def _change(tx: Transaction, stands: Year, *, source: str, published: bool) -> Year:
    """Write the year down as changed: its bookings have to be looked at."""
    hours.stamp(tx, stands.site_id)
    values: dict[str, Any] = {"source": source, "published": published, "rechecked_at": None}
    if stands.id is None:
        row = {"site_id": stands.site_id, "year": stands.year, "version": 1, **values}
        tx.execute(sa.insert(_year).values(row))
    else:
        swap(tx, _year, stands.id, stands.version, values)
    return workdays.year(stands.site_id, stands.year)


def _about(year: Year) -> dict[str, Any]:
    return {"object_id": year.id or 0, "version": year.version, "site_id": year.site_id, "year": year.year}
