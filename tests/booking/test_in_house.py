"""A company that wants it says its own yes first; the laboratory is asked after that, and answers nothing before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking.jobs.offering import make_offers
from labshare.booking.jobs.waiting import expire_requests, remind_managers
from labshare.instruments import services as keeping
from labshare.kernel import clock
from labshare.kernel.db import db, rows
from labshare.kernel.journal import Entry
from labshare.people.models import Company
from labshare.quotas.models import ASK
from tests.booking.conftest import Turn, at, body
from tests.booking.test_asking import codes
from tests.cast import Cast
from tests.quotas.conftest import Books, books, limit

__all__ = ["books"]


def wish(cast: Cast, hours: int | None = 2, who: str = "chen") -> Any:
    return cast.api(who).put(f"/companies/{cast.aurora}/in-house", {"hours": hours})


def asked(cast: Cast, start: str = "09:00", end: str = "11:00", who: str = "mei", **more: Any) -> dict[str, Any]:
    made = cast.api(who).post("/bookings", body(start, end, **more))
    assert made.status_code == 201, made.json
    return made.json  # type: ignore[no-any-return]


def endorse(cast: Cast, number: int, who: str = "chen", **said: Any) -> Any:
    return cast.api(who).post(f"/bookings/{number}/endorse", said)


def due_at(found: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(found["decide_by"])


def kinds(number: int) -> list[str]:
    found = rows(sa.select(Entry.kind).where(Entry.object == "booking", Entry.object_id == number).order_by(Entry.id))
    return [kind for (kind,) in found]


# ---------------------------------------------------------------- what the company wants


def test_the_company_says_from_how_many_hours_on(cast: Cast) -> None:
    chen = cast.api("chen")
    assert chen.get(f"/companies/{cast.aurora}").json["in_house_hours"] is None
    for hours in (4, 0, None):
        assert (wish(cast, hours).status_code, wish(cast, hours).json["in_house_hours"]) == (200, hours)
    said = [
        (entry.data["old_minutes"], entry.data["minutes"])
        for entry in rows(sa.select(Entry.data).where(Entry.kind == "in_house_approval_set").order_by(Entry.id))
    ]
    assert said == [(None, 240), (240, 0), (0, None)]  # the same once more is no change


@pytest.mark.parametrize(("who", "status"), [("mei", 403), ("bo", 404), ("li", 403), ("ada", 200), ("chen", 200)])
def test_only_its_admins_and_the_laboratorys_set_it(cast: Cast, who: str, status: int) -> None:
    assert wish(cast, 4, who).status_code == status
    assert (cast.api("ada").get(f"/companies/{cast.aurora}").json["in_house_hours"] == 4) == (status == 200)


@pytest.mark.parametrize("hours", [-1, 1.5, "4", True, 2401])
def test_nothing_but_whole_hours_is_taken(cast: Cast, hours: Any) -> None:
    assert cast.api("chen").put(f"/companies/{cast.aurora}/in-house", {"hours": hours}).status_code == 422
    assert cast.api("chen").put(f"/companies/{cast.aurora}/in-house", {}).status_code == 422


def test_the_companys_page_says_and_sets_it(cast: Cast) -> None:
    browser = cast.browser("chen")
    assert "of no booking" in browser.get("/company").text
    assert browser.post(f"/companies/{cast.aurora}/in-house", data={"hours": "4"}).status_code == 303
    assert "of bookings of 4 h or more" in browser.get("/company").text
    assert browser.post(f"/companies/{cast.aurora}/in-house", data={"hours": "many"}).status_code == 422
    browser.post(f"/companies/{cast.aurora}/in-house", data={"hours": "0"})
    assert "of every booking" in browser.get("/company").text
    browser.post(f"/companies/{cast.aurora}/in-house", data={"hours": ""})
    assert rows(sa.select(Company.in_house_minutes).where(Company.id == cast.aurora)) == [(None,)]


# ---------------------------------------------------------------- who waits


def test_what_is_long_enough_waits_for_the_company_and_shorter_time_does_not(cast: Cast) -> None:
    wish(cast)
    assert asked(cast, "09:00", "11:00")["awaiting"] == "company"
    assert asked(cast, "12:00", "13:30")["awaiting"] == "laboratory"
    assert asked(cast, "09:00", "11:00", instrument="BAT-01")["state"] == "requested"
    assert asked(cast, "09:00", "10:00", instrument="BAT-01")["state"] == "approved"


def test_the_dry_run_tells_whether_the_company_is_asked_first(cast: Cast) -> None:
    wish(cast)
    for end, first in (("11:00", True), ("10:00", False)):
        assert cast.api("mei").post("/bookings/check", body("09:00", end)).json["in_house"] is first
    assert cast.api("chen").post("/bookings/check", body("09:00", "11:00")).json["in_house"] is False
    form = {"instrument": "SEM-01", "starts_at": at("09:00").isoformat(), "ends_at": at("11:00").isoformat()}
    assert "admin is asked first" in cast.browser("mei").post("/bookings/check", data=form).text


def test_its_admin_and_staff_on_its_behalf_need_not_ask_it(cast: Cast) -> None:
    wish(cast, 0)
    assert asked(cast, "09:00", "11:00", "chen")["awaiting"] == "laboratory"
    assert asked(cast, "12:00", "14:00", "li", company=cast.aurora)["awaiting"] == "laboratory"
    assert asked(cast, "15:00", "16:00", "bo")["awaiting"] == "laboratory"


def test_a_longer_time_waits_for_the_company_again(cast: Cast) -> None:
    wish(cast)
    number = asked(cast, "09:00", "10:00", instrument="BAT-01")["id"]
    longer = {name: value for name, value in body("09:00", "12:00").items() if name.endswith("_at")}
    moved = cast.api("mei").post(f"/bookings/{number}/move", longer).json
    assert (moved["state"], moved["awaiting"]) == ("requested", "company")
    assert endorse(cast, number).json["state"] == "approved"


# ---------------------------------------------------------------- the company's yes


def test_after_the_companys_yes_the_laboratory_is_asked_anew(cast: Cast) -> None:
    wish(cast)
    keeping.change(cast.li, "SEM-01", {"decide_minutes": 120})
    before = asked(cast)
    assert cast.api("li").get("/bookings").json["items"][0]["awaiting"] == "company"
    told = endorse(cast, before["id"], reason="For the review").json
    assert (told["state"], told["awaiting"], told["version"]) == ("requested", "laboratory", 2)
    assert due_at(before) <= due_at(told) <= clock.now() + timedelta(minutes=120)
    assert cast.api("li").post(f"/bookings/{before['id']}/approve").json["state"] == "approved"
    assert kinds(before["id"]) == ["booking_requested", "booking_endorsed", "booking_approved"]


def test_where_no_approval_is_needed_the_companys_yes_is_all(cast: Cast) -> None:
    wish(cast)
    number = asked(cast, instrument="BAT-01")["id"]
    told = endorse(cast, number).json
    assert (told["state"], told["awaiting"], told["decide_by"]) == ("approved", None, None)


def test_over_quota_the_laboratory_is_asked_all_the_same(cast: Cast, books: Books) -> None:
    wish(cast)
    books.allow(limit(1, then=ASK))
    number = asked(cast, instrument="BAT-01")["id"]
    told = endorse(cast, number).json
    assert (told["state"], told["awaiting"], told["over_quota"]) == ("requested", "laboratory", True)


@pytest.mark.parametrize(("who", "status"), [("mei", 403), ("bo", 404), ("li", 403), ("ada", 403), ("chen", 200)])
def test_only_the_companys_own_admins_say_it(cast: Cast, who: str, status: int) -> None:
    wish(cast)
    assert endorse(cast, asked(cast)["id"], who).status_code == status


def test_there_is_nothing_to_endorse_twice_or_unasked(cast: Cast) -> None:
    wish(cast)
    number = asked(cast)["id"]
    assert codes(endorse(cast, number, version=7)) == ["changed_meanwhile"]
    endorse(cast, number)
    assert codes(endorse(cast, number)) == ["not_awaiting_company"]
    cast.api("li").post(f"/bookings/{number}/approve")
    assert codes(endorse(cast, number)) == ["wrong_state"]


def test_what_cannot_be_had_any_more_is_not_endorsed(cast: Cast, turn: Turn) -> None:
    wish(cast)
    number = asked(cast)["id"]
    keeping.change(cast.li, "SEM-01", {"state": "out_of_service"})
    assert codes(endorse(cast, number)) == ["instrument_unavailable"]
    keeping.change(cast.li, "SEM-01", {"state": "in_service"})
    turn("09:00")
    assert codes(endorse(cast, number)) == ["in_the_past"]


def test_while_it_awaits_the_company_the_laboratory_answers_nothing(cast: Cast) -> None:
    wish(cast)
    number, li = asked(cast)["id"], cast.api("li")
    other = {name: value for name, value in body("13:00", "15:00").items() if name.endswith("_at")}
    for act, said in (("approve", {}), ("reject", {"reason": "No."}), ("offer", other)):
        refused = li.post(f"/bookings/{number}/{act}", said)
        assert (refused.status_code, codes(refused)) == (409, ["awaiting_company"]), act
    assert f"/bookings/{number}" not in cast.browser("li").get("/queue").text
    page = cast.browser("li").get(f"/bookings/{number}").text
    assert "own admin first" in page
    assert f"/bookings/{number}/approve" not in page
    endorse(cast, number)
    assert f"/bookings/{number}" in cast.browser("li").get("/queue").text


def test_the_companys_admin_says_no_only_until_they_have_said_yes(cast: Cast) -> None:
    wish(cast)
    first, second = asked(cast)["id"], asked(cast, "12:00", "14:00")["id"]
    chen = cast.api("chen")
    told = chen.post(f"/bookings/{first}/reject", {"reason": "Not this month."}).json
    assert (told["state"], told["answer"], told["awaiting"]) == ("rejected", "Not this month.", None)
    assert cast.api("bo").post("/bookings", body("09:00", "11:00")).status_code == 201
    endorse(cast, second)
    assert chen.post(f"/bookings/{second}/reject", {"reason": "After all."}).status_code == 403
    assert cast.api("li").post(f"/bookings/{second}/reject", {"reason": "No."}).json["state"] == "rejected"


# ---------------------------------------------------------------- what time does to it


def test_nobodys_answer_lets_it_expire_and_its_time_is_free(cast: Cast) -> None:
    wish(cast)
    found = asked(cast)
    assert expire_requests(due_at(found)) == {"expired": 1}
    assert cast.api("mei").get(f"/bookings/{found['id']}").json["state"] == "expired"
    assert codes(endorse(cast, found["id"])) == ["wrong_state"]


def test_the_companys_admins_are_reminded_and_after_their_yes_the_managers_anew(cast: Cast, turn: Turn) -> None:
    wish(cast)
    keeping.change(cast.li, "SEM-01", {"decide_minutes": 240})
    turn("08:00")
    number = asked(cast, "10:00", "12:00", days=0)["id"]  # to be answered by its start, so urgent from the first minute
    assert remind_managers(turn("08:01")) == {"reminded": 1, "escalated": 0}
    assert remind_managers(turn("08:01")) == {"reminded": 0, "escalated": 0}
    endorse(cast, number)
    assert remind_managers(turn("08:02")) == {"reminded": 1, "escalated": 0}
    said = [data["awaiting"] for (data,) in rows(sa.select(Entry.data).where(Entry.kind == "answer_due"))]
    assert sorted(said) == ["", "company"]


def test_who_was_reminded_of_two_moments_can_still_say_yes(cast: Cast, turn: Turn) -> None:
    wish(cast)
    keeping.change(cast.li, "SEM-01", {"decide_minutes": 240})
    turn("08:00")
    number = asked(cast, "10:00", "12:00", days=0)["id"]
    assert remind_managers(turn("08:01"))["reminded"] == 1
    later = {name: value for name, value in body("10:30", "12:30", days=0).items() if name.endswith("_at")}
    assert cast.api("mei").post(f"/bookings/{number}/move", later).status_code == 200
    assert remind_managers(turn("08:40"))["reminded"] == 1
    assert endorse(cast, number).status_code == 200


def test_another_time_for_a_displaced_booking_asks_the_company_where_it_had_not_said_yes(cast: Cast) -> None:
    wish(cast)
    keeping.change(cast.li, "SEM-01", {"approval": False})
    number = asked(cast)["id"]
    window = {"instruments": ["SEM-01"], "kind": "repair", "starts_at": at("09:00").isoformat()}
    planned = cast.api("li").post("/maintenance-windows", window | {"ends_at": at("11:00").isoformat()})
    assert planned.status_code == 201, planned.json
    assert make_offers(clock.now()) == {"offered": 1}
    new = cast.api("mei").post(f"/bookings/{number}/accept")
    assert (new.status_code, new.json["state"], new.json["awaiting"]) == (200, "requested", "company")


# ---------------------------------------------------------------- pages


def test_the_admin_finds_what_waits_in_a_tab_and_answers_there(cast: Cast) -> None:
    wish(cast)
    first, second = asked(cast)["id"], asked(cast, "12:00", "14:00")["id"]
    chen = cast.browser("chen")
    page = chen.get("/bookings?tab=in_house").text
    assert "To approve in-house" in page
    assert f"/bookings/{first}/endorse" in page
    assert f"/bookings/{second}/reject" in page
    back = "/bookings?tab=in_house"
    answer = chen.post(f"/bookings/{first}/endorse", data={"next": back, "retry_key": "a-1"})
    assert (answer.status_code, answer.location) == (303, back)
    chen.post(f"/bookings/{second}/reject", data={"next": back, "reason": "No.", "retry_key": "a-2"})
    db.session.remove()
    assert cast.api("mei").get(f"/bookings/{first}").json["awaiting"] == "laboratory"
    assert cast.api("mei").get(f"/bookings/{second}").json["state"] == "rejected"
    assert "/endorse" not in chen.get("/bookings?tab=in_house").text


def test_what_waits_is_counted_and_listed_by_whose_answer_it_awaits(cast: Cast) -> None:
    wish(cast)
    first, second = asked(cast)["id"], asked(cast, "12:00", "13:00")["id"]
    for awaiting, number in (("company", first), ("laboratory", second)):
        found = cast.api("chen").get(f"/bookings?awaiting={awaiting}").json["items"]
        assert [one["id"] for one in found] == [number]
    assert cast.api("chen").get("/bookings?awaiting=nobody").status_code == 422
    assert cast.api("bo").get("/bookings?awaiting=company").json["items"] == []
    assert "To approve in-house" in cast.browser("chen").get("/").text
    assert "To approve in-house" not in cast.browser("mei").get("/").text


def test_no_member_has_that_tab_and_the_page_says_who_is_waited_for(cast: Cast) -> None:
    wish(cast)
    number = asked(cast)["id"]
    mei = cast.browser("mei")
    assert "To approve in-house" not in mei.get("/bookings?tab=in_house").text
    page = mei.get(f"/bookings/{number}").text
    assert "Waits for your company" in page
    assert "/endorse" not in page
    assert f"/bookings/{number}/endorse" in cast.browser("chen").get(f"/bookings/{number}").text


def test_what_staff_asked_on_its_behalf_is_marked_wherever_it_stands(cast: Cast) -> None:
    number = asked(cast, who="li", company=cast.aurora)["id"]
    assert cast.api("mei").get(f"/bookings/{number}").json["on_behalf"] is True
    for who, path in (("mei", "/bookings"), ("mei", f"/bookings/{number}"), ("li", "/queue")):
        assert "on behalf" in cast.browser(who).get(path).text, path
    assert at("09:00") > clock.now()
