"""Find me time: the earliest free times across instruments, a press away from the form."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.booking.conftest import at, body
from tests.cast import Cast


def found(cast: Cast, who: str = "mei", **asked: object) -> list[tuple[str, str]]:
    """The instruments and starts the page offers, in its order."""
    query = {"day": f"{at('09:00'):%Y-%m-%d}", "until": f"{at('09:00'):%Y-%m-%d}", "minutes": 60, **asked}
    page = cast.browser(who).get("/find", query_string=query)
    assert page.status_code == 200
    links = re.findall(r'href="(/bookings/new\?[^"]+)#ask"', unescape(page.text))
    said = [parse_qs(urlsplit(link).query) for link in links]
    return [(one["instrument"][0], one["starts_at"][0]) for one in said]


def test_the_first_free_time_of_each_instrument_is_offered_the_earliest_first(cast: Cast) -> None:
    every = found(cast)
    assert {code for code, _ in every} == {"SEM-01", "BAT-01"}
    assert every == sorted(every, key=lambda one: one[1])
    assert cast.api("bo").post("/bookings", body("00:00", "04:00")).status_code == 201
    later = dict(found(cast))
    assert later["BAT-01"] == dict(every)["BAT-01"]
    assert later["SEM-01"] > dict(every)["SEM-01"]


def test_a_press_leads_to_the_form_where_it_can_be_had(cast: Cast) -> None:
    day = f"{at('09:00'):%Y-%m-%d}"
    page = cast.browser("mei").get(f"/find?day={day}&until={day}&minutes=120&q=sem")
    link = re.search(r'href="(/bookings/new\?[^"]+)#ask"', page.text)
    assert link
    assert "This can be had." in cast.browser("mei").get(unescape(link[1])).text


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ({"q": "扫描"}, {"SEM-01"}),
        ({"q": "battery"}, {"BAT-01"}),
        ({"q": "nothing is called this"}, set()),
        ({"site": "WEST"}, set()),
        ({"minutes": 300}, {"BAT-01"}),
        ({"minutes": 7}, set()),
        ({"minutes": "soon", "day": "junk", "until": "9999-99-99"}, {"SEM-01", "BAT-01"}),
    ],
)
def test_what_is_asked_for_narrows_what_is_offered(cast: Cast, asked: dict[str, object], codes: set[str]) -> None:
    assert {code for code, _ in found(cast, **asked)} == codes


def test_an_empty_answer_says_what_to_do(cast: Cast) -> None:
    mei = cast.browser("mei")
    assert "Choose another category" in mei.get("/find?q=nothing+is+called+this").text
    assert "Look at later days" in mei.get("/find?minutes=7").text
    assert "not booked for so long or so short" in mei.get("/find?minutes=7").text


def test_no_more_days_are_looked_at_than_a_month(cast: Cast) -> None:
    page = cast.browser("mei").get(f"/find?day={at('09:00'):%Y-%m-%d}&until=2099-01-01").text
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until
    assert until[1] == f"{at('09:00', 32):%Y-%m-%d}"


def test_its_statements_do_not_grow_with_what_is_booked(
    cast: Cast, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    mei, counted = cast.browser("mei"), []
    for start in ("09:00", "12:00", "15:00"):
        mei.get("/find")
        with statements() as said:
            mei.get("/find")
        counted.append(len(said))
        assert cast.api("bo").post("/bookings", body(start, f"{int(start[:2]) + 1}:00")).status_code == 201
    assert len(set(counted)) == 1
    assert counted[0] <= 8
