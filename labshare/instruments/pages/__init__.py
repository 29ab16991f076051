"""The HTML door to the catalogue, to opening hours and to calendars of workdays."""

from labshare.instruments.pages import cataloguing, dating, opening
from labshare.instruments.pages.frame import pages

__all__ = ["cataloguing", "dating", "opening", "pages"]
