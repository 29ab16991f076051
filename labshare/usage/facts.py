"""What a yearly report says besides sums: of each company, of each instrument, and of the year itself.

Of today it is read from where it stands; of a closed year, from what was written down when it was closed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from typing import Any

from labshare.kernel.slots import Slot, local
from labshare.web.i18n import LOCAL


@dataclass(frozen=True)
class Company:
    """A company as it is called, and what no sum says of its year; moments as RFC 3339."""

    id: int
    name: str
    name_en: str
    org_id: str
    kind: str
    first_use: str | None = None
    last_use: str | None = None
    people: int = 0
    allowed_minutes: int | None = None
    account_minutes: int = 0
    before: bool = False  # served in an earlier year


@dataclass(frozen=True)
class Instrument:
    """An instrument as it is called, whose it is, and the minutes it was there for."""

    id: int
    code: str
    name_en: str
    name_zh: str
    owner_id: int
    owner_name: str
    site_id: int
    site_code: str
    site_en: str
    site_zh: str
    category_id: int
    category_en: str
    category_zh: str
    channels: int
    offered_minutes: int
    maintenance_minutes: int
    outage_minutes: int


@dataclass(frozen=True)
class Terms:
    """What the year is measured by: rated hours a channel, the goal of companies served; and its heat map.

    `heat` has seven lists of 24 sums of effective minutes, Monday first, the hour where the instrument stands.
    """

    rated_hours: int
    goal: int
    heat: list[list[int]] = field(default_factory=list)


def plain(one: Company | Instrument | Terms) -> dict[str, Any]:
    """As it is written down."""
    return asdict(one)


def year_slot(year: int) -> Slot:
    """The year at the laboratory, from its first midnight to its last."""
    return Slot(local(date(year, 1, 1), time(), LOCAL), local(date(year + 1, 1, 1), time(), LOCAL))


def moment(value: datetime | None) -> str | None:
    """A moment as it is written down."""
    return None if value is None else value.astimezone(LOCAL).isoformat()
