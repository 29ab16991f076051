"""What happens to bookings by itself, as time passes."""

from labshare.booking.jobs.using import JUDGE_USE
from labshare.booking.jobs.waiting import EXPIRE_REQUESTS, REMIND_BOOKERS, REMIND_MANAGERS

__all__ = ["EXPIRE_REQUESTS", "JUDGE_USE", "REMIND_BOOKERS", "REMIND_MANAGERS"]
