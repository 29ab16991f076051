"""The JSON door to bookings, to the timeline, and to what other hours would do to both."""

from labshare.booking.api import asking, colleagues, foreseeing, using, waitlist
from labshare.booking.api.frame import blp

__all__ = ["asking", "blp", "colleagues", "foreseeing", "using", "waitlist"]
