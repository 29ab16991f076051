"""The company's side: why its time was taken, the time that is held for it, and its answer by one click."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from labshare.booking.jobs.offering import make_offers
from tests.maintenance.conftest import Lab
from tests.maintenance.reading import speaking, state_of, words_of

Statements = Callable[[], AbstractContextManager[list[str]]]


def displaced(lab: Lab, *, approved: bool = True) -> int:
    """Mei's booking of the second day at nine, which the laboratory needs itself; another time is held for it."""
    seen = lab.book(lab.cast.mei, 24, approved=approved)
    lab.plan(24, 4)
    make_offers(lab.now)
    return seen.id


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("The instrument is maintained then.", "Held for you until", "Take it", "Do without")),
        ("zh", ("该时段仪器需要维护。", "为您保留至", "选用", "放弃")),
    ],
)
def test_its_page_says_why_and_what_is_held_and_two_more(lab: Lab, language: str, words: tuple[str, ...]) -> None:
    number = displaced(lab)
    page = speaking(lab.cast.browser("mei"), language).get(f"/bookings/{number}").text
    for word in words:
        assert word in words_of(page)
    assert page.count(f'action="/bookings/{number}/accept"') == 3, "the one that is held, and two that are free"


def test_one_click_takes_the_time_that_is_held_and_either_booking_leads_to_the_other(lab: Lab) -> None:
    number = displaced(lab)
    mei = lab.cast.browser("mei")
    first, second = (mei.post(f"/bookings/{number}/accept", data={"retry_key": "k"}) for _ in range(2))
    assert (first.status_code, first.location) == (303, second.location)
    new = int(first.location.rsplit("/", 1)[1])
    assert state_of(new) == "approved"
    assert f'href="/bookings/{number}"' in mei.get(first.location).text
    old = mei.get(f"/bookings/{number}").text
    assert f'href="/bookings/{new}"' in old
    assert "/accept" not in old


def test_what_waited_for_an_answer_still_waits_for_one(lab: Lab) -> None:
    number = displaced(lab, approved=False)
    mei = lab.cast.browser("mei")
    assert "As before, the laboratory's yes is needed." in words_of(mei.get(f"/bookings/{number}").text).replace(
        "&#39;", "'"
    )
    taken = mei.post(f"/bookings/{number}/accept", data={})
    assert "waiting for an answer" in words_of(mei.get(taken.location).text)


def test_another_free_time_is_taken_by_its_own_button(lab: Lab) -> None:
    number = displaced(lab)
    mei = lab.cast.browser("mei")
    page = mei.get(f"/bookings/{number}").text
    found = re.search(
        r'name="instrument" value="(.+?)".*?starts_at" value="(.+?)".*?ends_at" value="(.+?)"', page, re.S
    )
    assert found is not None
    said = dict(zip(("instrument", "starts_at", "ends_at"), found.groups(), strict=True))
    taken = mei.post(f"/bookings/{number}/accept", data=said)
    assert taken.status_code == 303
    shown = lab.cast.api("mei").get(f"/bookings/{taken.location.rsplit('/', 1)[1]}").json
    assert shown["starts_at"] == said["starts_at"]


def test_a_time_that_is_taken_meanwhile_is_refused_with_the_reason(lab: Lab) -> None:
    number = displaced(lab)
    lab.book(lab.cast.bo, 40, approved=False)
    slot = lab.slot(40, 1)
    said = {"instrument": "SEM-01", "starts_at": slot.start.isoformat(), "ends_at": slot.end.isoformat()}
    page = lab.cast.browser("mei").post(f"/bookings/{number}/accept", data=said)
    assert page.status_code == 409
    assert "Somebody else holds this time" in words_of(page.text)
    assert "Take it" in page.text, "what is held is still to be had"
    assert lab.cast.browser("mei").post(f"/bookings/{number}/accept", data={"instrument": "SEM-01"}).status_code == 422


def test_who_does_without_is_asked_no_more(lab: Lab) -> None:
    number = displaced(lab)
    mei = lab.cast.browser("mei")
    assert mei.post(f"/bookings/{number}/decline", data={}).status_code == 303
    page = mei.get(f"/bookings/{number}").text
    assert "The company does without another time." in words_of(page)
    assert "/accept" not in page
    assert mei.post(f"/bookings/{number}/accept", data={}).status_code == 409


def test_the_laboratory_reads_it_and_cannot_answer_and_a_rival_finds_nothing(lab: Lab) -> None:
    number = displaced(lab)
    for who in ("li", "ada"):
        page = lab.cast.browser(who).get(f"/bookings/{number}").text
        assert "Held for you until" in page
        assert "/accept" not in page
        assert lab.cast.browser(who).post(f"/bookings/{number}/accept", data={}).status_code == 403
    assert lab.cast.browser("bo").post(f"/bookings/{number}/accept", data={}).status_code == 404


def test_the_list_and_the_start_page_say_that_something_needs_an_answer(lab: Lab) -> None:
    number = displaced(lab)
    mei, bo = lab.cast.browser("mei"), lab.cast.browser("bo")
    start = mei.get("/").text
    assert "Another time is held: your answer" in words_of(start)
    assert start.index(f'href="/bookings/{number}"') < start.index('class="stats"'), "it comes before all else"
    assert "Another time is held" not in bo.get("/").text
    listed = mei.get("/bookings?state=displaced").text
    assert f'href="/bookings/{number}"' in listed
    assert "needs an answer" in listed
    assert f'href="/bookings/{number}"' not in mei.get("/bookings?state=approved").text
    mei.post(f"/bookings/{number}/decline", data={})
    assert "Another time is held" not in mei.get("/").text
    assert "needs an answer" not in mei.get("/bookings?state=displaced").text


def test_held_time_is_an_offer_to_its_own_company_and_busy_to_others(lab: Lab) -> None:
    number = displaced(lab)
    window = {"from": lab.at(0).isoformat(), "to": lab.at(72).isoformat(), "instrument": "SEM-01"}

    def shown(who: str) -> list[tuple[str, int | None]]:
        items = lab.cast.api(who).get("/timeline", query_string=window).json["items"]
        return [(one["kind"], one.get("booking", {}).get("id")) for one in items if one["kind"] != "maintenance"]

    assert shown("mei") == shown("chen") == shown("li") == [("offer", number)]
    assert shown("bo") == [("busy", None)]
    items = lab.cast.api("mei").get("/timeline", query_string=window).json["items"]
    [mine] = [one for one in items if one["kind"] == "offer"]
    held = lab.cast.api("mei").get(f"/bookings/{number}").json["displaced"]["offer"]
    assert (mine["booking"]["starts_at"], mine["booking"]["ends_at"]) == (held["starts_at"], held["ends_at"])
    day = f"{lab.at(24):%Y-%m-%d}"
    for path in (f"/instruments/SEM-01/week?day={day}", f"/timeline?day={day}"):
        own, other = lab.cast.browser("mei").get(path).text, lab.cast.browser("bo").get(path).text
        assert "held for Aurora Displays" in own
        assert 'class="tl-claim offer" href=' in own
        assert "Aurora" not in other
        assert 'class="tl-claim offer" href=' not in other


def test_the_list_costs_the_same_however_many_need_an_answer(lab: Lab, statements: Statements) -> None:
    def counted() -> int:
        with statements() as said:
            assert lab.cast.browser("chen").get("/bookings?state=displaced").status_code == 200
        return len(said)

    displaced(lab)
    few = counted()
    for number in range(5):
        lab.book(lab.cast.mei, 48 + 2 * number)
    lab.plan(48, 10)
    make_offers(lab.now)
    assert counted() == few
