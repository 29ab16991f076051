"""Which states a booking has, and which moves lead from one to the next."""

from __future__ import annotations

REQUESTED = "requested"
APPROVED = "approved"
REJECTED = "rejected"
CANCELLED = "cancelled"

STATES = (REQUESTED, APPROVED, REJECTED, CANCELLED)
LIVE = frozenset({REQUESTED, APPROVED})  # these hold their time on the timeline

MOVES: dict[str, dict[str, str]] = {
    "approve": {REQUESTED: APPROVED},
    "reject": {REQUESTED: REJECTED},
    "cancel": {REQUESTED: CANCELLED, APPROVED: CANCELLED},
    "move": {REQUESTED: REQUESTED, APPROVED: REQUESTED},  # approved again at once where no approval is needed
}


def after(state: str, move: str) -> str | None:
    """The state a move leads to, or None where it is not to be had from here."""
    return MOVES[move].get(state)


def moves_from(state: str) -> list[str]:
    """The moves that are possible from a state."""
    return [move for move, table in MOVES.items() if state in table]


def told(kind: str, data: dict[str, str]) -> str | None:
    """The state a booking is in after a fact of this kind."""
    if kind == "booking_moved":
        return data["state"]
    return {
        "booking_requested": REQUESTED,
        "booking_approved": APPROVED,
        "booking_rejected": REJECTED,
        "booking_cancelled": CANCELLED,
    }.get(kind)
