"""The timeline as people see it."""

from __future__ import annotations

from typing import Any

from labshare.maintenance import services
from labshare.maintenance.selection import Wanted
from labshare.maintenance.services import Draft
from tests.booking.conftest import at, body, slot
from tests.cast import Cast


def seen(cast: Cast, who: str, **more: Any) -> list[dict[str, Any]]:
    asked = {"from": at("00:00").isoformat(), "to": at("23:30").isoformat(), **more}
    answer = cast.api(who).get("/timeline", query_string=asked)
    assert answer.status_code == 200
    assert answer.json["next"] is None
    return answer.json["items"]  # type: ignore[no-any-return]


def test_mei_sees_her_booking_and_bo_sees_busy_and_nothing_more(cast: Cast) -> None:
    number = cast.api("mei").post("/bookings", body("09:00", "11:00", purpose="Secret alloy")).json["id"]
    mine, theirs = seen(cast, "mei")[0], seen(cast, "bo")[0]
    assert mine["booking"]["id"] == number
    assert mine["booking"]["company"]["name"] == "Aurora Displays"
    assert mine["kind"] == "booking"
    assert theirs == {
        "instrument": {"code": "SEM-01", "name": "Scanning electron microscope"},
        "channel": 1,
        "starts_at": slot("08:45", "11:00").start.isoformat(),
        "ends_at": slot("08:45", "11:00").end.isoformat(),
        "kind": "busy",
    }


def test_colleagues_and_the_sites_staff_see_it_too(cast: Cast) -> None:
    cast.api("mei").post("/bookings", body("09:00", "11:00"))
    for who in ("chen", "li", "ada"):
        assert seen(cast, who)[0]["booking"]["state"] == "requested"


def test_maintenance_is_named_to_everybody(cast: Cast) -> None:
    services.plan(cast.li, Draft(Wanted(("SEM-01",)), slot("09:00", "11:00"), "preventive"))
    assert seen(cast, "bo")[0]["kind"] == "maintenance"
    refused = cast.api("bo").post("/bookings", body("10:00", "12:00"))
    assert [reason["code"] for reason in refused.json["reasons"]] == ["maintenance"]


def test_only_the_named_instruments_are_shown_and_a_missing_one_is_missing(cast: Cast) -> None:
    cast.api("mei").post("/bookings", body("09:00", "11:00"))
    cast.api("mei").post("/bookings", body("09:00", "11:00", "BAT-01"))
    assert len(seen(cast, "bo")) == 2
    assert [one["instrument"]["code"] for one in seen(cast, "bo", instrument="BAT-01")] == ["BAT-01"]
    assert len(seen(cast, "bo", instrument=["BAT-01", "SEM-01"])) == 2
    asked = {"from": at("00:00").isoformat(), "to": at("23:30").isoformat(), "instrument": "NOPE"}
    assert cast.api("bo").get("/timeline", query_string=asked).status_code == 404


def test_what_only_touches_the_window_is_not_in_it(cast: Cast) -> None:
    cast.api("mei").post("/bookings", body("09:00", "11:00"))
    asked = {"from": at("11:00").isoformat(), "to": at("12:00").isoformat()}
    assert cast.api("mei").get("/timeline", query_string=asked).json["items"] == []
