"""The conduct record: what is held against people by the published rules, and whom it keeps from asking for time.

Entries expire and are lifted, and are never deleted.
"""

from labshare.booking.conduct.noting import end, lift, lift_of_booking, note
from labshare.booking.conduct.reading import (
    Barred,
    Entry,
    about,
    entry,
    listed,
    objections,
    of_booking,
    restriction,
    restrictions,
    running,
    running_in,
)
from labshare.booking.conduct.standing import Standing, Tally, standing_of, standings_in

__all__ = [
    "Barred",
    "Entry",
    "Standing",
    "Tally",
    "about",
    "end",
    "entry",
    "lift",
    "lift_of_booking",
    "listed",
    "note",
    "objections",
    "of_booking",
    "restriction",
    "restrictions",
    "running",
    "running_in",
    "standing_of",
    "standings_in",
]
