"""The JSON door to maintenance."""

from labshare.maintenance.api import equipment, windows, withdrawing
from labshare.maintenance.api.frame import blp

__all__ = ["blp", "equipment", "windows", "withdrawing"]
