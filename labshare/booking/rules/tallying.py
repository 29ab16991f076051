"""What a booking and the use of it count for in the yearly figures; pure.

Numbers are counted in the month in which the booking, or the use, begins; minutes are split at midnight between
months, where the instrument stands. So whatever months, companies or instruments are added up, nothing is counted
twice or lost.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from labshare.booking import lifecycle
from labshare.booking.rules.judgement import CLOSED, minutes
from labshare.kernel.slots import MINUTE, Slot, local_month

Cell = tuple[int, int]  # year and month
Counts = Mapping[Cell, Mapping[str, int]]
KEPT = frozenset({lifecycle.APPROVED, lifecycle.IN_USE, lifecycle.COMPLETED, lifecycle.MISSED})
_OUTCOMES = {
    lifecycle.REJECTED: "rejected",
    lifecycle.CANCELLED: "cancelled",
    lifecycle.EXPIRED: "expired",
    lifecycle.LAPSED: "expired",
    lifecycle.DISPLACED: "displaced",
    **dict.fromkeys(KEPT, "approved"),
}


@dataclass(frozen=True)
class Asked:
    """A booking as it is, as far as it counts; `broken`: its time was taken because the instrument broke down."""

    state: str
    slot: Slot
    zone: ZoneInfo
    charge: int
    excuse: str
    created_at: datetime
    answered_at: datetime | None
    broken: bool = False


@dataclass(frozen=True)
class Used:
    """An ended use as it was recorded; `external`: of another company than the instrument's owner then."""

    start: datetime
    end: datetime
    samples: int
    excuse: str
    external: bool
    rate_cny_per_hour: Decimal


def of_booking(one: Asked) -> Counts:
    """What the booking itself counts for."""
    found: dict[Cell, Counter[str]] = defaultdict(Counter)
    begins = found[local_month(one.slot.start, one.zone)]
    begins["asked"] = 1
    if one.state in _OUTCOMES:
        begins[_OUTCOMES[one.state]] = 1
    if one.state == lifecycle.CANCELLED and one.charge:
        begins["late_cancels"] = 1
    if one.state == lifecycle.MISSED and not one.excuse:
        begins["no_shows"] = 1
    if (one.state == lifecycle.MISSED and one.excuse == CLOSED) or one.broken:
        begins["credited_minutes"] = one.slot.minutes
    if one.answered_at is not None:
        begins["answered"] = 1
        begins["answer_minutes"] = max(0, (one.answered_at - one.created_at) // MINUTE)
    if one.state in KEPT:
        _spread(found, one.slot.start, one.slot.end, one.zone, {"booked_minutes": 1})
    return found


def of_use(one: Used, booked: Slot, zone: ZoneInfo) -> Counts:
    """What the use of a completed booking counts for besides."""
    found: dict[Cell, Counter[str]] = defaultdict(Counter)
    begins = found[local_month(one.start, zone)]
    begins["uses"], begins["samples"] = 1, one.samples
    by_the_minute = {"effective_minutes": 1, "worth": int(one.rate_cny_per_hour * 100)}
    if one.external:
        begins["external_uses"] = 1
        by_the_minute["external_minutes"] = 1
    _spread(found, one.start, one.end, zone, by_the_minute)
    if one.excuse == CLOSED:
        found[local_month(booked.start, zone)]["credited_minutes"] += max(
            0, booked.minutes - minutes(one.start, one.end)
        )
    return found


def _spread(
    found: dict[Cell, Counter[str]], start: datetime, end: datetime, zone: ZoneInfo, each: Mapping[str, int]
) -> None:
    """Count each whole minute where it lies; one that is cut by midnight belongs to the later month."""
    if start >= end:
        return
    past = 0
    for cell, piece in Slot(start, end).by_local_month(zone):
        until = minutes(start, piece.end)
        for name, weight in each.items():
            found[cell][name] += (until - past) * weight
        past = until


def difference(old: Counts, new: Counts) -> dict[Cell, Counter[str]]:
    """What has to be added where the first was counted, so that the second is."""
    found: dict[Cell, Counter[str]] = defaultdict(Counter)
    for cell, counts in new.items():
        found[cell].update(counts)
    for cell, counts in old.items():
        found[cell].subtract(counts)
    return {cell: counts for cell, counts in found.items() if any(counts.values())}
