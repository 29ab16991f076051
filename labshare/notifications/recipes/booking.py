"""What is told of bookings."""

from __future__ import annotations

from labshare.booking import events as booking
from labshare.booking import lifecycle
from labshare.kernel.errors import N_
from labshare.notifications import sayings
from labshare.notifications.facts import Fact
from labshare.notifications.recipes.shape import (
    ASKER,
    BOOKINGS,
    CUSTOMER,
    DEPUTIES,
    ENTER,
    FORMER,
    MANAGERS,
    QUEUE,
    REMINDERS,
    REMOVE,
    TAKER,
    Recipe,
    plain,
)


def asker(fact: Fact) -> tuple[str, ...]:
    """Where staff asked on a company's behalf, its admins hear of it too."""
    return (ASKER, CUSTOMER) if fact.booking is not None and fact.booking.on_behalf else (ASKER,)


def _in_house(fact: Fact) -> bool:
    """Do the company's own admins answer first?"""
    return fact.data.get("awaiting") == lifecycle.COMPANY


def _requested(fact: Fact) -> tuple[str, ...]:
    if _in_house(fact):
        return (CUSTOMER,)
    on_behalf = (CUSTOMER,) if fact.booking is not None and fact.booking.on_behalf else ()
    return (MANAGERS, *on_behalf) if fact.data.get("decide_by") else on_behalf


AGREED = (lifecycle.APPROVED, lifecycle.OFFERED)  # what the laboratory had said yes to


def _changed(fact: Fact) -> tuple[str, ...]:
    return (*asker(fact), MANAGERS)


def _moved(fact: Fact) -> tuple[str, ...]:
    return (*asker(fact), CUSTOMER) if _in_house(fact) else _changed(fact)


def _endorsed(fact: Fact) -> tuple[str, ...]:
    return _changed(fact) if fact.data["state"] == lifecycle.REQUESTED else asker(fact)


def _due(fact: Fact) -> tuple[str, ...]:
    if _in_house(fact):
        return (CUSTOMER,)
    return (MANAGERS, DEPUTIES) if fact.data.get("escalated") else (MANAGERS,)


def _completed(fact: Fact) -> tuple[str, ...]:
    assumed = asker(fact) if fact.data.get("source") == "assumed" else ()
    return (*assumed, *([MANAGERS] if fact.data.get("problem") else ()))


RECIPES: dict[str, Recipe] = {
    booking.BookingRequested.kind(): Recipe(
        QUEUE,
        _requested,
        N_("Please answer: %(instrument)s, %(slot)s"),
        sayings.requested,
        only_while=frozenset({lifecycle.REQUESTED}),
    ),
    booking.BookingApproved.kind(): Recipe(
        BOOKINGS, asker, N_("Approved: %(instrument)s, %(slot)s"), sayings.approved, ENTER
    ),
    booking.BookingEndorsed.kind(): Recipe(
        BOOKINGS,
        _endorsed,
        N_("Approved in-house: %(instrument)s, %(slot)s"),
        sayings.endorsed,
        ENTER,
        only_while=frozenset({lifecycle.REQUESTED, lifecycle.APPROVED}),
    ),
    booking.BookingHandedOver.kind(): Recipe(
        BOOKINGS,
        lambda _fact: (TAKER, FORMER),
        N_("Handed over: %(instrument)s, %(slot)s"),
        plain(
            N_("%(who)s handed over %(instrument)s, %(slot)s, of %(company)s: %(person)s has it now. It is %(state)s.")
        ),
        ENTER,
    ),
    booking.BookingEndChanged.kind(): Recipe(
        BOOKINGS,
        asker,
        N_("Another end: %(instrument)s, %(slot)s"),
        sayings.end_changed,
        ENTER,
    ),
    booking.BookingRejected.kind(): Recipe(
        BOOKINGS,
        asker,
        N_("Rejected: %(instrument)s, %(slot)s"),
        plain(N_("%(who)s rejected %(instrument)s, %(slot)s, asked for by %(company)s: %(answer)s")),
        REMOVE,
    ),
    booking.BookingCancelled.kind(): Recipe(
        BOOKINGS,
        lambda fact: _changed(fact) if fact.data.get("was") in AGREED else asker(fact),
        N_("Cancelled: %(instrument)s, %(slot)s"),
        sayings.cancelled,
        REMOVE,
    ),
    booking.BookingMoved.kind(): Recipe(
        BOOKINGS,
        _moved,
        N_("Moved: %(instrument)s, now %(slot)s"),
        sayings.moved,
        ENTER,
    ),
    booking.BookingOverQuota.kind(): Recipe(
        BOOKINGS,
        _changed,
        N_("Over the allowance: %(instrument)s, %(slot)s"),
        plain(
            N_(
                "%(company)s may use less than before: its request for %(instrument)s, %(slot)s, keeps its time, and "
                "waits until the laboratory waives the hours or says no."
            )
        ),
        only_while=frozenset({lifecycle.REQUESTED}),
    ),
    booking.BookingExpired.kind(): Recipe(
        BOOKINGS,
        _moved,
        N_("Not answered in time: %(instrument)s, %(slot)s"),
        plain(N_("Nobody answered %(company)s by %(decide_by)s: %(instrument)s, %(slot)s, is free again.")),
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
        asker,
        N_("Coming up: %(instrument)s, %(slot)s"),
        plain(N_("Your time at %(instrument)s begins soon: %(slot)s.")),
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
        asker,
        N_("Usage corrected: %(instrument)s, %(slot)s"),
        plain(N_("%(who)s corrected what %(company)s used of %(instrument)s, %(slot)s: %(reason)s")),
    ),
}
