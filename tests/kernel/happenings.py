"""Facts that only the kernel's tests know, so that they may write without borrowing a slice's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import Transaction
from labshare.kernel.journal import Event, publish

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class BellRung(Event):
    """Somebody rang; carries every kind of value a fact may hold."""

    OBJECT: ClassVar[str] = "bell"
    at_desk: datetime | None = None
    guests: tuple[str, ...] = ()
    hours: float = 0.0
    loud: bool = False


@dataclass(frozen=True, kw_only=True)
class DoorOpened(Event):
    """What a ring may lead to."""

    OBJECT: ClassVar[str] = "door"


def tell(tx: Transaction, number: int = 1) -> None:
    """Say that something was changed, so that the witness is content."""
    publish(tx, SYSTEM, BellRung(object_id=number), NOON)
