"""Whether it is possible, given the facts: asking and answering here, the use of an instrument in `judgement`; pure."""

from labshare.booking.rules.asking import (
    REMIND_AHEAD,
    STATE_WORDS,
    Claimed,
    Facts,
    answer_is_due,
    approval_refusals,
    decide_by,
    held,
    refusals,
    too_early_to_expire,
    too_late,
    window,
    wrong_move,
)

__all__ = [
    "REMIND_AHEAD",
    "STATE_WORDS",
    "Claimed",
    "Facts",
    "answer_is_due",
    "approval_refusals",
    "decide_by",
    "held",
    "refusals",
    "too_early_to_expire",
    "too_late",
    "window",
    "wrong_move",
]
