"""What is the case with maintenance, as those see it who may: windows, outages, utilities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import only_row, rows
from labshare.kernel.errors import NotFound
from labshare.kernel.slots import Slot
from labshare.maintenance import lifecycle, rules
from labshare.maintenance.models import Dependence, Document, Outage, Series, Utility, Window, WindowPlace
from labshare.people.models import Site


@dataclass(frozen=True)
class Named:
    """An instrument as lists name it."""

    id: int
    code: str
    name_en: str
    name_zh: str
    site_id: int
    zone: ZoneInfo


@dataclass(frozen=True)
class Seen:
    """A window with its instruments, by code."""

    id: int
    series_id: int | None
    utility_id: int | None
    kind: str
    state: str
    starts_at: datetime
    ends_at: datetime
    note: str
    performed_by: str
    fits: bool
    reminded_of: datetime | None
    version: int
    repeat: dict[str, Any] | None
    instruments: Sequence[Named] = field(default=())

    @property
    def slot(self) -> Slot:
        return Slot(self.starts_at, self.ends_at)

    @property
    def tz(self) -> ZoneInfo:
        """The zone it is read in: that of its first instrument."""
        return self.instruments[0].zone

    @property
    def instrument_ids(self) -> list[int]:
        return [one.id for one in self.instruments]

    @property
    def site_ids(self) -> set[int]:
        return {one.site_id for one in self.instruments}


_COLUMNS = [getattr(Window, name) for name in Seen.__dataclass_fields__ if name not in ("repeat", "instruments")]
WINDOW: sa.Select[Any] = sa.select(*_COLUMNS, Series.repeat).outerjoin(Series, Series.id == Window.series_id)
_PLACES: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
        WindowPlace.window_id,
        *(Instrument.id, Instrument.code, Instrument.name_en, Instrument.name_zh, Instrument.site_id, Site.zone),
    )
    .join(Instrument, Instrument.id == WindowPlace.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
)


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Which windows exist for the actor: for staff those that touch their sites, for admins all."""
    if actor.is_admin or actor.is_system:
        return sa.true()
    if not actor.is_staff:
        return sa.false()
    mine = sa.select(WindowPlace.window_id).join(Instrument, Instrument.id == WindowPlace.instrument_id)
    return Window.id.in_(mine.where(Instrument.site_id.in_(sorted(actor.site_ids))))


def window(actor: Actor, window_id: int) -> Seen:
    """The window, if it exists for the actor; raises NotFound."""
    found = read(WINDOW.where(Window.id == window_id, visible_to(actor)))
    if not found:
        raise NotFound
    return found[0]


def read(statement: sa.Select[Any]) -> list[Seen]:
    """The windows of a statement over WINDOW with their instruments, in two statements."""
    return with_places(rows(statement))


def with_places(found: Sequence[Any]) -> list[Seen]:
    """Rows of WINDOW with their instruments, in one statement."""
    if not found:
        return []
    places: dict[int, list[Named]] = defaultdict(list)
    mine = _PLACES.where(WindowPlace.window_id.in_([row.id for row in found])).order_by(Instrument.code)
    for window_id, *about, zone in rows(mine):
        number, code, name_en, name_zh, site_id = about
        places[window_id].append(Named(number, code, name_en, name_zh, site_id, ZoneInfo(zone)))
    return [Seen(*tuple(row), instruments=places[row.id]) for row in found]  # type: ignore[misc]


def listed(
    actor: Actor, *, coming: bool | None = None, now: datetime | None = None, instrument: str | None = None
) -> sa.Select[Any]:
    """The windows the actor may see, for a paged list: those planned or under way, those that are over, or all."""
    statement = WINDOW.where(visible_to(actor))
    if coming is not None:
        live = Window.state.in_(sorted(lifecycle.LIVE))
        statement = statement.where(live if coming else sa.not_(live))
    if now is not None:
        statement = statement.where(Window.ends_at > now)
    if instrument is not None:
        of = sa.select(WindowPlace.window_id).join(Instrument, Instrument.id == WindowPlace.instrument_id)
        statement = statement.where(Window.id.in_(of.where(Instrument.code == instrument)))
    return statement


def during(actor: Actor, slot: Slot) -> list[Seen]:
    """The windows the actor may see that touch the slot and were not called off, by start, in two statements."""
    touching = sa.and_(Window.starts_at < slot.end, Window.ends_at > slot.start, Window.state != lifecycle.CANCELLED)
    return read(WINDOW.where(visible_to(actor), touching).order_by(Window.starts_at, Window.id))


def coming(actor: Actor, now: datetime, until: datetime, limit: int) -> list[Seen]:
    """The windows the actor may see that are under way or begin before then, by start, at most so many."""
    # None is longer, so that an index leads past all that is over.
    near = sa.and_(Window.starts_at > now - rules.LONGEST, Window.starts_at < until)
    statement = listed(actor, coming=True, now=now).where(near)
    return read(statement.order_by(Window.starts_at, Window.id).limit(limit))


def rest_of_series(one: Seen) -> list[Seen]:
    """The windows of its series from this one on that are still to be held, itself among them."""
    if one.series_id is None:
        return [one]
    mine = sa.and_(Window.series_id == one.series_id, Window.starts_at >= one.starts_at)
    return read(WINDOW.where(mine, Window.state.in_(sorted(lifecycle.LIVE))).order_by(Window.starts_at, Window.id))


def open_elsewhere(instrument_ids: Iterable[int], but: int) -> set[int]:
    """Which of these instruments another window under way is about, one that closes them."""
    others = sa.and_(Window.id != but, Window.state == lifecycle.OPEN, Window.fits.is_(False))
    statement = sa.select(WindowPlace.instrument_id).join(Window, Window.id == WindowPlace.window_id)
    return {number for (number,) in rows(statement.where(others, WindowPlace.instrument_id.in_(list(instrument_ids))))}


# ---------------------------------------------------------------- outages


@dataclass(frozen=True)
class Broken:
    """An outage and its instrument."""

    id: int
    instrument_id: int
    state: str
    began_at: datetime
    claimed_until: datetime
    expected_until: datetime | None
    ended_at: datetime | None
    note: str
    remedy: str
    version: int
    code: str
    name_en: str
    name_zh: str
    site_id: int
    zone: str

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


_OF_OUTAGE = [getattr(Outage, name) for name in list(Broken.__dataclass_fields__)[:10]]
OUTAGE: sa.Select[Any] = (
    sa.select(*_OF_OUTAGE, Instrument.code, Instrument.name_en, Instrument.name_zh, Instrument.site_id, Site.zone)
    .join(Instrument, Instrument.id == Outage.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
)


def outages_visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Which outages exist for the actor: for staff those at their sites, for admins all."""
    if actor.is_admin or actor.is_system:
        return sa.true()
    return Instrument.site_id.in_(sorted(actor.site_ids)) if actor.is_staff else sa.false()


def outage(actor: Actor, outage_id: int) -> Broken:
    """The outage, if it exists for the actor; raises NotFound."""
    return Broken(*only_row(OUTAGE.where(Outage.id == outage_id, outages_visible_to(actor))))


def outages(actor: Actor, *, is_open: bool | None = None) -> sa.Select[Any]:
    """The outages the actor may see, for a paged list."""
    statement = OUTAGE.where(outages_visible_to(actor))
    return statement if is_open is None else statement.where((Outage.state == lifecycle.OPEN) == is_open)


def outages_during(actor: Actor, slot: Slot) -> list[Broken]:
    """The outages the actor may see that touch the slot, by start; one that goes on, as far as its time is taken."""
    until = sa.func.coalesce(Outage.ended_at, Outage.claimed_until)
    touching = sa.and_(Outage.began_at < slot.end, until > slot.start)
    found = rows(OUTAGE.where(outages_visible_to(actor), touching).order_by(Outage.began_at, Outage.id))
    return [Broken(*row) for row in found]


def open_outage_of(instrument_id: int) -> Broken | None:
    """The outage that goes on at an instrument; for rules, whoever asks."""
    found = rows(OUTAGE.where(Outage.instrument_id == instrument_id, Outage.state == lifecycle.OPEN))
    return Broken(*found[0]) if found else None


# ---------------------------------------------------------------- utilities


@dataclass(frozen=True)
class Shared:
    """A utility and the codes of what depends on it."""

    id: int
    site_id: int
    name_en: str
    name_zh: str
    version: int
    instruments: Sequence[str] = ()


_UTILITY: sa.Select[Any] = sa.select(  # type: ignore[assignment]  # likewise
    Utility.id, Utility.site_id, Utility.name_en, Utility.name_zh, Utility.version
).order_by(Utility.name_en, Utility.id)


def utilities(actor: Actor) -> list[Shared]:
    """The utilities of the actor's sites with what depends on them, in two statements."""
    mine = _UTILITY if actor.is_admin else _UTILITY.where(Utility.site_id.in_(sorted(actor.site_ids)))
    return _with_dependents(rows(mine)) if actor.is_staff else []


def utility(actor: Actor, utility_id: int) -> Shared:
    """One utility; raises NotFound."""
    for one in utilities(actor):
        if one.id == utility_id:
            return one
    raise NotFound


def _with_dependents(found: Sequence[Any]) -> list[Shared]:
    codes: dict[int, list[str]] = defaultdict(list)
    statement = sa.select(Dependence.utility_id, Instrument.code).join(
        Instrument, Instrument.id == Dependence.instrument_id
    )
    mine = statement.where(Dependence.utility_id.in_([row.id for row in found]))
    for number, code in rows(mine.order_by(Instrument.code)) if found else ():
        codes[number].append(code)
    return [Shared(*tuple(row), instruments=codes[row.id]) for row in found]  # type: ignore[misc]


# ---------------------------------------------------------------- documents


def documents(window_id: int) -> Sequence[sa.Row[Any]]:
    """The files of a window: id, name, size, at; the oldest first. Who asks may see the window."""
    mine = sa.select(Document.id, Document.name, Document.size, Document.at).where(Document.window_id == window_id)
    return rows(mine.order_by(Document.id))


def document(actor: Actor, window_id: int, document_id: int) -> sa.Row[Any]:
    """One file with its content; raises NotFound."""
    window(actor, window_id)
    mine = sa.and_(Document.id == document_id, Document.window_id == window_id)
    one: sa.Row[Any] = only_row(sa.select(Document.name, Document.content).where(mine))
    return one
