"""What an account's terms are called when people read them; pure."""

from __future__ import annotations

from datetime import date

from labshare.kernel.errors import N_, Text
from labshare.quotas.models import (
    ALL,
    ASK,
    CATEGORY,
    CORRECTION,
    EFFECTS,
    EXTENSION,
    GRANTS,
    HOLD,
    INSTRUMENT,
    LATE_CANCEL,
    LOWERED,
    MONTH,
    NO_SHOW,
    OUTAGE_CREDIT,
    OVERTIME,
    QUARTER,
    REFUSE,
    RELEASE,
    SITE,
    USE,
    WAIVER,
    WEEK,
    YEAR,
)

SCOPES: dict[str, Text] = {
    ALL: N_("All instruments"),
    CATEGORY: N_("This category"),
    INSTRUMENT: N_("This instrument"),
    SITE: N_("This site"),
}
EACH: dict[str, Text] = {
    WEEK: N_("each week"),
    MONTH: N_("each month"),
    QUARTER: N_("each quarter"),
    YEAR: N_("each year"),
}
EXCEEDED: dict[str, Text] = {
    REFUSE: N_("A request over it is refused"),
    ASK: N_("A request over it waits for the laboratory to waive the hours"),
}
THEN: dict[str, Text] = {  # the same, beside “A request over it”
    REFUSE: N_("is refused"),
    ASK: N_("waits for a waiver"),
}
KINDS: dict[str, Text] = {
    HOLD: N_("Held for a booking"),
    RELEASE: N_("Given back"),
    USE: N_("Used"),
    NO_SHOW: N_("Nobody came"),
    LATE_CANCEL: N_("Cancelled late"),
    OUTAGE_CREDIT: N_("Credited: the instrument was closed"),
    CORRECTION: N_("Use corrected"),
    WAIVER: N_("Waived by the laboratory"),
    OVERTIME: N_("Used beyond the limit"),
    LOWERED: N_("Left standing as the limit was lowered"),
    EXTENSION: N_("Extended by the laboratory"),
}
_MONTHS = (
    lambda year: N_("January %(year)s", year=year),
    lambda year: N_("February %(year)s", year=year),
    lambda year: N_("March %(year)s", year=year),
    lambda year: N_("April %(year)s", year=year),
    lambda year: N_("May %(year)s", year=year),
    lambda year: N_("June %(year)s", year=year),
    lambda year: N_("July %(year)s", year=year),
    lambda year: N_("August %(year)s", year=year),
    lambda year: N_("September %(year)s", year=year),
    lambda year: N_("October %(year)s", year=year),
    lambda year: N_("November %(year)s", year=year),
    lambda year: N_("December %(year)s", year=year),
)


def period(kind: str, starts_on: date) -> Text:
    """The period that begins on this day: week 48 of 2026, November 2026, quarter 4 of 2026, the year 2026."""
    if kind == WEEK:
        year, week, _ = starts_on.isocalendar()
        return N_("Week %(week)s of %(year)s", week=week, year=year)
    if kind == MONTH:
        return _MONTHS[starts_on.month - 1](starts_on.year)
    if kind == QUARTER:
        return N_("Quarter %(quarter)s of %(year)s", quarter=(starts_on.month + 2) // 3, year=starts_on.year)
    return N_("Year %(year)s", year=starts_on.year)


_FORGIVEN = N_("Cancelled late, given back: others took the time")


def line(kind: str, minutes: int) -> Text:
    """What a line of so many minutes is called."""
    return _FORGIVEN if kind == LATE_CANCEL and minutes < 0 else KINDS[kind]


def leaves(kind: str, minutes: int) -> int:
    """By how many minutes a line changes what is left to the company: less than none where it takes some."""
    if kind in GRANTS:
        return minutes
    held, used, extended, _ = EFFECTS[kind]
    return (extended - held - used) * minutes
