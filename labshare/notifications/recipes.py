"""Which fact tells whom, in which words, of which group, and whether it goes into their calendar: all in one place.

Nobody is told what they did themselves, nor what they may not see; only their calendar hears, by mail, of approved time
that they moved or gave back. Who was removed is told nothing. People of a suspended company still hear what becomes
of their bookings. Mail follows the person's choice by group; links to passwords and invitations always go out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labshare.booking import events as booking
from labshare.booking import lifecycle
from labshare.clockwork import events as clockwork
from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, Text
from labshare.notifications import sayings
from labshare.notifications.facts import Fact
from labshare.people import events as people
from labshare.quotas import events as quotas

# ---------------------------------------------------------------- whom

ASKER = "asker"  # the person whose booking it is
CUSTOMER = "customer"  # the admins of the company whose matter it is
MANAGERS = "managers"  # the lab managers of the instrument's site
DEPUTIES = "deputies"  # those who stand in for them
LABORATORY = "laboratory"  # the lab managers of every site: what a company may use is of no one site
ADMINS = "admins"
ONESELF = "oneself"  # the person the fact is about, whoever did it
INVITED = "invited"  # an address, and nobody yet

# ---------------------------------------------------------------- of which group

BOOKINGS, REMINDERS, QUEUE, HOURS, ALARMS, ACCOUNT = "bookings", "reminders", "queue", "hours", "alarms", "account"
GROUPS = {
    BOOKINGS: N_("Bookings: answers, changes and what became of them"),
    REMINDERS: N_("Reminders the day before"),
    QUEUE: N_("What waits for your answer"),
    HOURS: N_("Hours: what companies may use, and when it is nearly used up"),
    ALARMS: N_("Alarms: jobs that fail or are late"),
    ACCOUNT: N_("Account: your company's standing, invitations and passwords"),
}

MAIL_STATES = {  # how a mail went, in words
    "waiting": N_("Waiting"),
    "sent": N_("Sent"),
    "dead": N_("Given up"),
    "needless": N_("Not needed any more"),
}


def choosable(actor: Actor) -> list[str]:
    """The groups of which a person may get anything and may refuse mail."""
    groups = [BOOKINGS, REMINDERS]
    hours = [HOURS] * (actor.is_company_admin or actor.is_staff)
    return groups + [QUEUE] * actor.is_staff + hours + [ALARMS] * actor.is_admin


# ---------------------------------------------------------------- what goes into a calendar

ENTER, REMOVE = "REQUEST", "CANCEL"


@dataclass(frozen=True)
class Recipe:
    """How one kind of fact is told. Mail of it goes out `only_while` the booking is in one of these states."""

    group: str
    to: Callable[[Fact], tuple[str, ...]]
    subject: Text
    says: Callable[[Fact], Text]
    calendar: str | None = None
    only_while: frozenset[str] = frozenset()
    inbox: bool = True


def _always(*audiences: str) -> Callable[[Fact], tuple[str, ...]]:
    return lambda _fact: audiences


def _plain(text: Text) -> Callable[[Fact], Text]:
    return lambda _fact: text


def _asker(fact: Fact) -> tuple[str, ...]:
    """Where staff asked on a company's behalf, its admins hear of it too."""
    return (ASKER, CUSTOMER) if fact.booking is not None and fact.booking.on_behalf else (ASKER,)


def _requested(fact: Fact) -> tuple[str, ...]:
    on_behalf = (CUSTOMER,) if fact.booking is not None and fact.booking.on_behalf else ()
    return (MANAGERS, *on_behalf) if fact.data.get("decide_by") else on_behalf


def _changed(fact: Fact) -> tuple[str, ...]:
    return (*_asker(fact), MANAGERS)


def _due(fact: Fact) -> tuple[str, ...]:
    return (MANAGERS, DEPUTIES) if fact.data.get("escalated") else (MANAGERS,)


def _completed(fact: Fact) -> tuple[str, ...]:
    assumed = _asker(fact) if fact.data.get("source") == "assumed" else ()
    return (*assumed, *([MANAGERS] if fact.data.get("problem") else ()))


RECIPES: dict[str, Recipe] = {
    # bookings
    booking.BookingRequested.kind(): Recipe(
        QUEUE,
        _requested,
        N_("Please answer: %(instrument)s, %(slot)s"),
        sayings.requested,
        only_while=frozenset({lifecycle.REQUESTED}),
    ),
    booking.BookingApproved.kind(): Recipe(
        BOOKINGS, _asker, N_("Approved: %(instrument)s, %(slot)s"), sayings.approved, ENTER
    ),
    booking.BookingRejected.kind(): Recipe(
        BOOKINGS,
        _asker,
        N_("Rejected: %(instrument)s, %(slot)s"),
        _plain(N_("%(who)s rejected %(instrument)s, %(slot)s, asked for by %(company)s: %(answer)s")),
        REMOVE,
    ),
    booking.BookingCancelled.kind(): Recipe(
        BOOKINGS,
        lambda fact: _changed(fact) if fact.data.get("was") == lifecycle.APPROVED else _asker(fact),
        N_("Cancelled: %(instrument)s, %(slot)s"),
        sayings.cancelled,
        REMOVE,
    ),
    booking.BookingMoved.kind(): Recipe(
        BOOKINGS,
        _changed,
        N_("Moved: %(instrument)s, now %(slot)s"),
        sayings.moved,
        ENTER,
    ),
    booking.BookingOverQuota.kind(): Recipe(
        BOOKINGS,
        _changed,
        N_("Over the allowance: %(instrument)s, %(slot)s"),
        _plain(
            N_(
                "%(company)s may use less than before: its request for %(instrument)s, %(slot)s, keeps its time, and "
                "waits until the laboratory waives the hours or says no."
            )
        ),
        only_while=frozenset({lifecycle.REQUESTED}),
    ),
    booking.BookingExpired.kind(): Recipe(
        BOOKINGS,
        _changed,
        N_("Not answered in time: %(instrument)s, %(slot)s"),
        _plain(N_("Nobody answered %(company)s by %(decide_by)s: %(instrument)s, %(slot)s, is free again.")),
        REMOVE,
    ),
    booking.AnswerDue.kind(): Recipe(
        QUEUE,
        _due,
        N_("Still waiting: %(instrument)s, %(slot)s"),
        sayings.due,
        only_while=frozenset({lifecycle.REQUESTED}),
    ),
    booking.BookingComingUp.kind(): Recipe(
        REMINDERS,
        _asker,
        N_("Coming up: %(instrument)s, %(slot)s"),
        _plain(N_("Your time at %(instrument)s begins soon: %(slot)s.")),
        only_while=frozenset({lifecycle.APPROVED}),
    ),
    booking.BookingMissed.kind(): Recipe(
        BOOKINGS,
        lambda _fact: (ASKER, CUSTOMER, MANAGERS),
        N_("Nobody came: %(instrument)s, %(slot)s"),
        sayings.missed,
        REMOVE,
    ),
    booking.BookingCompleted.kind(): Recipe(
        BOOKINGS, _completed, N_("After use: %(instrument)s, %(slot)s"), sayings.completed
    ),
    booking.UsageCorrected.kind(): Recipe(
        BOOKINGS,
        _asker,
        N_("Usage corrected: %(instrument)s, %(slot)s"),
        _plain(N_("%(who)s corrected what %(company)s used of %(instrument)s, %(slot)s: %(reason)s")),
    ),
    # companies
    people.CompanyRegistered.kind(): Recipe(
        QUEUE,
        _always(ADMINS),
        N_("A company waits to be let in: %(name)s"),
        _plain(N_("%(name)s registered and waits to be let in.")),
    ),
    people.CompanyApproved.kind(): Recipe(
        ACCOUNT,
        _always(CUSTOMER),
        N_("Welcome to LabShare, %(name)s"),
        _plain(N_("%(name)s is let in: you can book instruments now.")),
    ),
    people.CompanyRejected.kind(): Recipe(
        ACCOUNT,
        _always(CUSTOMER),
        N_("%(name)s was not let in"),
        _plain(N_("%(name)s was not let in: %(reason)s")),
    ),
    people.CompanySuspended.kind(): Recipe(
        ACCOUNT,
        _always(CUSTOMER),
        N_("%(name)s may not book for now"),
        _plain(N_("%(name)s may not book for now: %(reason)s")),
    ),
    people.CompanyReactivated.kind(): Recipe(
        ACCOUNT,
        _always(CUSTOMER),
        N_("%(name)s may book again"),
        _plain(N_("%(name)s may book again.")),
    ),
    # hours
    quotas.AllowancesSet.kind(): Recipe(
        HOURS, _always(CUSTOMER), N_("Allowances of %(company)s"), sayings.allowances_set
    ),
    quotas.AllowanceExtended.kind(): Recipe(
        HOURS, _always(CUSTOMER), N_("Extended once: %(allowance)s, %(company)s"), sayings.extended
    ),
    quotas.AllowanceNearlyUsed.kind(): Recipe(
        HOURS,
        _always(CUSTOMER, LABORATORY, ADMINS),
        N_("%(percent)s %% are spoken for: %(allowance)s, %(company)s"),
        sayings.nearly_used,
    ),
    # links: written in letters.py, and in no inbox
    people.ColleagueInvited.kind(): Recipe(
        ACCOUNT,
        _always(INVITED),
        N_("%(who)s invites you to LabShare"),
        _plain(N_("%(who)s invites you to LabShare")),
        inbox=False,
    ),
    people.PasswordResetAsked.kind(): Recipe(
        ACCOUNT,
        _always(ONESELF),
        N_("A new password for LabShare"),
        _plain(N_("A new password for LabShare")),
        inbox=False,
    ),
    # alarms
    clockwork.JobFailed.kind(): Recipe(
        ALARMS,
        _always(ADMINS),
        N_("Job failed: %(job)s"),
        _plain(N_("The job %(job)s failed %(tries)s times and was given up for this period: %(error)s")),
    ),
    clockwork.JobLate.kind(): Recipe(
        ALARMS,
        _always(ADMINS),
        N_("Job late: %(job)s"),
        _plain(N_("The job %(job)s has been waiting for %(minutes)s minutes.")),
    ),
    clockwork.ClockJumped.kind(): Recipe(ALARMS, _always(ADMINS), N_("The clock jumped"), sayings.jumped),
}
