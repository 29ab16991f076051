"""What is seen with a phone in front of the instrument, and on the booking's page once it is used."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from labshare.booking.jobs.using import judge_use
from tests.booking.conftest import Turn, at
from tests.booking.test_using import booked, do, use
from tests.cast import Cast


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def sent(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that leads there."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form is not None, action
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0])
    return {name: unescape(value) for name, value in found}


def test_mei_checks_in_and_out_where_the_code_led_her(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("08:50")
    mei, here = cast.browser("mei"), "/instruments/SEM-01/here"
    page = mei.get(here)
    assert "Check in" in text(page)
    done = mei.post(f"/bookings/{number}/check-in", data=sent(page.text, f"/bookings/{number}/check-in"))
    assert (done.status_code, done.location) == (303, here)
    page = mei.get(here)
    assert "Aurora Displays" in text(page)
    turn("10:00")
    said = sent(page.text, f"/bookings/{number}/check-out") | {"samples": "3", "problem": "It hums"}
    assert mei.post(f"/bookings/{number}/check-out", data=said).location == here
    assert "Nobody is using it." in text(mei.get(here))
    assert (use(cast, number)["samples"], use(cast, number)["problem"]) == (3, "It hums")


def test_a_rival_reads_until_when_and_nothing_else(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("09:00")
    do(cast, number, "check-in")
    said = text(cast.browser("bo").get("/instruments/SEM-01/here"))
    assert "In use until" in said
    assert "11:00" in said
    assert "Aurora" not in said
    assert "Mei" not in said
    assert "Check out" not in said


def test_a_stranger_signs_in_and_comes_back(cast: Cast) -> None:
    answer = cast.app.test_client().get("/instruments/SEM-01/here")
    assert answer.status_code == 302
    assert "next=/instruments/SEM-01/here" in answer.location.replace("%2F", "/")


def test_li_prints_a_label_and_mei_does_not(cast: Cast) -> None:
    label = cast.browser("li").get("/instruments/SEM-01/label")
    assert 'src="data:image/svg+xml' in label.text
    assert "/instruments/SEM-01/here" in text(label)
    assert cast.browser("mei").get("/instruments/SEM-01/label").status_code == 403
    assert cast.browser("li").get("/instruments/NO-SUCH/label").status_code == 404


def test_a_refused_check_in_says_why_on_the_bookings_page(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("08:00")
    answer = cast.browser("mei").post(f"/bookings/{number}/check-in")
    assert answer.status_code == 409
    assert "Check-in opens at" in text(answer)


def test_the_page_tells_the_use_and_its_corrections(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("09:20")
    do(cast, number, "check-in")
    turn("10:50")
    do(cast, number, "check-out", {"samples": 4, "problem": "Beam drifts"})
    li = cast.browser("li")
    page = li.get(f"/bookings/{number}")
    assert "Correct what was used" in text(page)
    said = sent(page.text, f"/bookings/{number}/usage")
    said |= {
        "starts_at": at("09:00", 0).strftime("%Y-%m-%dT%H:%M"),
        "ends_at": at("10:45", 0).strftime("%Y-%m-%dT%H:%M"),
    }
    assert li.post(f"/bookings/{number}/usage", data=said).status_code == 422
    assert li.post(f"/bookings/{number}/usage", data=said | {"reason": "By the log"}).status_code == 303
    read = text(cast.browser("mei").get(f"/bookings/{number}"))
    for sentence in (
        "Mei checked in late.",
        "A problem was reported: Beam drifts",
        "By the log",
        "entered by the laboratory",
    ):
        assert sentence in read, sentence
    assert "Correct what was used" not in read


def test_every_outcome_has_its_sentence(cast: Cast, turn: Turn) -> None:
    missed, unended = booked(cast, "09:00", "10:00"), booked(cast, "11:00", "12:00")
    judge_use(turn("09:30"))
    turn("11:00")
    do(cast, unended, "check-in")
    judge_use(turn("13:00"))
    mei = cast.browser("mei")
    assert "Nobody came; the rest of the time was given to others." in text(mei.get(f"/bookings/{missed}"))
    assert "Nobody checked out; taken as used" in text(mei.get(f"/bookings/{unended}"))
    assert mei.get("/bookings?tab=past").status_code == 200
