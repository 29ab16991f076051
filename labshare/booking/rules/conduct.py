"""The published rules of conduct: what is held against people, for how long, and what follows from it; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from labshare.booking.models import LATE_CANCEL, NO_SHOW, OVERTIME
from labshare.kernel.errors import N_, Reason

POINTS = {NO_SHOW: 2, LATE_CANCEL: 1, OVERTIME: 1}  # that each counts while it lives
EXPIRES_AFTER = timedelta(days=90)  # from then on it counts nothing
LONGEST_OBJECTION, LONGEST_REASON = 2000, 500  # characters


@dataclass(frozen=True)
class Limit:
    """Who has so many live points may not ask for time for so long."""

    points: int
    lasts: timedelta


OF_PERSON = Limit(4, timedelta(days=14))
OF_COMPANY = Limit(12, timedelta(days=7))  # all its people together

WHAT_WORDS = {
    NO_SHOW: N_("Nobody came"),
    LATE_CANCEL: N_("Cancelled late"),
    OVERTIME: N_("Stayed too long"),
}
# Why it counts no more, where nobody said so: what it rested on is gone.
CORRECTED, TAKEN_OVER, BELOW_LIMIT = "usage_corrected", "taken_over", "below_limit"
GONE_WORDS = {
    CORRECTED: N_("The use was corrected."),
    TAKEN_OVER: N_("Others took the time."),
    BELOW_LIMIT: N_("What it rested on was lifted."),
}


class Held(Protocol):
    """What the rules need to know of an entry."""

    @property
    def points(self) -> int: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def objected_at(self) -> datetime | None: ...
    @property
    def lifted_at(self) -> datetime | None: ...


class Barring(Protocol):
    """What the rules need to know of a restriction."""

    @property
    def ends_at(self) -> datetime: ...
    @property
    def lifted_at(self) -> datetime | None: ...


def live(entry: Held, now: datetime) -> bool:
    """Does it count still?"""
    return entry.lifted_at is None and entry.expires_at > now


def running(restriction: Barring, now: datetime) -> bool:
    """Does it keep anybody from asking still?"""
    return restriction.lifted_at is None and restriction.ends_at > now


def limit_of(person_id: int | None) -> Limit:
    """The limit of a person, or where none is named of a company."""
    return OF_COMPANY if person_id is None else OF_PERSON


def restriction_due(points: int, limit: Limit, *, runs: bool) -> bool:
    """Do so many live points begin a restriction? Not where one runs: it is not made longer."""
    return points >= limit.points and not runs


def objection_refusals(entry: Held, now: datetime) -> list[Reason]:
    """The reason why nothing can be said to it: it counts no more, or something was said.

    One objection an entry, so that nobody writes over a colleague's.
    """
    if entry.objected_at is not None and live(entry, now):
        return [Reason("objected", N_("An objection was made already."))]
    return lift_refusals(entry, now)


def lift_refusals(entry: Held, now: datetime) -> list[Reason]:
    """The reason why it cannot be lifted."""
    return [] if live(entry, now) else [Reason("wrong_state", N_("This counts no more: it expired or was lifted."))]


def end_refusals(restriction: Barring, now: datetime) -> list[Reason]:
    """The reason why a restriction cannot be lifted."""
    if running(restriction, now):
        return []
    return [Reason("wrong_state", N_("This restriction is over, or was lifted."))]
