"""A booking in people's calendars: one event for its whole life, and nothing anybody wrote adds to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from labshare.booking import events as booking
from labshare.config import Settings
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.notifications import ics
from labshare.notifications.facts import About, Fact
from labshare.notifications.letters import Letter
from labshare.notifications.models import Delivery
from labshare.notifications.post import compose
from tests.notifications.conftest import House
from tests.notifications.reading import calendar_of, mails, parsed, post

SETTINGS = Settings(base_url="https://lab.example", mail_from="labshare@lab.example")


def events(folder: Path) -> list[tuple[str, icalendar.Event]]:
    """Method and event of every mail that carries one."""
    found = []
    for text in filter(None, map(calendar_of, mails(folder))):
        calendar = icalendar.Calendar.from_ical(text)
        [event] = calendar.walk("VEVENT")
        found.append((str(calendar["METHOD"]), event))
    return found


def moved(fact: dict[str, Any], days: int = 1) -> dict[str, Any]:
    later = {name: fact[name] + timedelta(days=days) for name in ("starts_at", "ends_at")}
    old = {f"old_{name}": fact[name] for name in ("starts_at", "ends_at")}
    return {**fact, **later, **old}


def test_approved_moved_and_cancelled_are_one_event_growing_older(house: House, tmp_path: Path) -> None:
    fact, li, chen = house.booking("mei"), house.cast.li, house.cast.chen
    house.happens(li, booking.BookingApproved(**{**fact, "version": 2}))
    house.happens(chen, booking.BookingMoved(**moved({**fact, "version": 3}), was="approved", state="requested"))
    house.happens(chen, booking.BookingCancelled(**{**fact, "version": 4}, was="requested"))
    post(clock.now())
    said = [(way, int(event["SEQUENCE"]), str(event["STATUS"])) for way, event in events(tmp_path)]
    assert said == [("REQUEST", 2, "CONFIRMED"), ("REQUEST", 3, "TENTATIVE"), ("CANCEL", 4, "CANCELLED")]
    assert {str(event["UID"]) for _way, event in events(tmp_path)} == {f"booking-{fact['object_id']}@labshare"}
    first, second, _third = (event for _way, event in events(tmp_path))
    assert (first.start, first.end) == (fact["starts_at"], fact["ends_at"])
    assert second.start == fact["starts_at"] + timedelta(days=1)
    assert first["DTSTART"].to_ical().endswith(b"Z"), "in UTC, which every calendar understands"
    assert str(first["ATTENDEE"]) == "mailto:mei@cast.labshare.test"


@pytest.mark.parametrize("end", ["rejected", "missed", "expired", "cancelled"])
@pytest.mark.parametrize("approved", [True, False])
def test_what_was_never_approved_is_in_no_calendar_and_is_not_taken_out_of_one(
    house: House, tmp_path: Path, end: str, approved: bool
) -> None:
    fact, li = house.booking("mei"), house.cast.li
    if approved:
        house.happens(li, booking.BookingApproved(**{**fact, "version": 2}))
    ends = {
        "rejected": lambda: booking.BookingRejected(**fact, answer="No"),
        "missed": lambda: booking.BookingMissed(**fact),
        "expired": lambda: booking.BookingExpired(**fact, decide_by=fact["starts_at"]),
        "cancelled": lambda: booking.BookingCancelled(**fact, was="requested"),
    }
    house.happens(SYSTEM if end in ("missed", "expired") else li, ends[end]())
    post(clock.now())
    ways = [way for way, event in events(tmp_path) if "mei@" in str(event["ATTENDEE"])]
    assert ways == (["REQUEST", "CANCEL"] if approved else [])


def test_what_mei_does_herself_corrects_her_calendar_and_is_no_news_to_her(house: House, tmp_path: Path) -> None:
    fact, mei = house.booking("mei"), house.cast.mei
    house.happens(mei, booking.BookingMoved(**moved(fact), was="requested", state="requested"))
    house.happens(house.cast.li, booking.BookingApproved(**{**fact, "version": 4}))
    house.happens(mei, booking.BookingMoved(**moved({**fact, "version": 5}), was="approved", state="requested"))
    house.happens(mei, booking.BookingCancelled(**{**fact, "version": 6}, was="requested"))
    post(clock.now())
    said = [(way, int(event["SEQUENCE"])) for way, event in events(tmp_path) if "mei@" in str(event["ATTENDEE"])]
    assert said == [("REQUEST", 4), ("REQUEST", 5), ("CANCEL", 6)]
    assert [mail["To"] for mail in mails(tmp_path)].count("mei@cast.labshare.test") == 3
    assert "mei" in house.told("booking_approved")
    assert "mei" not in house.told("booking_moved") | house.told("booking_cancelled")


def test_what_the_company_said_yes_to_stands_in_the_calendar_and_goes_out_of_it_again(
    house: House, tmp_path: Path
) -> None:
    fact, chen = house.booking("mei"), house.cast.chen
    house.happens(chen, booking.BookingEndorsed(**{**fact, "version": 2}, state="approved"))
    house.happens(house.cast.li, booking.BookingCancelled(**{**fact, "version": 3}, was="approved"))
    post(clock.now())
    said = [(way, int(event["SEQUENCE"]), str(event["STATUS"])) for way, event in events(tmp_path)]
    assert said == [("REQUEST", 2, "CONFIRMED"), ("CANCEL", 3, "CANCELLED")]


def test_what_the_laboratory_still_has_to_answer_is_in_no_calendar(house: House, tmp_path: Path) -> None:
    fact = house.booking("mei", "requested")
    house.happens(house.cast.chen, booking.BookingEndorsed(**fact, state="requested", decide_by=fact["starts_at"]))
    post(clock.now())
    assert events(tmp_path) == []


def test_time_that_mei_takes_herself_enters_her_calendar_and_is_no_news_to_her(house: House, tmp_path: Path) -> None:
    fact, mei = house.booking("mei"), house.cast.mei
    house.happens(mei, booking.BookingAccepted(**{**fact, "version": 2}, state="approved"))
    house.happens(mei, booking.BookingCancelled(**{**fact, "version": 3}, was="approved"))
    post(clock.now())
    assert [(way, int(event["SEQUENCE"])) for way, event in events(tmp_path)] == [("REQUEST", 2), ("CANCEL", 3)]
    assert house.told("booking_accepted") == set()


def test_time_that_waits_for_the_laboratory_enters_no_calendar(house: House, tmp_path: Path) -> None:
    fact = house.booking("mei", "requested")
    accepted = booking.BookingAccepted(**{**fact, "version": 2}, state="requested", decide_by=fact["starts_at"])
    house.happens(house.cast.chen, accepted)
    post(clock.now())
    assert events(tmp_path) == []


def test_what_is_handed_over_goes_from_one_calendar_into_the_other(house: House, tmp_path: Path) -> None:
    fact, people = house.booking("mei"), house.cast.people
    house.happens(house.cast.li, booking.BookingApproved(**{**fact, "version": 2}))
    hands = {"person_id": people["chen"], "old_person_id": people["mei"], "state": "approved"}
    house.happens(house.cast.mei, booking.BookingHandedOver(**{**fact, "version": 3}, **hands))
    post(clock.now())
    said = {(way, int(event["SEQUENCE"]), str(event["ATTENDEE"])) for way, event in events(tmp_path)}
    mei, chen = (f"mailto:{name}@cast.labshare.test" for name in ("mei", "chen"))
    assert said == {("REQUEST", 2, mei), ("CANCEL", 3, mei), ("REQUEST", 3, chen)}
    assert house.told("booking_handed_over") == {"chen"}  # what Mei did herself only her calendar hears


def test_another_end_is_another_end_in_the_calendar(house: House, tmp_path: Path) -> None:
    fact = house.booking("mei", "in_use")
    house.happens(house.cast.li, booking.BookingApproved(**{**fact, "version": 2}))
    later = {**fact, "version": 4, "ends_at": fact["ends_at"] + timedelta(hours=1)}
    house.happens(house.cast.mei, booking.BookingEndChanged(**later, old_ends_at=fact["ends_at"]))
    post(clock.now())
    _way, event = events(tmp_path)[-1]
    assert (str(event["STATUS"]), event.end) == ("CONFIRMED", later["ends_at"])


def test_who_is_only_asked_in_house_has_it_in_no_calendar(house: House, tmp_path: Path) -> None:
    fact = house.booking("mei")
    house.happens(house.cast.li, booking.BookingApproved(**{**fact, "version": 2}))
    how = {"was": "approved", "state": "requested", "awaiting": "company"}
    house.happens(house.cast.mei, booking.BookingMoved(**moved({**fact, "version": 3}), **how))
    post(clock.now())
    [letter] = [mail for mail in mails(tmp_path) if mail["To"] == "chen@cast.labshare.test"]
    assert calendar_of(letter) == ""


def test_managers_are_told_but_their_calendars_are_left_alone(house: House, tmp_path: Path) -> None:
    fact = house.booking("mei")
    house.happens(house.cast.li, booking.BookingApproved(**{**fact, "version": 2}))
    house.happens(house.cast.mei, booking.BookingCancelled(**fact, was="approved"))
    post(clock.now())
    [letter] = [mail for mail in mails(tmp_path) if mail["To"] == "li@cast.labshare.test"]
    assert calendar_of(letter) == ""


def test_a_second_copy_carries_the_same_event_byte_by_byte(house: House, tmp_path: Path, app: Flask) -> None:
    house.happens(house.cast.li, booking.BookingApproved(**house.booking("mei")))
    now = clock.now()
    post(now)
    [first] = mails(tmp_path)
    with house.untold() as tx:
        tx.execute(sa.update(Delivery).values(state="waiting"))
    assert post(now + timedelta(minutes=1)) == {"sent": 1}
    [second] = mails(tmp_path)
    assert first["Message-ID"] == second["Message-ID"]
    assert calendar_of(first) == calendar_of(second) != ""


def test_the_mail_says_what_the_event_is_for(house: House, tmp_path: Path) -> None:
    house.happens(house.cast.li, booking.BookingApproved(**house.booking("mei")))
    post(clock.now())
    [letter] = mails(tmp_path)
    [part] = letter.iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "REQUEST"
    assert part.get_filename() == "booking.ics"


# ---------------------------------------------------------------- hostile words

NASTY = st.text(
    st.one_of(st.sampled_from("\r\n\x00\x0b\x0c\x1c\x85\u2028\u2029,;:\\\"'=+-@\ud800BEGIN"), st.characters()),
    max_size=60,
) | st.sampled_from(["x\r\nBcc: thief@example.test", "x\nEND:VEVENT\nBEGIN:VEVENT", "=1+1", "x\r\n\r\nhello", "a\x00b"])
PROPERTIES = {
    *("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION", "URL", "STATUS"),
    *("ORGANIZER", "ATTENDEE"),
}


def hostile(title: str, place: str, purpose: str) -> Fact:
    now = clock.now()
    about = About(
        *(7, "approved", 2, now, now + timedelta(hours=1), purpose, False, "", 1, title, 1, title),
        *(1, title, title, title, place, 1, place, place, "Asia/Shanghai"),
    )
    said = {"starts_at": about.starts_at.isoformat(), "ends_at": about.ends_at.isoformat()}
    return Fact(1, now, "booking_approved", 7, 2, 1, 1, title, said, about)


@given(NASTY, NASTY, NASTY)
def test_nothing_anybody_wrote_adds_a_property_or_a_second_event(title: str, place: str, purpose: str) -> None:
    fact = hostile(title, place, purpose)
    raw = ics.event(fact, "REQUEST", "mei@lab.example", "https://lab.example/bookings/7", SETTINGS)
    calendar = icalendar.Calendar.from_ical(raw)
    assert set(calendar) == {"PRODID", "VERSION", "METHOD"}
    [event] = calendar.walk("VEVENT")
    assert len(calendar.walk()) == 2
    assert set(event) == PROPERTIES
    assert not any(isinstance(value, list) for value in event.values()), "no property came twice"
    assert str(event["SUMMARY"]) == ics.in_one_line(f"{title} {title}")
    assert str(event["DESCRIPTION"]) == ics.in_lines(purpose)
    for sign in ("\x00", "\x85", "\u2028", "\u2029", "\x0b"):
        assert sign not in raw.decode()


@example("0000 00¡¡¡¡¡¡¡¡ࠀ𐀀𐀀𐀀𐀀𐀀 ¡", "")  # the standard library's folding loses the last space
@example("on the SEM 预约已批准 " * 12, "")
@given(NASTY, NASTY)
def test_nothing_anybody_wrote_adds_a_header_or_an_addressee(subject: str, text: str) -> None:
    letter = Letter("fact-1-1", "mei@lab.example", subject, text, f"<p>{text}</p>", ("REQUEST", b"BEGIN:VCALENDAR\r\n"))
    mail = parsed(compose(letter, SETTINGS, clock.now()).as_bytes())
    assert sorted(mail.keys()) == sorted(
        ["Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert [one.addr_spec for one in mail["To"].addresses] == ["mei@lab.example"]
    assert [part.get_content_type() for part in mail.walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"),
    ]
    assert mail["Subject"] == ics.in_one_line(subject).replace("–", "-")
