"""Bookings by page: the same rules, the same refusals, and nothing a rival could read."""

from __future__ import annotations

import re

import pytest

from labshare.kernel import clock
from labshare.notifications.jobs import DELIVER
from tests.booking.conftest import at
from tests.cast import Cast


def form(start: str, end: str, **more: str) -> dict[str, str]:
    asked = {"instrument": "SEM-01", "starts_at": f"{at(start):%Y-%m-%dT%H:%M}", "ends_at": f"{at(end):%Y-%m-%dT%H:%M}"}
    return {**asked, "purpose": "Fracture surfaces", **more}


def test_mei_asks_by_form_and_sees_it_waiting(cast: Cast) -> None:
    mei = cast.browser("mei")
    sent = mei.post("/bookings", data=form("09:00", "11:00", retry_key="k1"))
    assert sent.status_code == 303
    page = mei.get(sent.location).text
    assert "waiting for an answer" in page
    assert "Mei asked for" in page
    assert "SEM-01" in mei.get("/bookings").text


def test_pressing_twice_asks_once(cast: Cast) -> None:
    mei = cast.browser("mei")
    first, second = (mei.post("/bookings", data=form("09:00", "11:00", retry_key="same")) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert len(cast.api("mei").get("/bookings").json["items"]) == 1


def test_a_refusal_shows_the_form_again_with_reasons_and_ways_out(cast: Cast) -> None:
    cast.browser("mei").post("/bookings", data=form("09:00", "11:00"))
    page = cast.browser("bo").post("/bookings", data=form("10:00", "12:00", purpose="Keep my words"))
    assert page.status_code == 409
    assert "Somebody else holds this time" in page.text
    assert "Keep my words" in page.text
    assert re.search(r'class="alternatives"', page.text)
    assert "Aurora" not in page.text


def test_what_was_typed_stays_when_another_time_is_picked(cast: Cast) -> None:
    cast.browser("mei").post("/bookings", data=form("09:00", "11:00"))
    bo = cast.browser("bo")
    refused = bo.post("/bookings", data=form("10:00", "12:00", purpose="Keep my words")).text
    offer = re.search(r'name="pick" value="([^"]+)" formaction="([^"#]+)#ask"', refused)
    assert offer
    page = bo.post(offer[2], data=form("10:00", "12:00", purpose="Keep my words", pick=offer[1]))
    assert page.status_code == 200
    assert "Keep my words" in page.text
    assert "This can be had." in page.text
    assert f'value="{offer[1].split()[1]}"' in page.text
    assert cast.api("bo").get("/bookings").json["items"] == [], "nothing is asked yet"


@pytest.mark.parametrize("odd", ["", "x", "NO-SUCH a b", "SEM-01 soon later", "SEM-01 2026-01-01T00:00 x y z"])
def test_picking_nonsense_shows_the_form(cast: Cast, odd: str) -> None:
    answer = cast.browser("mei").post("/bookings/new", data=form("09:00", "11:00", pick=odd))
    assert answer.status_code in (200, 422)
    assert "Ask for time" in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("starts_at", "soon"), ("ends_at", ""), ("purpose", ""), ("starts_at", "9999-12-31T23:59"), ("company", "x")],
)
def test_a_bad_field_is_marked_and_nothing_is_asked(cast: Cast, field: str, value: str) -> None:
    page = cast.browser("mei").post("/bookings", data=form("09:00", "11:00") | {field: value})
    assert page.status_code == 422
    assert f'href="#f-{field}"' in page.text
    assert cast.api("mei").get("/bookings").json["items"] == []


def test_the_form_shows_the_free_starts_of_a_day_and_the_verdict_beforehand(cast: Cast) -> None:
    cast.api("bo").post(
        "/bookings",
        {**form("10:00", "12:00"), "starts_at": at("10:00").isoformat(), "ends_at": at("12:00").isoformat()},
    )
    mei = cast.browser("mei")
    asked = {"instrument": "SEM-01", "day": f"{at('00:00'):%Y-%m-%d}", "minutes": "60"}
    page = mei.get("/bookings/new", query_string=asked).text
    assert ">08:30<" in page
    assert ">10:30<" not in page
    chosen = asked | {name: value for name, value in form("08:30", "09:30").items() if name.endswith("_at")}
    assert "This can be had." in mei.get("/bookings/new", query_string=chosen).text
    verdict = mei.post("/bookings/check", data=form("10:30", "11:30"), headers={"HX-Request": "true"}).text
    assert verdict.strip().startswith('<div id="verdict"')
    assert "This cannot be had:" in verdict


def test_li_answers_from_the_queue_and_mei_reads_it_in_her_inbox(cast: Cast) -> None:
    cast.browser("mei").post("/bookings", data=form("09:00", "11:00"))
    li = cast.browser("li")
    queue = li.get("/queue").text
    assert "Aurora Displays" in queue
    number = re.search(r"/bookings/(\d+)/approve", queue)[1]  # type: ignore[index]
    answered = li.post(f"/bookings/{number}/approve", data={"version": "1", "next": "/queue"})
    assert (answered.status_code, answered.location) == (303, "/queue")
    assert "Nothing waits for you" in li.get("/queue").text
    assert DELIVER.run is not None
    DELIVER.run(clock.now())
    inbox = cast.browser("mei").get("/inbox").text
    assert "Li approved SEM-01" in inbox
    assert 'class="unread"' in inbox


def test_bookings_are_listed_by_their_state(cast: Cast) -> None:
    number = cast.browser("mei").post("/bookings", data=form("09:00", "11:00")).location.rsplit("/", 1)[1]
    cast.browser("li").post(f"/bookings/{number}/reject", data={"version": "1", "reason": "The gun is being changed."})
    mei = cast.browser("mei")
    assert f"/bookings/{number}" in mei.get("/bookings?state=rejected").text
    assert f"/bookings/{number}" not in mei.get("/bookings?state=approved").text
    assert f"/bookings/{number}" not in mei.get("/bookings").text, "what was rejected is not to come"


def test_a_rejection_without_a_word_is_refused_on_the_page(cast: Cast) -> None:
    number = cast.browser("mei").post("/bookings", data=form("09:00", "11:00")).location.rsplit("/", 1)[1]
    page = cast.browser("li").post(f"/bookings/{number}/reject", data={"version": "1"})
    assert page.status_code == 422
    assert 'href="#f-reason"' in page.text


def test_the_week_and_the_overview_show_a_rival_only_busy(cast: Cast) -> None:
    cast.browser("mei").post("/bookings", data=form("09:00", "11:00", purpose="Secret alloy"))
    day = f"{at('09:00'):%Y-%m-%d}"
    for path in (f"/instruments/SEM-01/week?day={day}", f"/timeline?day={day}", f"/timeline?day={day}&span=week"):
        mine, theirs = cast.browser("mei").get(path).text, cast.browser("bo").get(path).text
        for word in ("Aurora", "Mei", "Secret"):
            assert word not in theirs
        if "span" not in path:
            assert "Aurora Displays" in mine
            assert "busy" in theirs


def test_a_booking_over_midnight_stands_on_both_days(cast: Cast) -> None:
    asked = {
        "instrument": "SEM-01",
        "purpose": "Night run",
        "starts_at": at("22:00").isoformat(),
        "ends_at": at("01:00", 3).isoformat(),
    }
    assert cast.api("mei").post("/bookings", asked).status_code == 201
    for days, hours in ((2, "22:00–24:00"), (3, "00:00–01:00")):
        page = cast.browser("mei").get(f"/timeline?day={at('12:00', days):%Y-%m-%d}").text
        assert hours in page


@pytest.mark.parametrize("query", ["day=junk", "day=0001-01-01", "day=9999-12-31", "category=x&site=y", "span=zz"])
def test_odd_addresses_show_a_page(cast: Cast, query: str) -> None:
    mei = cast.browser("mei")
    assert mei.get(f"/timeline?{query}").status_code == 200
    assert mei.get(f"/instruments/SEM-01/week?{query}").status_code == 200
    assert mei.get(f"/bookings/new?instrument=SEM-01&{query}&minutes=-5").status_code == 200


def test_the_page_speaks_chinese(cast: Cast) -> None:
    mei = cast.browser("mei")
    mei.post("/language", data={"language": "zh", "next": "/bookings"})
    page = mei.get("/instruments/SEM-01/week").text
    assert 'lang="zh-Hans-CN"' in page
    assert "扫描电子显微镜" in page
