"""Every fact of the house as a sentence with names in it; a new kind gets its words in the file of its slice."""

from __future__ import annotations

from labshare.audit.sentences import (
    booking,
    clockwork,
    conduct,
    instruments,
    maintenance,
    messages,
    people,
    quotas,
    usage,
    waitlist,
)
from labshare.audit.sentences.shape import Line, Table, filled
from labshare.kernel.errors import N_, Text

SENTENCES: Table = {
    **people.TOLD,
    **clockwork.TOLD,
    **instruments.TOLD,
    **quotas.TOLD,
    **booking.TOLD,
    **conduct.TOLD,
    **waitlist.TOLD,
    **maintenance.TOLD,
    **usage.TOLD,
    **messages.TOLD,
}
OBJECTS = {  # what facts happen to
    "site": N_("Site"),
    "company": N_("Company"),
    "person": N_("A person"),
    "token": N_("API token"),
    "invitation": N_("Invitation"),
    "job": N_("Job"),
    "job_run": N_("Run of a job"),
    "lease": N_("Clock"),
    "instrument": N_("Instrument"),
    "opening_pattern": N_("Opening hours"),
    "opening_exception": N_("Other hours on a day"),
    "calendar_year": N_("Calendar of workdays"),
    "account": N_("Account"),
    "booking": N_("Booking"),
    "displacement": N_("Time instead of a displaced booking"),
    "usage_record": N_("Usage record"),
    "reminder": N_("Reminder"),
    "conduct_entry": N_("Conduct record"),
    "restriction": N_("Restriction"),
    "waitlist_entry": N_("Waiting list"),
    "totals": N_("Yearly figures"),
    "usage_year": N_("Year of figures"),
    "usage_objection": N_("Objection to yearly figures"),
    "maintenance_window": N_("Maintenance"),
    "outage": N_("Outage"),
    "utility": N_("Utility"),
    "upkeep": N_("Upkeep"),
    "delivery": N_("Mail"),
}
_UNKNOWN = N_("%(who)s: %(kind)s, %(object)s %(number)s.")


def sentence(line: Line) -> Text:
    """The line in words, for the language that is spoken now."""
    words = SENTENCES.get(line.kind)
    if words is not None:
        try:
            return filled(words if isinstance(words, Text) else words(line), line)
        except (KeyError, TypeError, ValueError):  # an old row may say less than facts of its kind say today
            pass
    said = {"kind": line.kind, "object": OBJECTS.get(line.object, line.object), "number": line.object_id}
    return filled(Text(_UNKNOWN.msgid, said), line)
