"""What people do about maintenance."""

from labshare.maintenance.services.breaking import preview_report, repaired, report
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
    Preview,
    cancel,
    change,
    plan,
    preview,
    preview_change,
)
from labshare.maintenance.services.withdrawing import preview_suspension, preview_withdrawal, suspend, withdraw

__all__ = [
    "Draft",
    "Planned",
    "Preview",
    "add_document",
    "add_utility",
    "cancel",
    "change",
    "change_utility",
    "plan",
    "preview",
    "preview_change",
    "preview_report",
    "preview_suspension",
    "preview_withdrawal",
    "remove_document",
    "remove_upkeep",
    "repaired",
    "report",
    "set_upkeep",
    "suspend",
    "withdraw",
]
