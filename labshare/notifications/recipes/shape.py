"""What a recipe is made of: whom it tells, of which group it is, and what it does to calendars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, Text
from labshare.kernel.slots import Slot
from labshare.notifications.facts import Fact

# ---------------------------------------------------------------- whom

ASKER = "asker"  # the person whose booking it is
FORMER = "former"  # who had it before it was handed over
TAKER = "taker"  # to whom it was handed over
CUSTOMER = "customer"  # the admins of the company whose matter it is
MANAGERS = "managers"  # the lab managers of the instrument's site
DEPUTIES = "deputies"  # those who stand in for them
LABORATORY = "laboratory"  # the lab managers of every site: what a company may use is of no one site
HOLDERS = "holders"  # who has approved bookings on those instruments around that time
NAMED = "named"  # the person of the company the fact names, or where it names none everybody of it
ADMINS = "admins"
ONESELF = "oneself"  # the person the fact is about, whoever did it
INVITED = "invited"  # an address, and nobody yet

# ---------------------------------------------------------------- of which group

BOOKINGS, REMINDERS, QUEUE, HOURS, ALARMS, ACCOUNT = "bookings", "reminders", "queue", "hours", "alarms", "account"
MAINTENANCE = "maintenance"
GROUPS = {
    BOOKINGS: N_("Bookings: answers, changes and what became of them"),
    REMINDERS: N_("Reminders the day before"),
    MAINTENANCE: N_("Maintenance: windows that come up, outages, and what is overdue"),
    QUEUE: N_("What waits for your answer"),
    HOURS: N_("Hours: what companies may use, when it is nearly used up, and their yearly figures"),
    ALARMS: N_("Alarms: jobs that fail or are late"),
    ACCOUNT: N_("Account: your company's standing, invitations and passwords"),
}

MAIL_STATES = {  # how a mail went, in words
    "waiting": N_("Waiting to be sent"),
    "sent": N_("Sent"),
    "dead": N_("Given up"),
    "needless": N_("Not needed any more"),
}


def choosable(actor: Actor) -> list[str]:
    """The groups of which a person may get anything and may refuse mail."""
    groups = [BOOKINGS, REMINDERS, MAINTENANCE]
    hours = [HOURS] * (actor.is_company_admin or actor.is_staff)
    return groups + [QUEUE] * (actor.is_company_admin or actor.is_staff) + hours + [ALARMS] * actor.is_admin


# ---------------------------------------------------------------- what goes into a calendar

ENTER, REMOVE = "REQUEST", "CANCEL"


@dataclass(frozen=True)
class Recipe:
    """How one kind of fact is told. Mail of it goes out `only_while` the booking is in one of these states.

    It is news until the moment the fact has under the name `news_until`. Holders are those with bookings `around` it.
    """

    group: str
    to: Callable[[Fact], tuple[str, ...]]
    subject: Text
    says: Callable[[Fact], Text]
    calendar: str | None = None
    only_while: frozenset[str] = frozenset()
    news_until: str = ""
    around: Callable[[Fact], Slot] | None = None
    inbox: bool = True


def always(*audiences: str) -> Callable[[Fact], tuple[str, ...]]:
    """These, whatever the fact says."""
    return lambda _fact: audiences


def plain(text: Text) -> Callable[[Fact], Text]:
    """These words, whatever the fact says."""
    return lambda _fact: text
