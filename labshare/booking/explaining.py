"""A refusal that says what could be had instead, looked for once the transaction has given its locks back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from labshare.booking import free, rules
from labshare.booking.change import refuse
from labshare.booking.free import Alternative
from labshare.instruments.queries import Known
from labshare.kernel.errors import Conflict, Reason
from labshare.kernel.slots import Slot

WHENEVER = frozenset({rules.QUOTA, "too_many_bookings", "company_suspended", "restricted"})  # whatever the slot


def others(known: Known, slot: Slot, now: datetime, reasons: Sequence[Reason]) -> list[Alternative]:
    """The nearest slots that pass; none where it is the company that may not book, whenever it is."""
    return [] if WHENEVER & {reason.code for reason in reasons} else free.alternatives(known, slot, now)


class explained:  # noqa: N801 - reads as a word in a with statement
    """Adds the alternatives to a refusal."""

    def __init__(self, now: datetime, slot: Slot) -> None:
        self.now, self.slot = now, slot
        self.known: Known | None = None

    def raise_if(self, reasons: list[Reason], known: Known | None = None) -> None:
        """Refuse for these reasons; with `known`, another slot could help."""
        self.known = known
        refuse(reasons)

    def __enter__(self) -> explained:
        return self

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, Conflict) and error.reasons and self.known is not None:
            error.alternatives = others(self.known, self.slot, self.now, error.reasons)
