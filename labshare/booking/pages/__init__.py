"""The HTML door to bookings: asking, answering, and the timeline as people see it."""

from labshare.booking.pages import answering, asking, calendar, foreseeing, listing, offering, queueing, using
from labshare.booking.pages.frame import pages

__all__ = ["answering", "asking", "calendar", "foreseeing", "listing", "offering", "pages", "queueing", "using"]
