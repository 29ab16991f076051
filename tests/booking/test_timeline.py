"""The timeline's pages: what of it the reader may move, how they renew themselves, and what a refused move says."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.booking.conftest import at
from tests.cast import Cast

RENEW = {"HX-Request": "true"}
DAY = 2  # days from now, as `at` has it


def week(code: str = "SEM-01", **more: str) -> str:
    said = "&".join(f"{name}={value}" for name, value in {"day": f"{at('09:00'):%Y-%m-%d}", **more}.items())
    return f"/instruments/{code}/week?{said}"


def booked(cast: Cast, who: str = "mei", start: str = "09:00", end: str = "11:00", **more: Any) -> int:
    asked = {"instrument": "SEM-01", "purpose": "Fracture surfaces", "starts_at": at(start).isoformat()}
    sent = cast.api(who).post("/bookings", {**asked, "ends_at": at(end).isoformat(), **more})
    assert sent.status_code == 201, sent.text
    return int(sent.json["id"])


def moved(browser: FlaskClient, booking_id: int, start: str, end: str, **more: str) -> Any:
    times = {"starts_at": f"{at(start):%Y-%m-%dT%H:%M}", "ends_at": f"{at(end):%Y-%m-%dT%H:%M}"}
    return browser.post(
        f"/bookings/{booking_id}/move", data={**times, "version": "1", "next": week(), **more}, headers=RENEW
    )


def test_who_asked_may_drag_it_and_others_may_not(cast: Cast) -> None:
    number = booked(cast)
    drawn = re.compile(rf'href="/bookings/{number}"[^>]*data-at="([^"]+)" data-long="(\d+)" data-version="1"')
    for path in (week(), f"/timeline?day={at('09:00'):%Y-%m-%d}"):
        mine = drawn.search(cast.browser("mei").get(path).text)
        assert mine is not None
        assert mine.groups() == (f"{at('09:00'):%Y-%m-%dT%H:%M}", "120")
        for who in ("li", "bo", "ada"):
            assert "data-at" not in cast.browser(who).get(path).text, who


def test_what_was_approved_is_asked_about_before_it_is_moved(cast: Cast) -> None:
    number = booked(cast)
    assert " data-asks" not in cast.browser("mei").get(week()).text
    assert cast.api("li").post(f"/bookings/{number}/approve").status_code == 200
    assert " data-asks" in cast.browser("mei").get(week()).text


def test_a_page_that_is_open_is_told_only_what_is_new(cast: Cast) -> None:
    for path in (week(), week(span="weeks"), f"/timeline?day={at('09:00'):%Y-%m-%d}"):
        mei = cast.browser("mei")
        mark = re.search(r'data-renew="(\w+)"', mei.get(path).text)[1]  # type: ignore[index]
        asks = {**RENEW, "If-None-Match": f'"{mark}"'}
        same = mei.get(path, headers=asks)
        assert (same.status_code, same.data) == (304, b"")
        number = booked(cast, "bo")
        anew = mei.get(path, headers=asks)
        assert anew.status_code == 200
        assert anew.text.lstrip().startswith("<div"), "only the part that changes"
        assert "busy" in anew.text
        assert cast.api("bo").post(f"/bookings/{number}/cancel").status_code == 200
        assert mei.get(path, headers=asks).status_code == 304, "what is as it was need not be told"


def test_another_language_is_something_new(cast: Cast) -> None:
    mei = cast.browser("mei")
    mark = mei.get(week()).headers["ETag"]
    mei.post("/language", data={"language": "zh", "next": "/"})
    assert mei.get(week(), headers={**RENEW, "If-None-Match": mark}).status_code == 200


def test_a_move_answers_with_the_timeline_as_it_is_then(cast: Cast) -> None:
    mei, number = cast.browser("mei"), booked(cast)
    answer = moved(mei, number, "13:00", "14:00")
    assert (answer.status_code, answer.location) == (303, week())
    told = mei.get(answer.location, headers=RENEW).text
    assert "13:00–14:00" in told
    assert "Moved." not in mei.get("/bookings").text, "the timeline says it itself"


def test_a_refused_move_says_why_and_what_is_free_and_moves_nothing(cast: Cast) -> None:
    booked(cast, "bo", "13:00", "15:00")
    mei, number = cast.browser("mei"), booked(cast)
    answer = moved(mei, number, "14:00", "16:00")
    assert answer.status_code == 409
    assert answer.text.lstrip().startswith("<div"), "a part, not a page"
    assert "Somebody else holds this time" in answer.text
    other = re.search(rf'href="(/bookings/{number}\?[^"]+#move)"', answer.text)
    assert other, "another time fills the form of the booking's own page"
    page = mei.get(other[1].replace("&amp;", "&").partition("#")[0]).text
    assert re.search(r'<details id="move"[^>]* open', page)
    assert cast.api("mei").get(f"/bookings/{number}").json["version"] == 1


def test_it_is_drawn_from_opening_to_closing(cast: Cast) -> None:
    drawn = re.search(r'data-from="(\d+)" data-to="(\d+)"', cast.browser("mei").get(week()).text)
    assert drawn
    first, last = (int(one) for one in drawn.groups())
    assert 0 <= first < last <= 1440


@pytest.mark.parametrize(("span", "days"), [("day", 1), ("week", 7), ("weeks", 14), ("odd", 7)])
def test_one_instrument_has_a_row_a_day(cast: Cast, span: str, days: int) -> None:
    assert cast.browser("mei").get(week(span=span)).text.count("data-day=") == days


def test_its_statements_do_not_grow_with_what_is_booked(
    cast: Cast, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    mei = cast.browser("mei")
    counted = []
    for start in ("09:00", "11:00", "13:00", "15:00"):
        mei.get(week())
        with statements() as said:
            mei.get(week())
            mei.get(f"/timeline?day={at('09:00'):%Y-%m-%d}")
        counted.append(len(said))
        booked(cast, "mei", start, f"{int(start[:2]) + 1}:00")
    assert len(set(counted)) == 1


def test_the_dry_run_says_by_when_it_would_be_answered_as_the_request_is_then(cast: Cast) -> None:
    asked = {"instrument": "SEM-01", "starts_at": at("09:00").isoformat(), "ends_at": at("11:00").isoformat()}
    foreseen = cast.api("mei").post("/bookings/check", asked).json["decide_by"]
    page = cast.browser("mei").post("/bookings/check", data={**asked, "purpose": "x"}).text
    assert "answered by" in page
    told = cast.api("mei").post("/bookings", {**asked, "purpose": "Fracture surfaces"}).json["decide_by"]
    apart = datetime.fromisoformat(told) - datetime.fromisoformat(foreseen)
    assert timedelta(0) <= apart < timedelta(minutes=1)


def test_the_dry_run_says_where_nobody_needs_to_be_asked(cast: Cast) -> None:
    asked = {"instrument": "BAT-01", "starts_at": at("09:00").isoformat(), "ends_at": at("11:00").isoformat()}
    assert cast.api("mei").post("/bookings/check", asked).json["decide_by"] is None
    page = cast.browser("mei").post("/bookings/check", data={**asked, "purpose": "x"}).text
    assert "it is yours at once" in page
