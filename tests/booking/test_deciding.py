"""Answering requests, giving time back, and moving it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from labshare.kernel.db import db
from tests.booking.conftest import Turn, body
from tests.booking.test_asking import change, codes
from tests.cast import Cast


def asked(cast: Cast, start: str = "09:00", end: str = "11:00", **more: Any) -> dict[str, Any]:
    return cast.api("mei").post("/bookings", body(start, end, **more)).json  # type: ignore[no-any-return]


def move(start: str, end: str) -> dict[str, Any]:
    return {name: value for name, value in body(start, end).items() if name.endswith("_at")}


def test_li_approves_and_mei_sees_it(cast: Cast) -> None:
    number = asked(cast)["id"]
    answer = cast.api("li").post(f"/bookings/{number}/approve", {"reason": "Bring the holder."})
    assert (answer.status_code, answer.json["state"], answer.json["version"]) == (200, "approved", 2)
    seen = cast.api("mei").get(f"/bookings/{number}").json
    assert (seen["state"], seen["answer"]) == ("approved", "Bring the holder.")


def test_a_move_without_a_body_needs_no_body(cast: Cast) -> None:
    number = asked(cast)["id"]
    assert cast.api("li").post(f"/bookings/{number}/approve").status_code == 200


def test_rejecting_needs_a_reason_and_frees_the_time(cast: Cast) -> None:
    number = asked(cast)["id"]
    li = cast.api("li")
    assert li.post(f"/bookings/{number}/reject", {}).status_code == 422
    assert li.post(f"/bookings/{number}/reject", {"reason": "The gun is being changed."}).json["state"] == "rejected"
    assert cast.api("bo").post("/bookings", body("09:00", "11:00")).status_code == 201


def test_cancelling_frees_the_time(cast: Cast) -> None:
    number = asked(cast)["id"]
    assert cast.api("mei").post(f"/bookings/{number}/cancel").json["state"] == "cancelled"
    assert cast.api("bo").post("/bookings", body("09:00", "11:00")).status_code == 201


@pytest.mark.parametrize(
    ("who", "act", "status"),
    [
        ("mei", "approve", 403), ("mei", "reject", 403), ("chen", "approve", 403), ("chen", "cancel", 200),
        ("bo", "approve", 404), ("bo", "reject", 404), ("bo", "cancel", 404), ("bo", "move", 404),
        ("li", "move", 403), ("li", "cancel", 200), ("ada", "approve", 200), ("ada", "move", 403),
    ],
)  # fmt: skip
def test_who_may_do_what(cast: Cast, who: str, act: str, status: int) -> None:
    number = asked(cast)["id"]
    given = {"reject": {"reason": "No."}, "move": move("14:00", "15:00")}.get(act)
    assert cast.api(who).post(f"/bookings/{number}/{act}", given).status_code == status


def test_a_rival_cannot_tell_a_booking_from_a_missing_one(cast: Cast) -> None:
    number = asked(cast)["id"]
    bo = cast.api("bo")
    for way in ("", "/approve", "/reject", "/cancel", "/move"):
        send = bo.get if not way else bo.post
        there, missing = send(f"/bookings/{number}{way}"), send(f"/bookings/999999{way}")
        assert (there.status_code, there.data) == (missing.status_code, missing.data)
        assert there.status_code == 404


@pytest.mark.parametrize("act", ["approve", "reject", "cancel"])
def test_a_settled_booking_takes_no_further_answer(cast: Cast, act: str) -> None:
    number = asked(cast)["id"]
    li = cast.api("li")
    li.post(f"/bookings/{number}/reject", {"reason": "No."})
    answer = li.post(f"/bookings/{number}/{act}", {"reason": "Again."} if act != "cancel" else None)
    assert (answer.status_code, codes(answer)) == (409, ["wrong_state"])


def test_an_answer_to_an_old_version_is_refused(cast: Cast) -> None:
    number = asked(cast)["id"]
    cast.api("mei").post(f"/bookings/{number}/move", move("14:00", "16:00"))
    answer = cast.api("li").post(f"/bookings/{number}/approve", {"version": 1})
    assert (answer.status_code, codes(answer)) == (409, ["changed_meanwhile"])
    assert cast.api("mei").get(f"/bookings/{number}").json["state"] == "requested"


def test_moving_frees_the_old_time_holds_the_new_and_waits_for_approval_again(cast: Cast) -> None:
    number = asked(cast)["id"]
    cast.api("li").post(f"/bookings/{number}/approve")
    moved = cast.api("mei").post(f"/bookings/{number}/move", move("14:00", "16:00"))
    assert (moved.status_code, moved.json["state"], moved.json["version"]) == (200, "requested", 3)
    bo = cast.api("bo")
    assert bo.post("/bookings", body("14:00", "15:00")).status_code == 409
    assert bo.post("/bookings", body("09:00", "11:00")).status_code == 201


def test_moving_over_ones_own_time_is_not_in_ones_own_way(cast: Cast) -> None:
    number = asked(cast)["id"]
    assert cast.api("mei").post(f"/bookings/{number}/move", move("10:00", "12:00")).status_code == 200


def test_a_move_into_taken_time_is_refused_and_keeps_the_old_time(cast: Cast) -> None:
    number = asked(cast)["id"]
    cast.api("bo").post("/bookings", body("14:00", "16:00"))
    answer = cast.api("mei").post(f"/bookings/{number}/move", move("15:00", "17:00"))
    assert (answer.status_code, codes(answer)) == (409, ["slot_taken"])
    assert answer.json["alternatives"]
    seen = cast.api("mei").get(f"/bookings/{number}").json
    assert (seen["version"], seen["state"]) == (1, "requested")


def test_moving_what_needs_no_approval_keeps_it_approved(cast: Cast) -> None:
    number = asked(cast, instrument="BAT-01")["id"]
    moved = cast.api("mei").post(f"/bookings/{number}/move", move("14:00", "16:00"))
    assert (moved.json["state"], moved.json["version"]) == ("approved", 3)


def test_the_history_keeps_the_old_time(cast: Cast) -> None:
    first = asked(cast)
    cast.api("mei").post(f"/bookings/{first['id']}/move", move("14:00", "16:00"))
    data = db.session.scalars(sa.text("SELECT data FROM journal WHERE kind = 'booking_moved'")).one()
    assert first["starts_at"] in str(data)


def test_what_has_begun_can_be_neither_approved_nor_moved_nor_cancelled(cast: Cast, turn: Turn) -> None:
    number = asked(cast)["id"]
    later = move("14:00", "15:00")
    turn("09:30")
    for who, act, given in (("li", "approve", None), ("mei", "cancel", None), ("mei", "move", later)):
        answer = cast.api(who).post(f"/bookings/{number}/{act}", given)
        assert (answer.status_code, codes(answer)) == (409, ["in_the_past"])


def test_a_request_of_a_suspended_company_is_not_approved(cast: Cast) -> None:
    number = asked(cast)["id"]
    change(cast, "UPDATE company SET state = 'suspended' WHERE id = :id", id=cast.aurora)
    assert codes(cast.api("li").post(f"/bookings/{number}/approve")) == ["company_suspended"]
