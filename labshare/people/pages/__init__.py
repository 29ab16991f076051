"""People's HTML door."""

from labshare.people.pages import signing_in
from labshare.people.pages.frame import pages

__all__ = ["pages", "signing_in"]
