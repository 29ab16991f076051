"""Bookings, what they were offered instead, their use, and reminders of them."""

from __future__ import annotations

from datetime import datetime

from labshare.audit.names import BOOKING
from labshare.audit.sentences.shape import Line, Table, company, instrument
from labshare.booking import events
from labshare.booking.sentences import KINDS, sentence
from labshare.kernel.errors import N_, Text
from labshare.web.i18n import span


def _of_booking(line: Line) -> Text:
    """As the booking's own history tells it, with the booking in front."""
    text = sentence(line.kind, line.data, line.who, line.zone)
    known, place = line.names.of(BOOKING, line.booking_id), line.data["instrument_id"]
    if line.object == "displacement" and known is not None and known.instrument_id != place:
        where = instrument(line.names, place)
        text = N_("%(text)s It is on another instrument: %(instrument)s.", text=text, instrument=where)
    return about(line, text)


def about(line: Line, text: Text) -> Text:
    """The booking as it was then, where the fact says so, or else as it is now; then what happened to it."""
    known = line.names.of(BOOKING, line.booking_id)
    if known is None or line.object in ("booking", "reminder"):
        place, start, end = line.data["instrument_id"], *map(_moment, (line.data["starts_at"], line.data["ends_at"]))
    else:
        place, start, end = known.instrument_id, known.starts_at, known.ends_at
    whose = known.company_id if line.company_id is None and known else line.company_id
    return N_(
        "Booking %(number)s of %(company)s, %(instrument)s, %(slot)s: %(text)s",
        number=line.booking_id,
        company=line.company or company(line.names, whose),
        instrument=instrument(line.names, place),
        slot=span(start, end, line.zone),
        text=text,
    )


def _moment(said: str) -> datetime:
    return datetime.fromisoformat(said)


def _due(line: Line) -> Text:
    until = _moment(line.data["decide_by"]).astimezone(line.zone)
    if line.data.get("awaiting"):
        return about(line, N_("It waits for its company's admins until %(until)s; they were reminded.", until=until))
    if line.data["escalated"]:
        return about(line, N_("It still waits for an answer until %(until)s; now the deputies are told.", until=until))
    return about(line, N_("It waits for an answer until %(until)s; the managers were reminded.", until=until))


def _coming_up(line: Line) -> Text:
    return about(line, N_("It begins within a day; its people were reminded."))


TOLD: Table = {
    **dict.fromkeys(KINDS, _of_booking),
    events.AnswerDue.kind(): _due,
    events.BookingComingUp.kind(): _coming_up,
}
