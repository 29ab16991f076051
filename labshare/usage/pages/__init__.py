"""The HTML door to the yearly figures."""

from labshare.usage.pages import exporting, records, reports, settling
from labshare.usage.pages.frame import pages

__all__ = ["exporting", "pages", "records", "reports", "settling"]
