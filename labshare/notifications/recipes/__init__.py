"""Which fact tells whom, in which words, of which group, and whether it goes into their calendar: all in one place.

Nobody is told what they did themselves, nor what they may not see; only their calendar hears, by mail, of approved time
that they moved or gave back. Who was removed is told nothing. People of a suspended company still hear what becomes
of their bookings. Mail follows the person's choice by group; links to passwords and invitations always go out.
"""

from __future__ import annotations

from labshare.notifications.recipes import booking, conduct, displacement, house, maintenance, usage, waitlist
from labshare.notifications.recipes.shape import (
    ACCOUNT,
    ADMINS,
    ALARMS,
    ASKER,
    BOOKINGS,
    CUSTOMER,
    DEPUTIES,
    ENTER,
    FORMER,
    GROUPS,
    HOLDERS,
    HOURS,
    INVITED,
    LABORATORY,
    MAIL_STATES,
    MAINTENANCE,
    MANAGERS,
    NAMED,
    ONESELF,
    QUEUE,
    REMINDERS,
    REMOVE,
    TAKER,
    Recipe,
    choosable,
)

RECIPES: dict[str, Recipe] = {
    **booking.RECIPES,
    **conduct.RECIPES,
    **displacement.RECIPES,
    **waitlist.RECIPES,
    **maintenance.RECIPES,
    **house.RECIPES,
    **usage.RECIPES,
}

__all__ = [
    "ACCOUNT",
    "ADMINS",
    "ALARMS",
    "ASKER",
    "BOOKINGS",
    "CUSTOMER",
    "DEPUTIES",
    "ENTER",
    "FORMER",
    "GROUPS",
    "HOLDERS",
    "HOURS",
    "INVITED",
    "LABORATORY",
    "MAIL_STATES",
    "MAINTENANCE",
    "MANAGERS",
    "NAMED",
    "ONESELF",
    "QUEUE",
    "RECIPES",
    "REMINDERS",
    "REMOVE",
    "TAKER",
    "Recipe",
    "choosable",
]
