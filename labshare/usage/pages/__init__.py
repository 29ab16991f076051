"""The HTML door to the yearly figures."""

from labshare.usage.pages import records, reports
from labshare.usage.pages.frame import pages

__all__ = ["pages", "records", "reports"]
