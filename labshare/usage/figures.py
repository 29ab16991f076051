"""Every figure of the yearly reports: its name on the wire, its words, and what it means; said here and nowhere else.

The definitions are printed on the pages and in the workbook. Words that several parties use for different things never
stand alone: hours are always offered, booked, effective, external or rated ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from labshare.kernel.errors import N_, Text

COUNT, HOURS, PERCENT, CNY, DAY, MEAN = "count", "hours", "percent", "cny", "day", "mean_hours"


@dataclass(frozen=True)
class Figure:
    """One figure: `name` is its field and column, `unit` how its value is written."""

    name: str
    unit: str
    title: Text
    meaning: Text


def _of(*figures: Figure) -> dict[str, Figure]:
    return {one.name: one for one in figures}


FIGURES = _of(
    Figure("first_use", DAY, N_("First use"), N_("The day of the first completed use that begins in the year.")),
    Figure("last_use", DAY, N_("Last use"), N_("The day of the last completed use that begins in the year.")),
    Figure("instruments", COUNT, N_("Instruments used"), N_("Instruments with at least one completed use.")),
    Figure("people", COUNT, N_("People active"), N_("People of the company with at least one completed use.")),
    Figure("companies", COUNT, N_("Companies served"), N_("Companies with at least one completed use.")),
    Figure(
        "bookings",
        COUNT,
        N_("Bookings asked for"),
        N_("Every booking that begins in the year, whatever became of it."),
    ),
    Figure(
        "approved",
        COUNT,
        N_("Bookings approved"),
        N_("Bookings that had a yes and were neither given back nor taken back: still ahead, in use, used or missed."),
    ),
    Figure("rejected", COUNT, N_("Bookings rejected"), N_("Requests that were answered with no.")),
    Figure(
        "cancelled",
        COUNT,
        N_("Bookings cancelled"),
        N_("Bookings given back before they began, late ones among them."),
    ),
    Figure(
        "late_cancels",
        COUNT,
        N_("Late cancellations"),
        N_("Approved bookings given back after the deadline and charged; not where others took the time."),
    ),
    Figure("no_shows", COUNT, N_("No-shows"), N_("Approved bookings nobody came for, unless it was nobody's fault.")),
    Figure("expired", COUNT, N_("Unanswered"), N_("Requests and offers that nobody answered in time.")),
    Figure("displaced", COUNT, N_("Displaced"), N_("Bookings whose time the laboratory needed itself.")),
    Figure(
        "booked_hours",
        HOURS,
        N_("Booked hours"),
        N_("Hours of approved bookings as they were booked; those nobody came for count, those given back do not."),
    ),
    Figure("uses", COUNT, N_("Uses"), N_("Completed uses, counted in the year and month in which they begin.")),
    Figure(
        "effective_hours",
        HOURS,
        N_("Effective hours"),
        N_(
            "From the actual start to the actual end of every completed use, with the warming up and cooling down in"
            " it; never of no-shows, cancelled bookings or maintenance."
        ),
    ),
    Figure(
        "external_hours",
        HOURS,
        N_("External service hours"),
        N_("Effective hours of other companies than the one that owned the instrument when it was used."),
    ),
    Figure("external_uses", COUNT, N_("External uses"), N_("Uses by other companies than the instrument's owner.")),
    Figure("samples", COUNT, N_("Samples"), N_("Samples stated when the use was ended.")),
    Figure(
        "credited_hours",
        HOURS,
        N_("Outage credits"),
        N_("Booked hours that could not be used because the instrument was out of order or closed."),
    ),
    Figure(
        "estimate_cny",
        CNY,
        N_("Estimated price"),
        N_("Effective hours times the hourly rate on the day of each use; no invoice."),
    ),
    Figure("allowed_hours", HOURS, N_("Allowance"), N_("Hours allowed for the year on all instruments; empty: any.")),
    Figure(
        "account_hours",
        HOURS,
        N_("Hours against the allowance"),
        N_("Held and used hours in the company's account for the year, with what absences were charged."),
    ),
    Figure(
        "corrected_hours",
        HOURS,
        N_("Corrections of closed years"),
        N_("Effective hours by which uses of closed years were corrected in this year; not among its own."),
    ),
    Figure(
        "offered_hours",
        HOURS,
        N_("Offered hours"),
        N_("Opening hours of the year on every channel, less maintenance and outages that lie in them."),
    ),
    Figure(
        "maintenance_hours", HOURS, N_("Maintenance hours"), N_("Hours of maintenance windows, those planned included.")
    ),
    Figure("outage_hours", HOURS, N_("Outage hours"), N_("Hours in which the instrument was out of order.")),
    Figure(
        "rated_hours",
        HOURS,
        N_("Rated hours"),
        N_("The hours a year that utilisation is measured against, for every channel."),
    ),
    Figure(
        "utilisation",
        PERCENT,
        N_("Utilisation"),
        N_("Effective hours over rated hours. Work around the clock makes it more than 100 %; it is never cut off."),
    ),
    Figure("fill_rate", PERCENT, N_("Fill rate"), N_("Booked hours over offered hours.")),
    Figure(
        "external_share", PERCENT, N_("External share of hours"), N_("External service hours over effective hours.")
    ),
    Figure(
        "answer_hours",
        MEAN,
        N_("Time to an answer"),
        N_("Mean hours from a request to the laboratory's first answer, where somebody had to answer."),
    ),
)
OF_COMPANY = (
    *("first_use", "last_use", "instruments", "people", "bookings", "approved", "rejected", "cancelled"),
    *("late_cancels", "no_shows", "expired", "displaced", "booked_hours", "uses", "effective_hours"),
    *("external_hours", "samples", "credited_hours", "estimate_cny", "allowed_hours", "account_hours"),
    "corrected_hours",
)
OF_INSTRUMENT = (
    *("companies", "offered_hours", "booked_hours", "fill_rate", "uses", "effective_hours", "external_hours"),
    *("external_uses", "external_share", "rated_hours", "utilisation", "samples", "bookings", "approved", "rejected"),
    *("cancelled", "late_cancels", "no_shows", "expired", "displaced", "credited_hours", "maintenance_hours"),
    *("outage_hours", "answer_hours", "estimate_cny"),
)
OF_MONTH = (
    *("bookings", "approved", "cancelled", "no_shows", "booked_hours", "uses", "effective_hours", "external_hours"),
    *("samples", "credited_hours", "estimate_cny"),
)
RULES = (
    N_("Hours are split at midnight of 1 January, where the instrument stands; uses and bookings count in the year in"
       " which they begin. So the years add up to everything, to the minute."),
    N_("A company is served in a year if it completed at least one use; being registered or having booked is not"
       " enough."),
    N_("Whether a use is external is decided by who owned the instrument then."),
    N_("A closed year does not change. What is corrected afterwards is a line of the year in which it is corrected."),
)  # fmt: skip
