"""The JSON door to bookings, to the timeline, and to what other hours would do to both."""

from labshare.booking.api import asking, board, colleagues, conduct, foreseeing, queueing, using, waitlist
from labshare.booking.api.frame import blp

__all__ = ["asking", "blp", "board", "colleagues", "conduct", "foreseeing", "queueing", "using", "waitlist"]
