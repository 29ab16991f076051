"""A company's month shows its own bookings on their days, and costs the same for many."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from labshare.booking.models import Booking
from labshare.kernel.db import transaction
from tests.booking.conftest import at
from tests.booking.test_board import book, copied
from tests.cast import Cast


def month_of(days: int = 2) -> str:
    return f"/bookings/calendar?month={at('09:00', days):%Y-%m}"


def test_a_companys_month_shows_its_bookings_and_nobody_elses(cast: Cast) -> None:
    mine, hers = book(cast, "mei", "09:00", "10:00"), book(cast, "chen", "11:00", "12:00")
    theirs = book(cast, "bo", "13:00", "14:00")
    mei = cast.browser("mei")
    page = mei.get(month_of()).text
    assert f'href="/bookings/{mine}"' in page
    assert f'href="/bookings/{hers}"' in page
    assert f'href="/bookings/{theirs}"' not in page
    only = mei.get(f"{month_of()}&mine=1").text
    assert f'href="/bookings/{mine}"' in only
    assert f'href="/bookings/{hers}"' not in only


def test_what_was_given_back_stands_in_no_month(cast: Cast) -> None:
    mine = book(cast, "mei", "09:00", "10:00")
    assert cast.api("mei").post(f"/bookings/{mine}/cancel", {}).status_code == 200
    page = cast.browser("mei").get(month_of()).text
    assert f'href="/bookings/{mine}"' not in page


def test_a_booking_over_midnight_stands_on_both_days(cast: Cast) -> None:
    made = cast.api("mei").post(
        "/bookings",
        {
            "instrument": "BAT-01",
            "starts_at": at("22:00").isoformat(),
            "ends_at": at("02:00", 3).isoformat(),
            "purpose": "Cycling",
        },
    )
    page = cast.browser("mei").get(month_of()).text
    assert page.count(f'href="/bookings/{made.get_json()["id"]}"') >= 1
    assert "22:00–24:00" in page


def test_an_empty_month_says_what_to_do(cast: Cast) -> None:
    page = cast.browser("mei").get("/bookings/calendar?month=2031-05").text
    assert "Nothing is booked in this month." in page
    assert "month=2031-04" in page
    assert "month=2031-06" in page


@pytest.mark.unsound  # its bookings are copies that hold no time
def test_a_month_asks_as_much_for_many_bookings_as_for_one(
    cast: Cast, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    mine, mei = book(cast, "mei", "09:00", "10:00"), cast.browser("mei")
    with statements() as few:
        mei.get(month_of())
    with transaction() as tx:
        for _number in range(30):
            copied(tx, Booking, mine)
        cast._tell(tx)
    with statements() as many:
        page = mei.get(month_of()).text
    assert page.count("SEM-01") > 30
    assert len(many) == len(few)
