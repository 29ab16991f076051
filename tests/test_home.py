"""The start page is each role's desk: what needs an answer first, and it costs the same however much there is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import conduct
from labshare.booking.models import Booking, ConductEntry, Restriction
from labshare.instruments.models import Instrument
from labshare.kernel import clock
from labshare.kernel.db import transaction
from labshare.maintenance.models import Window, WindowPlace
from labshare.people.models import Company
from tests.booking.conftest import Turn, at, body, turn
from tests.booking.test_answering_many import elsewhere
from tests.booking.test_board import book, check_in, copied
from tests.booking.test_conduct import entries, missed
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


def test_what_needs_an_answer_stands_before_the_first_steps(cast: Cast) -> None:
    asked = cast.api("mei").post("/bookings", body("09:00", "10:00", days=3)).get_json()["id"]
    other = {"starts_at": at("13:00", 3).isoformat(), "ends_at": at("14:00", 3).isoformat()}
    assert cast.api("li").post(f"/bookings/{asked}/offer", {**other, "reason": "In use by then"}).status_code == 200
    page = cast.browser("mei").get("/").text
    assert page.index('id="asking-title"') < page.index("First steps")


def test_a_manager_finds_the_maintenance_of_the_next_days_of_the_own_sites(cast: Cast) -> None:
    assert "None is planned for the next 7 days." in cast.browser("li").get("/").text
    near, far = (plan(cast, days) for days in (2, 9))
    page = cast.browser("li").get("/").text
    assert f'href="/maintenance/windows/{near}"' in page
    assert f'href="/maintenance/windows/{far}"' not in page
    elsewhere(cast)
    assert f"/maintenance/windows/{near}" not in cast.browser("wei").get("/").text
    assert f"/maintenance/windows/{near}" in cast.browser("ada").get("/").text


def test_a_manager_finds_objections_until_they_are_answered_and_who_may_not_ask(cast: Cast, turn: Turn) -> None:
    missed(cast, turn, 2)
    first = entries(cast)[-1]["id"]
    page = cast.browser("li").get("/").text.partition(">Conduct record</h2>")[2]
    assert "May not ask for time now" in page
    assert "Objections to what counts" not in page
    assert cast.api("mei").post(f"/conduct/{first}/object", {"objection": "The door was locked."}).status_code == 200
    page = cast.browser("li").get("/").text.partition(">Conduct record</h2>")[2]
    assert "Objections to what counts" in page
    assert f'href="/companies/{cast.aurora}/conduct"' in page
    assert cast.api("li").post(f"/conduct/{first}/lift", {"reason": "So it was."}).status_code == 200
    assert "Nobody objects" in cast.browser("li").get("/").text


def test_an_objection_is_the_matter_of_those_who_may_lift_it(cast: Cast, turn: Turn) -> None:
    missed(cast, turn)
    number = entries(cast)[0]["id"]
    assert cast.api("mei").post(f"/conduct/{number}/object", {"objection": "The door was locked."}).status_code == 200
    elsewhere(cast)
    found = {name: conduct.objections(cast.actor(name), clock.now(), 5) for name in ("mei", "chen", "wei", "li", "ada")}
    assert {name: len(some) for name, some in found.items()} == {"mei": 0, "chen": 0, "wei": 0, "li": 1, "ada": 1}


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
    missed(cast, turn, 2, start="08:00")
    entry = entries(cast)[0]["id"]
    assert cast.api("mei").post(f"/conduct/{entry}/object", {"objection": "I came"}).status_code == 200
    turn("09:05")
    window, now = plan(cast, 3), clock.now()
    few = counted(cast, name, statements)
    with transaction() as tx:
        for number in range(9):
            place = copied(tx, Instrument, cast.sem, code=f"SEM-{number + 50}")
            for state in ("in_use", "requested", "offered", "approved"):
                later = {"starts_at": at("15:00", 1), "ends_at": at("16:00", 1), "decide_by": now + timedelta(hours=5)}
                copied(tx, Booking, booking, instrument_id=place, state=state, **({} if state == "in_use" else later))
            over = copied(tx, Booking, booking, instrument_id=place, state="missed")
            copied(tx, ConductEntry, entry, booking_id=over)
            copied(tx, Restriction, 1)
            again = copied(tx, Window, window)
            tx.execute(sa.insert(WindowPlace).values(window_id=again, instrument_id=place))
            copied(tx, Company, cast.borealis, org_id=f"91990000MA000{number}", name=f"Firm {number}", state="pending")
        cast._tell(tx)
    assert counted(cast, name, statements) == few


def plan(cast: Cast, days: int) -> int:
    """Maintenance of SEM-01 so many days ahead; the window's id."""
    slot = {"starts_at": at("15:00", days).isoformat(), "ends_at": at("16:00", days).isoformat()}
    made = cast.api("li").post("/maintenance-windows", {"instruments": ["SEM-01"], "kind": "preventive", **slot})
    assert made.status_code == 201, made.get_json()
    return int(made.get_json()["id"])


def counted(cast: Cast, name: str, statements: Statements) -> Any:
    """How many statements the person's start page takes, once the process knows the opening hours."""
    browser = cast.browser(name)
    browser.get("/")
    with statements() as said:
        assert browser.get("/").status_code == 200
    return len(said)
