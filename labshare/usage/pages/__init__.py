"""The HTML door to the yearly figures."""

from labshare.usage.pages import records, reports, settling
from labshare.usage.pages.frame import pages

__all__ = ["pages", "records", "reports", "settling"]
