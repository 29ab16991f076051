"""How figures follow from sums and facts, and when a year may be issued, objected to and closed; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from labshare.kernel.errors import N_, Reason
from labshare.usage import lifecycle

TOP = 10  # so many companies count for the concentration


def share(part: int, whole: int) -> float | None:
    """Part over whole, never cut off; None where there is no whole."""
    return part / whole if whole else None


def hours(minutes: int | None) -> float | None:
    """Whole minutes / 60, unrounded."""
    return None if minutes is None else minutes / 60


def cny(worth: int) -> float:
    """Minutes × fen an hour, as renminbi."""
    return round(worth / 6000, 2)


@dataclass(frozen=True)
class Concentration:
    """How much of all effective minutes the companies with most of them have."""

    companies: int
    minutes: int
    share: float | None


def concentration(minutes: Iterable[int]) -> Concentration:
    """Of the ten companies that used most."""
    some = sorted((one for one in minutes if one > 0), reverse=True)
    top = some[:TOP]
    return Concentration(len(top), sum(top), share(sum(top), sum(some)))


# ---------------------------------------------------------------- how far a year is settled

DAYS, LEAST_DAYS, MOST_DAYS = 30, 1, 120  # to object: unless something else is said, at least, at most
REMIND_BEFORE = timedelta(days=7)
SAY_SO = N_("Please fill this in.")
STATE_WORDS = {
    lifecycle.DRAFT: N_("The year is not issued."),
    lifecycle.ISSUED: N_("The year is issued already."),
    lifecycle.CLOSED: N_("The year is closed."),
}


@dataclass(frozen=True)
class Standing:
    """How far a year is settled, and what is still open of it; `is_over` is said of the laboratory's clock.

    `earlier` are the years before it that have figures and are not closed: a report shows the year before too.
    """

    year: int
    state: str
    is_over: bool
    object_by: datetime | None = None
    bookings: int = 0
    objections: int = 0
    earlier: tuple[int, ...] = ()


def wrong_state(state: str, move: str) -> list[Reason]:
    """The reason why this move is not possible from this state, if there is one."""
    return [] if lifecycle.after(state, move) else [Reason("wrong_state", STATE_WORDS[state])]


def issue_refusals(one: Standing) -> list[Reason]:
    """Every reason why the year cannot be shown to companies as it is."""
    found = wrong_state(one.state, "issue")
    if not one.is_over:
        found.append(Reason("year_not_over", N_("The year is not over yet.")))
    return found


def closing_refusals(one: Standing, now: datetime) -> list[Reason]:
    """Every reason why the figures of the year cannot be written down for good."""
    found = wrong_state(one.state, "close")
    if one.state == lifecycle.ISSUED and one.object_by is not None and now < one.object_by:
        text = N_("Companies may object until %(until)s.", until=one.object_by)
        found.append(Reason("objection_period", text))
    if one.bookings:
        text = N_("Bookings of the year that wait for an answer, are ahead or in use: %(n)s.", n=one.bookings)
        found.append(Reason("still_open", text))
    if one.objections:
        found.append(Reason("objections_open", N_("Objections nobody has answered: %(n)s.", n=one.objections)))
    if one.earlier:
        years = ", ".join(map(str, one.earlier))
        text = N_("Years are closed one after the other; still open: %(years)s.", years=years)
        found.append(Reason("earlier_open", text))
    return found


def objection_refusals(state: str, object_by: datetime | None, now: datetime) -> list[Reason]:
    """Every reason why nobody can object to the figures of the year."""
    if state != lifecycle.ISSUED or object_by is None:
        return [Reason("wrong_state", STATE_WORDS[state])]
    return [] if now < object_by else [Reason("too_late", N_("The time to object is over."))]


def answer_refusals(answered_at: datetime | None) -> list[Reason]:
    """Why an objection cannot be answered, if there is a reason."""
    return [] if answered_at is None else [Reason("answered", N_("This objection is answered."))]


def remind_at(issued_at: datetime, object_by: datetime) -> datetime:
    """When companies are reminded: a week before the time to object is over, of a short one in its middle."""
    return object_by - min(REMIND_BEFORE, (object_by - issued_at) / 2)
