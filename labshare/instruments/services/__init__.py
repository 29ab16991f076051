"""What keepers of the catalogue do: its entries, the opening hours, the calendars of workdays."""

from labshare.instruments.services.cataloguing import BadSheet, Imported, add, change, import_instruments
from labshare.instruments.services.opening import add_exception, remove_exception, set_hours
from labshare.instruments.services.workdays import (
    clear_day,
    forget_year,
    import_year,
    seed_year,
    set_day,
)

__all__ = [
    "BadSheet",
    "Imported",
    "add",
    "add_exception",
    "change",
    "clear_day",
    "forget_year",
    "import_instruments",
    "import_year",
    "remove_exception",
    "seed_year",
    "set_day",
    "set_hours",
]
