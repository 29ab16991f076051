"""A booking as calendars take it: one event for its whole life, entered, changed and removed by what it is told."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from urllib.parse import urlsplit

import icalendar

from labshare.booking import lifecycle
from labshare.config import Settings
from labshare.notifications import recipes
from labshare.notifications.facts import Fact
from labshare.web.i18n import own


def method(fact: Fact, person_id: int | None = None) -> str | None:
    """Whether this person's calendar enters or removes the booking for this fact; None where it never heard of it.

    Whoever handed it over has it no more.
    """
    way = recipes.RECIPES[fact.kind].calendar
    if way is None or fact.booking is None:
        return None
    if person_id is not None and fact.data.get("old_person_id") == person_id:
        way = recipes.REMOVE
    approved = lifecycle.told(fact.kind, dict(fact.data)) == lifecycle.APPROVED
    return way if approved or fact.in_calendars else None


def event(fact: Fact, way: str, address: str, link: str, settings: Settings) -> bytes:
    """The fact for one person's calendar; the same bytes however often it is asked, in the reader's language."""
    about = fact.booking
    if about is None:
        raise ValueError("no booking, no event")
    entry = icalendar.Event()
    entry.add("uid", uid(about.id, settings))
    entry.add("sequence", fact.version or about.version)
    entry.add("dtstamp", _utc(fact.at))
    entry.add("dtstart", _utc(fact.moment("starts_at")))
    entry.add("dtend", _utc(fact.moment("ends_at")))
    entry.add("summary", in_one_line(f"{about.code} {own(about.name_en, about.name_zh)}"))
    entry.add("location", in_one_line(f"{own(about.site_en, about.site_zh)} {about.location}"))
    entry.add("description", in_lines(about.purpose))
    entry.add("url", link)
    entry.add("status", _status(fact, way))
    entry.add("organizer", icalendar.vCalAddress(f"mailto:{settings.mail_from}"))
    attendee = icalendar.vCalAddress(f"mailto:{address}")
    attendee.params["RSVP"] = icalendar.vText("FALSE")
    entry.add("attendee", attendee)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//LabShare//LabShare//EN")
    calendar.add("version", "2.0")
    calendar.add("method", way)
    calendar.add_component(entry)
    return bytes(calendar.to_ical())


def uid(booking_id: int, settings: Settings) -> str:
    """What names the booking in every calendar, for good."""
    return f"booking-{booking_id}@{urlsplit(settings.base_url).hostname or 'labshare'}"


def _status(fact: Fact, way: str) -> str:
    if way == recipes.REMOVE:
        return "CANCELLED"
    sure = (lifecycle.APPROVED, lifecycle.IN_USE)
    return "CONFIRMED" if lifecycle.told(fact.kind, dict(fact.data)) in sure else "TENTATIVE"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def in_one_line(text: str, most: int = 200) -> str:
    """The text with every control sign and line end made a blank: what people call things adds no header."""
    return " ".join(_plain(text, keep="").split())[:most]


def in_lines(text: str, most: int = 2000) -> str:
    """The text with its plain line ends, and every other control sign and line end made a blank."""
    return _plain(text.replace("\r\n", "\n"), keep="\n").strip()[:most]


def _plain(text: str, keep: str) -> str:
    return "".join(
        sign if sign in keep or unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp") else " " for sign in text
    )
