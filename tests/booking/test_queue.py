"""The queue points at what stands beyond a lowered allowance, and asks no more for many than for one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.booking.conftest import body
from tests.cast import Cast
from tests.quotas.conftest import Books, limit


def test_a_lab_manager_is_led_to_what_stands_beyond_a_lowered_allowance(
    cast: Cast, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    books, li, counted = Books(cast), cast.browser("li"), []
    link = 'href="/bookings/beyond"'
    for hours in ((), (9,), (11, 13, 15)):
        books.allow(limit(99))
        for hour in hours:
            number = cast.api("mei").post("/bookings", body(f"{hour:02}:00", f"{hour + 1:02}:00")).get_json()["id"]
            assert cast.api("li").post(f"/bookings/{number}/approve").status_code == 200
        books.allow(limit(0))
        with statements() as said:
            text = li.get("/queue").text
        counted.append(len(said))
        assert (link in text) == bool(hours), hours
    assert len(set(counted)) == 1, counted
    assert li.get("/bookings/beyond").status_code == 200
    books.allow()
    assert link not in li.get("/queue").text
