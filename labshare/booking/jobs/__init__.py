"""What happens to bookings by itself, as time passes."""

from labshare.booking.jobs.enforcing import ENFORCE_SUSPENSIONS, RECHECK_ALLOWANCES, RECONCILE_ACCOUNTS
from labshare.booking.jobs.offering import LAPSE_OFFERS, MAKE_OFFERS
from labshare.booking.jobs.rechecking import RECHECK_CALENDARS
from labshare.booking.jobs.using import JUDGE_USE
from labshare.booking.jobs.waiting import EXPIRE_REQUESTS, REMIND_BOOKERS, REMIND_MANAGERS
from labshare.booking.jobs.waitlist import FORGIVE_LATE_CANCELS, OFFER_FREED_TIME

__all__ = [
    "ENFORCE_SUSPENSIONS",
    "EXPIRE_REQUESTS",
    "FORGIVE_LATE_CANCELS",
    "JUDGE_USE",
    "LAPSE_OFFERS",
    "MAKE_OFFERS",
    "OFFER_FREED_TIME",
    "RECHECK_ALLOWANCES",
    "RECHECK_CALENDARS",
    "RECONCILE_ACCOUNTS",
    "REMIND_BOOKERS",
    "REMIND_MANAGERS",
]
