"""What must always hold of bookings; `labshare check` reads these in one snapshot."""

from labshare.booking import bookkeeping
from labshare.booking.checks.conduct import conduct_rests_on_bookings, restrictions_follow_each_other
from labshare.booking.checks.holding import (
    changes_are_told,
    live_bookings_claim,
    no_overlaps,
    no_ownerless_claims,
    states_in_graph,
)
from labshare.booking.checks.offering import (
    displaced_are_explained,
    offers_hold_their_time,
    successors_are_named,
    waits_are_held,
)
from labshare.booking.checks.using import sums_are_right, uses_add_up, uses_fit_bookings, uses_keep_their_time

__all__ = [
    "CHECKS",
    "changes_are_told",
    "conduct_rests_on_bookings",
    "displaced_are_explained",
    "live_bookings_claim",
    "no_overlaps",
    "no_ownerless_claims",
    "offers_hold_their_time",
    "restrictions_follow_each_other",
    "states_in_graph",
    "successors_are_named",
    "sums_are_right",
    "uses_add_up",
    "uses_fit_bookings",
    "uses_keep_their_time",
    "waits_are_held",
]
CHECKS = (
    ("no two claims overlap", no_overlaps),
    ("every claim has its owner", no_ownerless_claims),
    ("every live booking holds its time", live_bookings_claim),
    ("every use belongs to a booking in use or completed", uses_fit_bookings),
    ("every use counts its minutes", uses_add_up),
    ("every completed booking keeps what was used", uses_keep_their_time),
    ("every booking is where its history led", states_in_graph),
    ("every change stands in the journal", changes_are_told),
    ("every displaced booking says why", displaced_are_explained),
    ("every open offer holds its time", offers_hold_their_time),
    ("every accepted offer became a booking", successors_are_named),
    ("every wait that was asked has its time held", waits_are_held),
    ("every booking stands in its company's account", bookkeeping.differences),
    ("every booking and use is counted in its month", sums_are_right),
    ("every entry of the conduct record rests on its booking", conduct_rests_on_bookings),
    ("no two restrictions run at once", restrictions_follow_each_other),
)
