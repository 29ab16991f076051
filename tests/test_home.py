"""The start page is each role's desk: what needs an answer first, and it costs the same however much there is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from labshare.booking.models import Booking
from labshare.instruments.models import Instrument
from labshare.kernel import clock
from labshare.kernel.db import transaction
from labshare.people.models import Company
from tests.booking.conftest import Turn, at, body, turn
from tests.booking.test_board import book, check_in, copied
from tests.cast import Cast
from tests.quotas.conftest import Books, books, limit

__all__ = ["books", "turn"]
Statements = Callable[[], AbstractContextManager[list[str]]]


def test_a_member_finds_what_runs_what_comes_and_what_waits(cast: Cast, turn: Turn) -> None:
    running, coming = book(cast, "mei", "09:00", "10:00"), book(cast, "mei", "11:00", "12:00", days=3)
    asked = cast.api("mei").post("/bookings", body("13:00", "14:00", days=3)).get_json()["id"]
    theirs = book(cast, "bo", "15:00", "16:00", days=3)
    turn("09:00")
    check_in(cast, "mei", running)
    page = cast.browser("mei").get("/").text
    assert f'href="/bookings/{running}#at-the-instrument"' in page
    parts = {title: page.index(title) for title in ("Running now", "Coming up", "Waiting for the laboratory</h2>")}
    assert list(parts) == sorted(parts, key=lambda title: parts[title])
    assert parts["Coming up"] < page.index(f'href="/bookings/{coming}"') < page.index(f'href="/bookings/{asked}"')
    assert f"/bookings/{theirs}" not in page


def test_the_hours_left_stand_on_the_companys_start_page(cast: Cast, books: Books) -> None:
    books.allow(limit(10), limit(5, period="month"))
    cast.api("mei").post("/bookings", body("09:00", "11:00"))
    page = cast.browser("mei").get("/").text
    assert "8 h left of 10 h" in page
    assert "Nothing limits" not in page
    assert "Nothing limits" in cast.browser("bo").get("/").text


def test_people_are_a_matter_of_the_companys_admin(cast: Cast) -> None:
    assert "2 people have access." in cast.browser("chen").get("/").text
    assert "people have access" not in cast.browser("mei").get("/").text


def test_a_manager_is_led_to_the_board_and_to_what_is_urgent(cast: Cast) -> None:
    asked = cast.api("mei").post("/bookings", body("09:00", "10:00")).get_json()["id"]
    page = cast.browser("li").get("/").text
    assert 'href="/board"' in page
    assert f'href="/bookings/{asked}"' in page
    assert 'href="/board"' not in cast.browser("mei").get("/").text


def test_an_admin_finds_what_to_look_after_and_what_was_changed(cast: Cast) -> None:
    version = cast.api("ada").get("/instruments/SEM-01").get_json()["version"]
    changed = {"location": "Room 7", "version": version}
    assert cast.api("li").patch("/instruments/SEM-01", changed).status_code == 200
    page = cast.browser("ada").get("/").text
    assert "the holiday notice is not taken in" in page
    assert "Jobs late or failed" in page
    assert "Last changes" in page
    assert "Li changed SEM-01" in page.partition("Last changes")[2]
    assert "Last changes" not in cast.browser("li").get("/").text


@pytest.mark.unsound  # its bookings are copies that hold no time
@pytest.mark.parametrize("name", ["mei", "chen", "li", "ada"])
def test_the_start_page_asks_as_much_for_much_as_for_little(
    cast: Cast, books: Books, turn: Turn, statements: Statements, name: str
) -> None:
    books.allow(limit(10))
    booking = book(cast, "mei", "09:00", "10:00")
    turn("09:05")
    few = counted(cast, name, statements)
    now = clock.now()
    with transaction() as tx:
        for number in range(9):
            place = copied(tx, Instrument, cast.sem, code=f"SEM-{number + 50}")
            for state in ("in_use", "requested", "offered", "approved"):
                later = {"starts_at": at("15:00", 1), "ends_at": at("16:00", 1), "decide_by": now + timedelta(hours=5)}
                copied(tx, Booking, booking, instrument_id=place, state=state, **({} if state == "in_use" else later))
            copied(tx, Company, cast.borealis, org_id=f"91990000MA000{number}", name=f"Firm {number}", state="pending")
        cast._tell(tx)
    assert counted(cast, name, statements) == few


def counted(cast: Cast, name: str, statements: Statements) -> Any:
    """How many statements the person's start page takes, once the process knows the opening hours."""
    browser = cast.browser(name)
    browser.get("/")
    with statements() as said:
        assert browser.get("/").status_code == 200
    return len(said)
