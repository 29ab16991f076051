"""What can be announced of messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class MessagesChosen(Event):
    """A person said of which groups of messages mail comes; of all others none does."""

    OBJECT: ClassVar[str] = "person"
    mail: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DeliveryRetried(Event):
    """An admin had a dead letter sent again."""

    OBJECT: ClassVar[str] = "delivery"
    tries: int
