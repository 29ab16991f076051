"""What is the case in the catalogue: one instrument with everything its rules need, or several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from labshare.instruments import policy, rules
from labshare.instruments.models import Category, Claim, Instrument, Ownership
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows, table_of
from labshare.kernel.errors import NotFound
from labshare.people.models import Company, Site


@dataclass(frozen=True)
class Known:
    """One instrument as plain values: the numbers of its rules, its names, its site with the zone, its owner.

    Lengths, buffers, thresholds and times to decide are whole minutes; the horizon is whole days.
    """

    id: int
    version: int
    code: str
    name_en: str
    name_zh: str
    category_id: int
    category_en: str
    category_zh: str
    class_code: str
    manufacturer: str
    model: str
    original_value_cny: int | None
    owner_id: int
    owner_name: str
    owner_name_en: str
    site_id: int
    site_code: str
    site_en: str
    site_zh: str
    zone: ZoneInfo
    hours_stamp: str
    location: str
    state: str
    booking_modes: tuple[str, ...]
    channels: int
    grid_minutes: int
    min_minutes: int
    max_minutes: int
    warmup_minutes: int
    cooldown_minutes: int
    notice_minutes: int
    horizon_days: int
    decide_minutes: int
    check_in_minutes: int
    grace_minutes: int
    late_minutes: int
    overtime_minutes: int
    early_minutes: int
    auto_end_minutes: int
    cancel_minutes: int
    late_cancel_percent: int
    no_show_percent: int
    approval: bool
    qualification_required: bool
    rate_cny_per_hour: Decimal


@dataclass(frozen=True)
class Described(Known):
    """The same with its long texts; lists leave them out."""

    maintenance_note: str
    description: str


_instrument, _category, _site, _owner = map(table_of, (Instrument, Category, Site, Company))
_JOINED = {
    "category_en": _category.c.name_en,
    "category_zh": _category.c.name_zh,
    "owner_name": _owner.c.name,
    "owner_name_en": _owner.c.name_en,
    "site_code": _site.c.code,
    "site_en": _site.c.name_en,
    "site_zh": _site.c.name_zh,
    "zone": _site.c.zone,
    "hours_stamp": _site.c.hours_stamp,
}
_Shape = TypeVar("_Shape", bound=Known)


def _select(shape: type[Known]) -> sa.Select[Any]:
    columns = [
        _JOINED[field.name].label(field.name) if field.name in _JOINED else _instrument.c[field.name]
        for field in fields(shape)
    ]
    return (
        sa.select(*columns)
        .select_from(_instrument)
        .join(_category, _category.c.id == _instrument.c.category_id)
        .join(_site, _site.c.id == _instrument.c.site_id)
        .join(_owner, _owner.c.id == _instrument.c.owner_id)
    )


KNOWN, _DESCRIBED = _select(Known), _select(Described)
# Every booking asks these: a statement that is written once costs a third of one that is written anew.
KNOWN_BY_ID = KNOWN.where(_instrument.c.id == sa.bindparam("wanted"))
_BY_CODE = KNOWN.where(_instrument.c.code == sa.bindparam("wanted"))


def _read(shape: type[_Shape], statement: sa.Select[Any], **asked: Any) -> list[_Shape]:
    return [_as(shape, row) for row in rows(statement, **asked)]


def _as(shape: type[_Shape], row: Sequence[Any]) -> _Shape:
    """The row's columns stand in the order of the shape's fields; more may follow."""
    values = dict(zip(shape.__dataclass_fields__, row, strict=False))
    values["zone"] = ZoneInfo(values["zone"])
    values["booking_modes"] = tuple(values["booking_modes"].split("|"))
    return shape(**values)


def _one(shape: type[_Shape], statement: sa.Select[Any], **asked: Any) -> _Shape:
    found = _read(shape, statement, **asked)
    if not found:
        raise NotFound
    return found[0]


def known(code: str) -> Known:
    """The instrument of this code, in one statement; for rules, whoever asks. Raises NotFound."""
    if not rules.is_code(code):  # PostgreSQL refuses to look for some texts at all
        raise NotFound
    return _one(Known, _BY_CODE, wanted=code)


def known_by_id(instrument_id: int) -> Known:
    """The instrument of this id, in one statement; for rules, whoever asks. Raises NotFound."""
    return _one(Known, KNOWN_BY_ID, wanted=instrument_id)


def known_by_ids(instrument_ids: Iterable[int]) -> list[Known]:
    """The instruments of these ids, sorted by id, in one statement; for rules, whoever asks."""
    return _read(Known, KNOWN.where(Instrument.id.in_(sorted(instrument_ids))).order_by(Instrument.id))


def as_known(row: Sequence[Any]) -> Known:
    """The instrument in a row of KNOWN or KNOWN_BY_ID, whatever columns follow."""
    return _as(Known, row)


def known_all(codes: Iterable[str]) -> list[Known]:
    """The instruments of these codes, sorted by id, in one statement; NotFound where one is missing."""
    wanted = set(codes)
    if not all(map(rules.is_code, wanted)):
        raise NotFound
    found = _read(Known, KNOWN.where(Instrument.code.in_(wanted)).order_by(Instrument.id))
    if len(found) != len(wanted):
        raise NotFound
    return found


def known_in(category_ids: Iterable[int]) -> list[Known]:
    """The instruments of these categories that can be booked, in one statement."""
    same = KNOWN.where(Instrument.category_id.in_(sorted(category_ids)), Instrument.state.in_(sorted(rules.BOOKABLE)))
    return _read(Known, same.order_by(Instrument.code))


def id_of(code: str) -> int:
    """The id of a code; remembered, for codes never change and nothing is deleted. Raises NotFound."""
    remembered: dict[str, int] = current_app.extensions.setdefault("instrument_ids", {})
    if code not in remembered:
        if not rules.is_code(code):
            raise NotFound
        found = rows(sa.select(Instrument.id).where(Instrument.code == code))
        if not found:
            raise NotFound
        remembered[code] = found[0].id
    return remembered[code]


def visible_to(actor: Actor, statement: sa.Select[Any]) -> sa.Select[Any]:
    """Of a statement over instruments, what this actor may see: everything; a stranger what is not retired."""
    return statement if policy.may_see_all(actor) else statement.where(Instrument.state != "retired")


def by_code(actor: Actor, code: str) -> Described:
    """The instrument of this code with its long texts, for a reader. Raises NotFound."""
    if not rules.is_code(code):
        raise NotFound
    return _one(Described, visible_to(actor, _DESCRIBED.where(Instrument.code == code)))


def described(codes: Iterable[str]) -> dict[str, Described]:
    """Those of these codes that exist, in one statement; for the import, whoever asks."""
    wanted = [code for code in codes if rules.is_code(code)]
    return {found.code: found for found in _read(Described, _DESCRIBED.where(Instrument.code.in_(wanted)))}


def busy_ahead(instrument_id: int, above_channel: int, now: datetime) -> int:
    """How many claims lie ahead on the channels above this one (0: on any)."""
    ahead = sa.select(sa.func.count()).where(
        Claim.instrument_id == instrument_id, Claim.channel > above_channel, Claim.ends_at > now
    )
    return int(rows(ahead)[0][0])


def is_broken(instrument_id: int, now: datetime) -> bool:
    """Does an outage take its time: one goes on, for as long as it does it reaches beyond now."""
    outage = sa.and_(Claim.instrument_id == instrument_id, Claim.kind == "outage", Claim.ends_at > now)
    return bool(rows(sa.select(Claim.id).where(outage).limit(1)))


def owners_of(instrument_id: int) -> Sequence[sa.Row[Any]]:
    """Whose the instrument was when: valid_from, name, name_en; the latest first."""
    whose = sa.select(Ownership.valid_from, Company.name, Company.name_en).join(
        Company, Company.id == Ownership.owner_id
    )
    return rows(whose.where(Ownership.instrument_id == instrument_id).order_by(Ownership.valid_from.desc()))


# ---------------------------------------------------------------- the site


def site(code: str) -> sa.Row[Any]:
    """A site by its code: id, code, name_en, name_zh, zone. Raises NotFound."""
    for one in sites():
        if one.code == code:
            return one
    raise NotFound


def known_at(site_id: int) -> list[Known]:
    """The instruments of a site that can be booked or could be again, by code, in one statement."""
    there = KNOWN.where(Instrument.site_id == site_id, Instrument.state != "retired")
    return _read(Known, there.order_by(Instrument.code))


def ids_at(site_id: int) -> list[int]:
    """The instruments of a site by id; what holds for all of them is changed behind all their locks."""
    return [number for (number,) in rows(sa.select(Instrument.id).where(Instrument.site_id == site_id))]


# ---------------------------------------------------------------- what an entry may name


def categories() -> Sequence[sa.Row[Any]]:
    """Every category: id, name_en, name_zh; by English name."""
    return rows(sa.select(Category.id, Category.name_en, Category.name_zh).order_by(Category.name_en))


def sites() -> Sequence[sa.Row[Any]]:
    """Every site: id, code, name_en, name_zh, zone; by code."""
    return rows(sa.select(Site.id, Site.code, Site.name_en, Site.name_zh, Site.zone).order_by(Site.code))


def owners(ids: Iterable[int] = (), org_ids: Iterable[str] = ()) -> Sequence[sa.Row[Any]]:
    """Who may own an instrument: institutions and the operator, and the organisations that are named."""
    named = sa.or_(Company.id.in_(list(ids)), Company.org_id.in_(list(org_ids)))
    return rows(
        sa.select(Company.id, Company.org_id, Company.name, Company.name_en, Company.kind)
        .where(sa.or_(Company.kind != "company", named))
        .order_by(Company.name, Company.id)
    )


def known_in_service() -> list[Known]:
    """Every instrument that is not retired, by code, in one statement."""
    return _read(Known, KNOWN.where(Instrument.state != "retired").order_by(Instrument.code))
