"""Which states a year has, and which moves lead from one to the next."""

from __future__ import annotations

DRAFT, ISSUED, CLOSED = STATES = ("draft", "issued", "closed")
MOVES: dict[str, dict[str, str]] = {
    "issue": {DRAFT: ISSUED},  # companies may look at their figures and object
    "withdraw": {ISSUED: DRAFT},
    "close": {ISSUED: CLOSED},  # by the clock once the time to object is over, or by an admin
}


def after(state: str, move: str) -> str | None:
    """The state a move leads to, or None where it is not to be had from here."""
    return MOVES[move].get(state)
