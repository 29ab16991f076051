"""The HTML door to companies' accounts of hours."""

from labshare.quotas.pages import overview, setting, statement
from labshare.quotas.pages.frame import pages

__all__ = ["overview", "pages", "setting", "statement"]
