"""What is the case in the catalogue: one instrument with everything its rules need, or a list of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.instruments.models import Category, Instrument
from labshare.kernel.db import rows
from labshare.kernel.errors import NotFound
from labshare.people.models import Company, Site


@dataclass(frozen=True)
class Known:
    """One instrument as plain values: the numbers of its rules, its names, its site with the zone, its owner.

    Lengths, buffers and times to decide are whole minutes; the horizon is whole days.
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
    approval: bool
    qualification_required: bool
    rate_cny_per_hour: Decimal


@dataclass(frozen=True)
class Described(Known):
    """The same with its long texts; lists leave them out."""

    maintenance_note: str
    description: str


_JOINED = {
    "category_en": Category.name_en,
    "category_zh": Category.name_zh,
    "owner_name": Company.name,
    "owner_name_en": Company.name_en,
    "site_code": Site.code,
    "site_en": Site.name_en,
    "site_zh": Site.name_zh,
    "zone": Site.zone,
}
_Shape = TypeVar("_Shape", bound=Known)


def _select(shape: type[Known]) -> sa.Select[Any]:
    columns = [
        _JOINED[field.name].label(field.name) if field.name in _JOINED else getattr(Instrument, field.name)
        for field in fields(shape)
    ]
    return (
        sa.select(*columns)
        .select_from(Instrument)
        .join(Category, Category.id == Instrument.category_id)
        .join(Site, Site.id == Instrument.site_id)
        .join(Company, Company.id == Instrument.owner_id)
    )


_KNOWN, _DESCRIBED = _select(Known), _select(Described)


def _read(shape: type[_Shape], statement: sa.Select[Any]) -> list[_Shape]:
    found = []
    for row in rows(statement):
        values = dict(row._mapping)
        values["zone"] = ZoneInfo(values["zone"])
        values["booking_modes"] = tuple(values["booking_modes"].split("|"))
        found.append(shape(**values))
    return found


def _one(shape: type[_Shape], statement: sa.Select[Any]) -> _Shape:
    found = _read(shape, statement)
    if not found:
        raise NotFound
    return found[0]


def known(code: str) -> Known:
    """The instrument of this code, in one statement; for rules, whoever asks. Raises NotFound."""
    return _one(Known, _KNOWN.where(Instrument.code == code))


def known_by_id(instrument_id: int) -> Known:
    """The instrument of this id, in one statement; for rules, whoever asks. Raises NotFound."""
    return _one(Known, _KNOWN.where(Instrument.id == instrument_id))


def known_all(codes: Iterable[str]) -> list[Known]:
    """The instruments of these codes, sorted by id, in one statement. Raises NotFound where one is missing."""
    wanted = set(codes)
    found = _read(Known, _KNOWN.where(Instrument.code.in_(wanted)).order_by(Instrument.id))
    if len(found) != len(wanted):
        raise NotFound
    return found
