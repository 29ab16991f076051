"""The JSON door to the catalogue, to opening hours and to calendars of workdays."""

from labshare.instruments.api import cataloguing, opening
from labshare.instruments.api.frame import blp

__all__ = ["blp", "cataloguing", "opening"]
