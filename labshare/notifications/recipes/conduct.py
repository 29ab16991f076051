"""What is told of the conduct record, and of whom it keeps from asking for time."""

from __future__ import annotations

from labshare.booking import events as booking
from labshare.kernel.errors import N_
from labshare.notifications import sayings
from labshare.notifications.recipes.shape import (
    ACCOUNT,
    BOOKINGS,
    CUSTOMER,
    MANAGERS,
    NAMED,
    QUEUE,
    Recipe,
    always,
    plain,
)

RECIPES: dict[str, Recipe] = {
    booking.ConductNoted.kind(): Recipe(
        BOOKINGS,
        always(NAMED, CUSTOMER),
        N_("In the conduct record: %(booked)s, %(booked_slot)s"),
        sayings.noted,
    ),
    booking.ConductObjected.kind(): Recipe(
        QUEUE,
        always(MANAGERS),
        N_("An objection: %(booked)s, %(booked_slot)s"),
        plain(
            N_(
                "%(who)s of %(company)s objects to what stands in the conduct record (%(held_against)s, %(booked)s, "
                "%(booked_slot)s): %(objection)s"
            )
        ),
    ),
    booking.ConductLifted.kind(): Recipe(
        BOOKINGS,
        always(NAMED, CUSTOMER),
        N_("Lifted from the conduct record: %(booked)s, %(booked_slot)s"),
        plain(
            N_(
                "What stood in the conduct record (%(held_against)s, %(booked)s, %(booked_slot)s) counts no more: "
                "%(reason)s"
            )
        ),
    ),
    booking.RestrictionBegan.kind(): Recipe(
        ACCOUNT,
        always(NAMED, CUSTOMER),
        N_("No new bookings until %(until)s"),
        sayings.restricted,
    ),
    booking.RestrictionLifted.kind(): Recipe(
        ACCOUNT,
        always(NAMED, CUSTOMER),
        N_("New bookings again: %(barred)s"),
        plain(N_("%(barred)s may ask for time again: %(reason)s")),
    ),
}
