"""The HTML door to maintenance: windows, the planner, outages, equipment, and what is taken out of the booking."""

from labshare.maintenance.pages import calendar, documents, equipment, outages, planner, windows, withdrawing
from labshare.maintenance.pages.frame import pages

__all__ = ["calendar", "documents", "equipment", "outages", "pages", "planner", "windows", "withdrawing"]
