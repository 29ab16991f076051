"""Nobody stays a user for ever, and nobody's absence keeps others out: the use of instruments as time passes."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from labshare.booking import lifecycle, presence
from labshare.booking.rules.judgement import ASSUME, END, MISS
from labshare.booking.services import using
from labshare.clockwork.job import Job
from labshare.kernel.actor import SYSTEM
from labshare.kernel.errors import N_, Conflict
from labshare.quotas.account import Outdated

_WORDS = {MISS: "missed", END: "ended", ASSUME: "assumed"}


def judge_use(now: datetime) -> dict[str, int]:
    """End uses nobody ended, give the time of absent people to others, take as used what nobody was there to judge."""
    done: Counter[str] = Counter(dict.fromkeys(_WORDS.values(), 0))
    for number, _state in presence.due(now):
        try:
            if did := using.judge(SYSTEM, number, now):
                done[_WORDS[did]] += 1
        except (Conflict, Outdated):  # somebody came, or another judged, in this very moment
            continue
    return dict(done)


def _to_judge(now: datetime) -> dict[str, int]:
    """Uses that end, and the absent; what becomes of each of these a run finds out one by one."""
    states = [state for _number, state in presence.due(now)]
    return {"absent": states.count(lifecycle.APPROVED), "ended": states.count(lifecycle.IN_USE)}


_COMPLETED = ("bookings.listed", {"tab": "past", "state": lifecycle.COMPLETED})
_MISSED = ("bookings.listed", {"tab": "past", "state": lifecycle.MISSED})
JUDGE_USE = Job(
    presence.JUDGE,
    N_("Frees the time of people who did not come, and ends uses nobody ended"),
    timedelta(minutes=1),
    judge_use,
    preview=_to_judge,
    links={"missed": _MISSED, "ended": _COMPLETED, "assumed": _COMPLETED},
    destructive=True,
    timeout=timedelta(minutes=10),
)
