"""Which states a maintenance window and an outage have, and which moves lead from one to the next."""

from __future__ import annotations

PLANNED, OPEN, DONE, CANCELLED = STATES = ("planned", "open", "done", "cancelled")
LIVE = frozenset({PLANNED, OPEN})  # these hold their time
ENDED = "ended"  # an outage is open, and then ended

MOVES: dict[str, dict[str, str]] = {
    "change": {PLANNED: PLANNED, OPEN: OPEN},
    "cancel": {PLANNED: CANCELLED, OPEN: DONE},  # what has begun ends now
    "open": {PLANNED: OPEN},  # by the clock
    "close": {OPEN: DONE, PLANNED: DONE},  # by the clock; where it was away from the start to the end, at once
}


def after(state: str, move: str) -> str | None:
    """The state a move leads to, or None where it is not to be had from here."""
    return MOVES[move].get(state)
