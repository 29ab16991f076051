"""Which states a company has, and which moves lead from one to the next."""

from __future__ import annotations

PENDING = "pending"
ACTIVE = "active"
REJECTED = "rejected"
SUSPENDED = "suspended"

STATES = (PENDING, ACTIVE, REJECTED, SUSPENDED)

MOVES: dict[str, dict[str, str]] = {
    "approve": {PENDING: ACTIVE, REJECTED: ACTIVE},
    "reject": {PENDING: REJECTED},
    "suspend": {ACTIVE: SUSPENDED},
    "reactivate": {SUSPENDED: ACTIVE},
}


def after(state: str, move: str) -> str | None:
    """The state a move leads to, or None where it is not to be had from here."""
    return MOVES[move].get(state)


def moves_from(state: str) -> list[str]:
    """The moves that are possible from a state."""
    return [move for move, table in MOVES.items() if state in table]
