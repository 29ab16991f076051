"""People's HTML door."""

from labshare.people.pages import account, companies, joining, signing_in, staff
from labshare.people.pages.frame import pages

__all__ = ["account", "companies", "joining", "pages", "signing_in", "staff"]
