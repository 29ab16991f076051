"""Which states a booking has, and which moves lead from one to the next."""

from __future__ import annotations

REQUESTED = "requested"
APPROVED = "approved"
REJECTED = "rejected"
CANCELLED = "cancelled"
EXPIRED = "expired"
IN_USE = "in_use"
COMPLETED = "completed"
MISSED = "missed"
DISPLACED = "displaced"
OFFERED = "offered"
LAPSED = "lapsed"

STATES = (REQUESTED, APPROVED, REJECTED, CANCELLED, EXPIRED, IN_USE, COMPLETED, MISSED, DISPLACED, OFFERED, LAPSED)
AHEAD = (REQUESTED, OFFERED, APPROVED)  # these may still come to be used
LIVE = frozenset({*AHEAD, IN_USE, COMPLETED})  # these hold their time on the timeline, used time for good
COMPANY, LABORATORY = "company", "laboratory"  # whose answer a booking awaits

MOVES: dict[str, dict[str, str]] = {
    "approve": {REQUESTED: APPROVED},
    "reject": {REQUESTED: REJECTED},
    "endorse": {REQUESTED: REQUESTED},  # its company's yes; approved at once where no approval is needed
    "offer": {REQUESTED: OFFERED},  # a yes to another time, which the company has to accept
    "accept": {OFFERED: APPROVED},  # from the waiting list a request, where approval is needed
    "lapse": {OFFERED: LAPSED},  # by the clock: the company did not answer in time
    "cancel": {REQUESTED: CANCELLED, OFFERED: CANCELLED, APPROVED: CANCELLED},
    "hand_over": {REQUESTED: REQUESTED, OFFERED: OFFERED, APPROVED: APPROVED},  # to a colleague
    "move": {REQUESTED: REQUESTED, APPROVED: REQUESTED},  # approved again at once where no approval is needed
    "expire": {REQUESTED: EXPIRED},  # by the clock: nobody answered in time
    "check_in": {APPROVED: IN_USE},
    "change_end": {IN_USE: IN_USE},  # longer or shorter than booked
    "check_out": {IN_USE: COMPLETED},  # by the user, by staff, or by the clock some time after the end
    "miss": {APPROVED: MISSED},  # by the clock: nobody came
    "assume": {APPROVED: COMPLETED},  # by the clock: nobody was there to judge; taken as used as booked
    "record": {APPROVED: COMPLETED},  # staff enter what was used
    "displace": {REQUESTED: DISPLACED, OFFERED: DISPLACED, APPROVED: DISPLACED},  # the laboratory needs the time itself
}


def after(state: str, move: str) -> str | None:
    """The state a move leads to, or None where it is not to be had from here."""
    return MOVES[move].get(state)


def moves_from(state: str) -> list[str]:
    """The moves that are possible from a state."""
    return [move for move, table in MOVES.items() if state in table]


def awaits(state: str, awaiting: str) -> str | None:
    """Whose answer a booking awaits, if anybody's."""
    if state == REQUESTED:
        return awaiting or LABORATORY
    return COMPANY if state == OFFERED else None


def told(kind: str, data: dict[str, str]) -> str | None:
    """The state a booking is in after a fact of this kind."""
    if kind in SAYING:
        return data["state"]
    return {
        "booking_requested": REQUESTED,
        "booking_approved": APPROVED,
        "booking_rejected": REJECTED,
        "booking_cancelled": CANCELLED,
        "booking_expired": EXPIRED,
        "booking_started": IN_USE,
        "booking_completed": COMPLETED,
        "booking_missed": MISSED,
        "booking_over_quota": REQUESTED,
        "booking_displaced": DISPLACED,
        "booking_offered": OFFERED,
        "booking_lapsed": LAPSED,
        "booking_end_changed": IN_USE,
        "booking_taken_over": CANCELLED,
    }.get(kind)


SAYING = frozenset(  # facts that say themselves in which state the booking is then
    {
        *("booking_moved", "booking_made_firm", "booking_made_provisional"),
        *("booking_endorsed", "booking_accepted", "booking_handed_over"),
    }
)
