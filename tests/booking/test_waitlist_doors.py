"""The waiting list by both doors: joined where a request is refused, seen by those who may, taken by one click."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from labshare.booking import queries
from labshare.booking import services as booking
from labshare.booking.jobs.waitlist import offer_freed_time
from labshare.kernel.actor import SYSTEM
from labshare.kernel.slots import Slot
from tests.booking.test_waitlist import offered, taken, wait_of
from tests.booking.waiting_room import joins, states, wait_for
from tests.maintenance.conftest import Lab, lab
from tests.maintenance.reading import words_of
from tests.maintenance.test_planning import state_of

__all__ = ["lab"]
Statements = Callable[[], AbstractContextManager[list[str]]]


def said(slot: Slot, **more: Any) -> dict[str, Any]:
    times = {"starts_at": slot.start.isoformat(), "ends_at": slot.end.isoformat()}
    return {"instrument": "SEM-01", "purpose": "Fracture surfaces", **times, **more}


def form(lab: Lab, slot: Slot, **more: str) -> dict[str, str]:
    zone = queries.catalogue.known("SEM-01").zone
    times = {"starts_at": slot.start, "ends_at": slot.end}
    local = {name: at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") for name, at in times.items()}
    return {"instrument": "SEM-01", "purpose": "Fracture surfaces", **local, **more}


# ---------------------------------------------------------------- by JSON


def test_one_joins_looks_and_leaves_by_json(lab: Lab) -> None:
    _, slot = taken(lab)
    mei = lab.cast.api("mei")
    key = {"Idempotency-Key": "once"}
    first, second = (mei.post("/waitlist", said(slot), headers=key) for _ in range(2))
    assert (first.status_code, first.data) == (201, second.data)
    entry = first.json
    assert (entry["state"], entry["position"], entry["booking"]) == ("waiting", 1, None)
    assert (entry["instrument"]["code"], entry["company"]["name"]) == ("SEM-01", "Aurora Displays")
    assert mei.get("/waitlist").json == {"items": [entry], "next": None}
    assert mei.get(f"/waitlist/{entry['id']}").json == entry
    assert mei.get("/waitlist?state=left&instrument=SEM-01").json["items"] == []
    left = mei.delete(f"/waitlist/{entry['id']}")
    assert (left.status_code, left.json["state"], left.json["position"]) == (200, "left", None)
    again = mei.delete(f"/waitlist/{entry['id']}")
    assert (again.status_code, again.json["code"]) == (409, "wrong_state")


def test_a_refusal_says_every_reason_and_what_else_is_free(lab: Lab) -> None:
    _, slot = taken(lab)
    refused = lab.cast.api("mei").post("/waitlist", said(Slot(slot.start, slot.end + timedelta(hours=6))))
    assert refused.status_code == 409
    assert [one["code"] for one in refused.json["reasons"]] == ["too_long"]
    free = lab.cast.api("mei").post("/waitlist", said(lab.slot(60, 1)))
    assert (free.status_code, free.json["code"], bool(free.json["alternatives"])) == (409, "slot_free", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"instrument": "NO-SUCH"}, {"purpose": ""}, {"starts_at": "tomorrow"}, {"company": "aurora"}, {"more": 1},
        {"purpose": "x" * 2001}, {"instrument": None},
    ],
)  # fmt: skip
def test_a_body_that_breaks_its_form_is_told_which_field(lab: Lab, wrong: dict[str, Any]) -> None:
    refused = lab.cast.api("mei").post("/waitlist", said(taken(lab)[1]) | wrong)
    assert refused.status_code == 422, refused.json
    assert set(refused.json["errors"]) == set(wrong)


def test_another_companys_place_does_not_exist_and_staff_see_those_at_their_sites(lab: Lab) -> None:
    entry = wait_for(lab.cast.mei, taken(lab)[1])
    bo, li = lab.cast.api("bo"), lab.cast.api("li")
    for answer in (bo.get(f"/waitlist/{entry.id}"), bo.delete(f"/waitlist/{entry.id}")):
        assert answer.status_code == 404
    assert bo.get("/waitlist").json["items"] == []
    assert "Aurora" not in lab.cast.browser("bo").get("/waitlist").text
    assert [one["id"] for one in li.get("/waitlist").json["items"]] == [entry.id]
    assert "Aurora Displays" in lab.cast.browser("li").get("/waitlist").text
    assert bo.post("/waitlist", said(entry.slot, company=lab.cast.aurora)).status_code == 404


def test_what_is_held_is_named_and_declined_by_json(lab: Lab) -> None:
    number = offered(lab)
    mei = lab.cast.api("mei")
    [entry] = mei.get("/waitlist").json["items"]
    assert (entry["state"], entry["booking"]) == ("offered", number)
    shown = mei.get(f"/bookings/{number}").json
    assert (shown["state"], shown["awaiting"], bool(shown["decide_by"])) == ("offered", "company", True)
    assert mei.post(f"/bookings/{number}/decline").json["state"] == "cancelled"
    assert mei.get(f"/waitlist/{entry['id']}").json["state"] == "passed"


@pytest.mark.parametrize("path", ["/api/v1/waitlist", "/waitlist"])
def test_a_long_list_asks_no_more_of_the_database_than_a_short_one(lab: Lab, statements: Statements, path: str) -> None:
    counted = []
    for round_ in range(2):
        for number in range(1 + 4 * round_):
            wait_for(lab.cast.mei, lab.book(lab.cast.bo, 48 + 2 * (number + 10 * round_), 1).slot)
        ask = lab.cast.api("mei").get if path.startswith("/api") else lab.cast.browser("mei").get
        ask(path)
        with statements() as told:
            assert ask(path).status_code == 200
        counted.append(len(told))
    assert len(set(counted)) == 1, counted


# ---------------------------------------------------------------- by page


def test_where_others_have_the_time_the_form_offers_a_place_in_line_and_takes_it(lab: Lab) -> None:
    _, slot = taken(lab)
    mei = lab.cast.browser("mei")
    refused = mei.post("/bookings", data=form(lab, slot))
    assert refused.status_code == 409
    assert 'formaction="/waitlist"' in refused.text
    assert 'formaction="/waitlist"' in mei.post("/bookings/check", data=form(lab, slot)).text
    sent = mei.post("/waitlist", data=form(lab, slot, retry_key="k"))
    assert (sent.status_code, sent.location) == (303, "/waitlist")
    page = mei.get("/waitlist").text
    assert "Scanning electron microscope" in page
    assert "in line" in words_of(page)
    assert states() == {"Aurora Displays": "waiting"}


def test_where_it_is_no_question_of_others_there_is_no_line_to_join(lab: Lab) -> None:
    mei = lab.cast.browser("mei")
    for slot in (lab.slot(60, 9), lab.slot(60, 1)):
        assert 'formaction="/waitlist"' not in mei.post("/bookings/check", data=form(lab, slot)).text
    refused = mei.post("/waitlist", data=form(lab, lab.slot(60, 1)))
    assert refused.status_code == 409
    assert "it can be booked" in words_of(refused.text)
    assert mei.post("/waitlist", data={"instrument": "NO-SUCH"}).status_code == 422
    assert mei.post("/waitlist", data={"instrument": "SEM-01"}).status_code == 422


def test_one_leaves_the_line_by_a_button_and_twice_is_told_so(lab: Lab) -> None:
    entry = wait_for(lab.cast.mei, taken(lab)[1])
    mei = lab.cast.browser("mei")
    assert f'action="/waitlist/{entry.id}/leave"' in mei.get("/waitlist").text
    assert mei.post(f"/waitlist/{entry.id}/leave").status_code == 303
    assert mei.post(f"/waitlist/{entry.id}/leave").status_code == 409
    assert f'action="/waitlist/{entry.id}/leave"' not in mei.get("/waitlist?state=left").text


def test_the_bookings_page_says_until_when_it_is_held_and_one_click_takes_it(lab: Lab) -> None:
    number = offered(lab, "BAT-01")
    mei = lab.cast.browser("mei")
    page = words_of(mei.get(f"/bookings/{number}").text)
    for word in ("The time you waited for is free", "Held for you until", "Take it", "Do without", "1 h"):
        assert word in page, word
    assert "needs an answer" in mei.get("/bookings").text
    assert "needs an answer" in mei.get("/waitlist").text
    assert "Time is held for you" in mei.get("/").text
    assert f"/bookings/{number}/accept" not in lab.cast.browser("li").get(f"/bookings/{number}").text
    first, second = (mei.post(f"/bookings/{number}/accept", data={"retry_key": "k"}) for _ in range(2))
    assert (first.status_code, first.location, second.location) == (303, f"/bookings/{number}", first.location)
    assert (state_of(number), states()) == ("approved", {"Aurora Displays": "taken"})
    assert "The time you waited for" not in mei.get(f"/bookings/{number}").text


def test_do_without_is_one_click_too(lab: Lab) -> None:
    number = offered(lab)
    mei = lab.cast.browser("mei")
    assert mei.post(f"/bookings/{number}/decline", data={"retry_key": "k"}).status_code == 303
    assert (state_of(number), queries.seen(SYSTEM, number).charge) == ("cancelled", 0)


def test_a_changed_time_says_which_was_asked_for_and_is_taken_or_declined_by_one_click(lab: Lab) -> None:
    mei = lab.cast.browser("mei")
    for act, then in (("accept", "approved"), ("decline", "cancelled")):
        seen = lab.book(lab.cast.mei, 48, 1, approved=False)
        booking.offer(lab.cast.li, seen.id, lab.slot(50, 1), "The morning is for the students.")
        page = words_of(mei.get(f"/bookings/{seen.id}").text)
        assert "You asked for" in page
        assert "The morning is for the students." in page
        assert mei.post(f"/bookings/{seen.id}/{act}", data={"retry_key": act}).status_code == 303
        assert state_of(seen.id) == then
        if then == "approved":
            booking.cancel(lab.cast.li, seen.id)


def test_held_time_is_shown_as_held_to_its_company_and_as_busy_to_others(lab: Lab) -> None:
    number = offered(lab)
    day = f"/timeline?day={lab.at(48).date().isoformat()}"
    assert "held for Aurora Displays" in lab.cast.browser("mei").get(day).text
    assert "Aurora" not in lab.cast.browser("bo").get(day).text
    told = lab.cast.api("bo").get(
        "/timeline", query_string={"from": lab.at(40).isoformat(), "to": lab.at(60).isoformat(), "instrument": "SEM-01"}
    )
    assert [one["kind"] for one in told.json["items"]] == ["busy"]
    assert number


def test_who_waits_second_sees_where_they_stand(lab: Lab) -> None:
    _, slot = taken(lab)
    wait_for(joins(lab.cast, "corona"), slot)
    entry = wait_for(lab.cast.mei, slot)
    assert entry.position == 2
    booking.leave(lab.cast.li, wait_of("Corona").id)
    assert lab.cast.api("mei").get(f"/waitlist/{entry.id}").json["position"] == 1
    assert offer_freed_time(lab.now) == {"offered": 0, "over": 0}


def test_a_late_cancellation_says_that_it_may_cost_nothing_yet(lab: Lab) -> None:
    number = lab.book(lab.cast.mei, 30, 1).id
    lab.go(20)
    mei = lab.cast.browser("mei")
    assert "Nothing is charged if others take the whole time." in words_of(mei.get(f"/bookings/{number}").text)
    booking.cancel(lab.cast.mei, number)
    assert "It is given back if others have taken" in words_of(mei.get(f"/bookings/{number}").text)
