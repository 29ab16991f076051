"""What people do about maintenance."""

from labshare.maintenance.services.breaking import repaired, report
from labshare.maintenance.services.equipping import (
    add_document,
    add_utility,
    change_utility,
    remove_document,
    remove_upkeep,
    set_upkeep,
)
from labshare.maintenance.services.planning import (
    Draft,
    Planned,
    cancel,
    change,
    plan,
    preview,
    preview_change,
)

__all__ = [
    "Draft",
    "Planned",
    "add_document",
    "add_utility",
    "cancel",
    "change",
    "change_utility",
    "plan",
    "preview",
    "preview_change",
    "remove_document",
    "remove_upkeep",
    "repaired",
    "report",
    "set_upkeep",
]
