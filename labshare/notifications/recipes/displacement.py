"""What is told of time the laboratory takes from a booking, and of the time it holds for it instead."""

from __future__ import annotations

from labshare.booking import events as booking
from labshare.kernel.errors import N_
from labshare.notifications.recipes.booking import asker
from labshare.notifications.recipes.shape import (
    ASKER,
    BOOKINGS,
    CUSTOMER,
    MANAGERS,
    REMOVE,
    Recipe,
    always,
    plain,
)

RECIPES: dict[str, Recipe] = {
    booking.BookingDisplaced.kind(): Recipe(
        BOOKINGS,
        always(ASKER, CUSTOMER),
        N_("Displaced: %(instrument)s, %(slot)s"),
        plain(
            N_(
                "The laboratory needs %(instrument)s itself, %(slot)s, booked by %(company)s. %(why)s The hours are "
                "given back, and another time is looked for."
            )
        ),
        REMOVE,
    ),
    booking.OfferMade.kind(): Recipe(
        BOOKINGS,
        always(ASKER, CUSTOMER),
        N_("Another time, please answer: %(instrument)s, %(slot)s"),
        plain(
            N_(
                "Instead of %(booked)s, %(booked_slot)s, %(instrument)s is held for %(company)s: %(slot)s. "
                "Please take it by %(answer_by)s, or choose another time; then it is free for others."
            )
        ),
        news_until="answer_by",
    ),
    booking.OfferLapsed.kind(): Recipe(
        BOOKINGS,
        asker,
        N_("Free for others again: %(instrument)s, %(slot)s"),
        plain(N_("Nobody of %(company)s answered by %(answer_by)s: %(instrument)s, %(slot)s, is not held any more.")),
    ),
    booking.OfferWithdrawn.kind(): Recipe(
        BOOKINGS,
        asker,
        N_("Not held any more: %(instrument)s, %(slot)s"),
        plain(
            N_(
                "The laboratory needs %(instrument)s itself, %(slot)s, which was held for %(company)s; another time "
                "is looked for."
            )
        ),
    ),
    booking.TimeFreed.kind(): Recipe(
        BOOKINGS,
        asker,
        N_("Free after all: %(instrument)s, %(slot)s"),
        plain(
            N_(
                "The laboratory does not need %(instrument)s itself after all, %(slot)s, which %(company)s had booked: "
                "it can be booked again."
            )
        ),
        news_until="starts_at",
    ),
    booking.OfferAccepted.kind(): Recipe(
        BOOKINGS,
        always(MANAGERS),
        N_("Another time taken: %(instrument)s, %(slot)s"),
        plain(N_("%(company)s took %(instrument)s, %(slot)s, instead of %(booked)s, %(booked_slot)s.")),
    ),
    booking.OfferDeclined.kind(): Recipe(
        BOOKINGS,
        always(MANAGERS),
        N_("Does without another time: %(booked)s, %(booked_slot)s"),
        plain(N_("%(company)s does without another time for %(booked)s, %(booked_slot)s.")),
    ),
}
