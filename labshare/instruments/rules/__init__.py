"""Whether it is in order: an instrument's entry, its opening hours, the days of a calendar; pure."""

from labshare.instruments.rules.entry import (
    ALWAYS_APPROVED,
    BOOKABLE,
    BY_WINDOW,
    LONG,
    MOST_RATE,
    NUMBERS,
    TEXTS,
    faults,
    is_code,
    needs_approval,
)

__all__ = [
    "ALWAYS_APPROVED",
    "BOOKABLE",
    "BY_WINDOW",
    "LONG",
    "MOST_RATE",
    "NUMBERS",
    "TEXTS",
    "faults",
    "is_code",
    "needs_approval",
]
