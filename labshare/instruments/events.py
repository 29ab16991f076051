"""What can be announced of an instrument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class InstrumentFact(Event):
    """What every fact about an instrument says: which one, by the code people know it by."""

    OBJECT: ClassVar[str] = "instrument"
    code: str


@dataclass(frozen=True, kw_only=True)
class InstrumentAdded(InstrumentFact):
    """The catalogue has one more instrument."""

    name_en: str
    name_zh: str
    site_id: int


@dataclass(frozen=True, kw_only=True)
class InstrumentChanged(InstrumentFact):
    """Something in the catalogue is said differently: field -> [old, new]; no values for long texts."""

    changes: Mapping[str, list[Any]]
