"""The HTML door to bookings: asking, answering, and the timeline as people see it."""

from labshare.booking.pages import (
    answering,
    asking,
    board,
    calendar,
    colleagues,
    conduct,
    finding,
    foreseeing,
    listing,
    month,
    offering,
    queueing,
    using,
    waitlist,
)
from labshare.booking.pages.frame import pages

__all__ = [
    "answering",
    "asking",
    "board",
    "calendar",
    "colleagues",
    "conduct",
    "finding",
    "foreseeing",
    "listing",
    "month",
    "offering",
    "pages",
    "queueing",
    "using",
    "waitlist",
]
