"""What is told of time that is held until its company answers, of the answer, and of the waiting list."""

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
    ENTER,
    MANAGERS,
    REMOVE,
    Recipe,
    always,
    plain,
)


def _accepted(fact: Fact) -> tuple[str, ...]:
    """Who still has to say yes hears of it as of a request: the company's own admins, or the managers."""
    if fact.data.get("awaiting") == lifecycle.COMPANY:
        return (ASKER, CUSTOMER)
    return (ASKER, MANAGERS) if fact.data.get("state") == lifecycle.REQUESTED else (ASKER,)


RECIPES: dict[str, Recipe] = {
    booking.BookingOffered.kind(): Recipe(
        BOOKINGS,
        always(ASKER, CUSTOMER),
        N_("Held for you, please answer: %(instrument)s, %(slot)s"),
        sayings.offered,
        only_while=frozenset({lifecycle.OFFERED}),
        news_until="answer_by",
    ),
    booking.BookingAccepted.kind(): Recipe(
        BOOKINGS,
        _accepted,
        N_("Taken: %(instrument)s, %(slot)s"),
        sayings.accepted,
        ENTER,
    ),
    booking.BookingLapsed.kind(): Recipe(
        BOOKINGS,
        always(ASKER, CUSTOMER),
        N_("Free for others again: %(instrument)s, %(slot)s"),
        plain(N_("Nobody of %(company)s answered by %(answer_by)s: %(instrument)s, %(slot)s, is not held any more.")),
        REMOVE,
    ),
    booking.BookingTakenOver.kind(): Recipe(
        BOOKINGS,
        always(ASKER, CUSTOMER),
        N_("Costs nothing after all: %(instrument)s, %(slot)s"),
        plain(
            N_(
                "Others took %(instrument)s, %(slot)s, which %(company)s had cancelled too late: the %(charge)s %% of "
                "its hours are given back."
            )
        ),
    ),
    booking.WaitlistOver.kind(): Recipe(
        BOOKINGS,
        always(ASKER),
        N_("Did not become free: %(instrument)s, %(slot)s"),
        plain(N_("%(instrument)s, %(slot)s, for which %(company)s waited, did not become free.")),
    ),
}
