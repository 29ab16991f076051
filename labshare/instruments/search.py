"""Looking for instruments: by words, by where and of what kind they are, and by when they are free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.instruments.models import Category, Claim, Instrument
from labshare.instruments.queries import KNOWN, Known, as_known, visible_to
from labshare.instruments.rules import BOOKABLE
from labshare.kernel.actor import Actor
from labshare.kernel.db import UtcDateTime, like, overlapping, rows
from labshare.kernel.slots import Slot
from labshare.people.models import Site
from labshare.web.paging import Page, page


@dataclass(frozen=True)
class Wanted:
    """What a reader looks for; empty means whatever."""

    q: str = ""
    category: str = ""  # id, or name in either language
    site: str = ""  # code
    state: str = ""  # one state, or "all"; empty hides the retired
    free: Slot | None = None


def catalogue(actor: Actor, wanted: Wanted, limit: int, cursor: str | None = None) -> Page:
    """Instruments by code, a page at a time, in a fixed number of statements. Invalid for a bad cursor."""
    statement = visible_to(actor, KNOWN)
    for word in wanted.q.split()[:8]:
        statement = statement.where(sa.or_(*(like(column, word) for column in _SEARCHED)))
    if wanted.category:
        statement = statement.where(_in_category(wanted.category))
    if wanted.site:
        statement = statement.where(Site.code == wanted.site)
    if not wanted.state:
        statement = statement.where(Instrument.state != "retired")
    elif wanted.state != "all":
        statement = statement.where(Instrument.state == wanted.state)
    if wanted.free is not None:
        statement = statement.where(_free(wanted.free))
    return page(
        statement, sa.inspect(Instrument).c.code, sa.inspect(Instrument).c.id, limit, cursor,
        read=lambda found: [as_known(row) for row in rows(found)],
    )  # fmt: skip


def bookable(actor: Actor, category: str = "", site: str = "") -> list[Known]:
    """The instruments time can be asked for, of a category and at a site if wished, in one statement."""
    statement = visible_to(actor, KNOWN).where(Instrument.state.in_(sorted(BOOKABLE)))
    if category:
        statement = statement.where(_in_category(category))
    if site:
        statement = statement.where(Site.code == site)
    return [as_known(row) for row in rows(statement.order_by(Instrument.id))]


_SEARCHED = (
    Instrument.code,
    Instrument.name_en,
    Instrument.name_zh,
    Instrument.manufacturer,
    Instrument.model,
    Category.name_en,
    Category.name_zh,
)


def _in_category(said: str) -> sa.ColumnElement[bool]:
    if said.isascii() and said.isdecimal() and len(said) <= 18:
        return Category.id == int(said)
    return sa.or_(Category.name_en == said, Category.name_zh == said)


def _free(slot: Slot) -> sa.ColumnElement[bool]:
    """In service, and some channel has no claim from warm-up before the slot to cool-down after it."""
    pairs = rows(sa.select(Instrument.warmup_minutes, Instrument.cooldown_minutes).distinct())
    before = {pair.warmup_minutes for pair in pairs} or {0}
    after = {pair.cooldown_minutes for pair in pairs} or {0}
    starts = _by_minutes(Instrument.warmup_minutes, {m: slot.start - timedelta(minutes=m) for m in before})
    ends = _by_minutes(Instrument.cooldown_minutes, {m: slot.end + timedelta(minutes=m) for m in after})
    widest = slot.padded(max(before), max(after))
    taken = (
        sa.select(sa.func.count(sa.distinct(Claim.channel)))
        .where(
            Claim.instrument_id == Instrument.id,
            Claim.channel <= Instrument.channels,
            overlapping(Claim.starts_at, Claim.ends_at, widest.start, widest.end),  # finds them by index
            Claim.starts_at < ends,
            Claim.ends_at > starts,
        )
        .correlate(Instrument)
        .scalar_subquery()
    )
    return sa.and_(Instrument.state.in_(sorted(BOOKABLE)), taken < Instrument.channels)


def _by_minutes(column: Any, moments: dict[int, datetime]) -> sa.ColumnElement[datetime]:
    # Engines count minutes differently, but buffers are few: each gets its moment, reckoned here.
    return sa.case(*((column == minutes, sa.literal(at, UtcDateTime)) for minutes, at in moments.items()))
