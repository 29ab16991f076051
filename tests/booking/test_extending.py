"""A use ends later than booked where the time after it is free, or earlier; everything that follows goes by the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import services
from labshare.booking.jobs.using import judge_use
from labshare.booking.services import extending
from labshare.booking.services.asking import Draft
from labshare.instruments import services as keeping
from labshare.kernel.db import db, rows
from labshare.kernel.journal import Entry
from labshare.kernel.slots import Slot
from labshare.quotas.models import ASK, REFUSE
from tests.beside import Together
from tests.booking.conftest import Turn, at, body
from tests.booking.test_asking import codes
from tests.booking.test_using import booked, do, state, use
from tests.cast import Cast
from tests.quotas.conftest import Books, books, limit

__all__ = ["books"]


def in_use(cast: Cast, turn: Turn, start: str = "09:00", end: str = "10:00", **more: Any) -> int:
    """Mei is at the instrument since the start of her booking."""
    number = booked(cast, start, end, **more)
    turn(start)
    assert do(cast, number, "check-in").status_code == 200
    return number


def until(cast: Cast, number: int, end: str, who: str = "mei", **more: Any) -> Any:
    return do(cast, number, "change-end", {"ends_at": at(end, 0).isoformat(), **more}, who)


def ends(cast: Cast, number: int) -> str:
    found = datetime.fromisoformat(cast.api("mei").get(f"/bookings/{number}").json["ends_at"])
    return found.astimezone(at("00:00").tzinfo).strftime("%H:%M")


def claim(number: int) -> tuple[str, str]:
    """From when to when it holds the instrument, by the clock of UTC."""
    db.session.rollback()
    found: Any = db.session.execute(sa.text(f"SELECT starts_at, ends_at FROM claim WHERE owner_id = {number}")).one()
    return str(found.starts_at)[11:16], str(found.ends_at)[11:16]


def test_mei_stays_longer_and_the_time_is_hers(cast: Cast, turn: Turn, books: Books) -> None:
    number = in_use(cast, turn)
    turn("09:40")
    told = until(cast, number, "11:00")
    assert (told.status_code, told.json["state"], told.json["hours"]) == (200, "in_use", 2.0)
    assert claim(number) == ("00:45", "03:00")
    assert books.stand()["account"] == (2.0, 0.0)
    refused = cast.api("bo").post("/bookings", body("10:30", "11:30", days=0))
    assert codes(refused) == ["slot_taken"]
    said = rows(sa.select(Entry.data).where(Entry.kind == "booking_end_changed"))[0].data
    assert datetime.fromisoformat(said["ends_at"]) - datetime.fromisoformat(said["old_ends_at"]) == timedelta(hours=1)


def test_her_cool_down_moves_along_and_an_early_check_in_stays(cast: Cast, turn: Turn) -> None:
    keeping.change(cast.li, "SEM-01", {"cooldown_minutes": 20, "check_in_minutes": 30})
    number = booked(cast, "09:00", "10:00")
    turn("08:35")
    do(cast, number, "check-in")
    until(cast, number, "10:30")
    assert claim(number) == ("00:35", "02:50")


def test_overtime_and_leaving_early_are_judged_by_the_new_end(cast: Cast, turn: Turn) -> None:
    number = in_use(cast, turn)
    until(cast, number, "11:00")
    turn("10:40")
    do(cast, number, "check-out")
    found = use(cast, number)
    assert (found["minutes"], found["overtime"], found["left_early"]) == (100, False, False)


def test_the_clock_ends_a_use_by_the_new_end(cast: Cast, turn: Turn) -> None:
    number = in_use(cast, turn)
    until(cast, number, "11:00")
    assert judge_use(turn("11:59"))["ended"] == 0
    assert judge_use(turn("12:00"))["ended"] == 1
    assert (state(number)[0], use(cast, number)["minutes"]) == ("completed", 120)


def test_a_shorter_use_gives_time_and_hours_back(cast: Cast, turn: Turn, books: Books) -> None:
    number = in_use(cast, turn, "09:00", "12:00")
    turn("09:50")
    assert until(cast, number, "10:30").status_code == 200
    assert (ends(cast, number), books.stand()["account"]) == ("10:30", (1.5, 0.0))
    assert cast.api("bo").post("/bookings", body("11:00", "12:00", days=0)).status_code == 201


def test_never_to_before_now_nor_off_the_grid_nor_to_the_same_end(cast: Cast, turn: Turn) -> None:
    number = in_use(cast, turn, "09:00", "12:00")
    turn("10:00")
    for end, code in (
        ("08:30", "in_the_past"),
        ("10:00", "in_the_past"),
        ("10:40", "off_grid"),
        ("12:00", "unchanged"),
    ):
        refused = until(cast, number, end)
        assert (refused.status_code, codes(refused)) == (409, [code]), end
    assert ends(cast, number) == "12:00"


def test_whoever_came_early_does_not_end_before_the_start(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("08:45")
    do(cast, number, "check-in")
    assert codes(until(cast, number, "09:00")) == ["in_the_past"]


def test_the_next_ones_warm_up_is_in_the_way_and_the_refusal_says_until_when_it_is_free(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00")
    following = booked(cast, "11:00", "12:00", "bo")  # warms up from 10:45 on
    turn("09:00")
    do(cast, number, "check-in")
    refused = until(cast, number, "11:00")
    assert codes(refused) == ["slot_taken"]
    assert "free until" in refused.json["detail"]
    assert "10:45" in refused.json["detail"]
    assert "Borealis" not in refused.text
    assert until(cast, number, "10:30").status_code == 200
    turn("10:50")  # she is still there, and the next one knows
    assert codes(do(cast, following, "check-in", who="bo")) == ["slot_taken"]
    do(cast, number, "check-out")
    assert do(cast, following, "check-in", who="bo").status_code == 200


def test_maintenance_is_in_the_way(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00")
    said = {"instruments": ["SEM-01"], "kind": "repair", "starts_at": at("10:00").isoformat()}
    assert cast.api("li").post("/maintenance-windows", {**said, "ends_at": at("12:00").isoformat()}).status_code == 201
    turn("09:00")
    do(cast, number, "check-in")
    assert codes(until(cast, number, "10:30")) == ["maintenance"]


def test_another_channel_is_no_help_where_ones_own_is_taken(cast: Cast, turn: Turn) -> None:
    first = booked(cast, "09:00", "10:00", instrument="BAT-01")
    booked(cast, "10:00", "11:00", "bo", instrument="BAT-01")  # on the same channel, the first
    turn("09:00")
    do(cast, first, "check-in")
    assert codes(until(cast, first, "10:30")) == ["slot_taken"]


def test_the_longest_time_and_the_hours_hold_until_staff_waive_them_by_name(cast: Cast, turn: Turn) -> None:
    number = in_use(cast, turn, "09:00", "13:00")
    assert codes(until(cast, number, "13:30")) == ["too_long"]
    assert until(cast, number, "13:30", waive=["too_long"], reason="Mine").status_code == 403
    assert until(cast, number, "13:30", "li", waive=["too_long"]).status_code == 422
    told = until(cast, number, "13:30", "li", waive=["too_long", "quota_exceeded"], reason="The last sample")
    assert told.status_code == 200
    said = rows(sa.select(Entry.data).where(Entry.kind == "booking_end_changed"))[0].data
    assert (said["waived"], said["reason"]) == (["too_long"], "The last sample")  # what was not needed is not waived
    assert "let rules pass" in cast.browser("mei").get(f"/bookings/{number}").text


def test_what_is_added_must_lie_in_the_opening_hours(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00")
    said = {"valid_from": at("00:00", 0).date().isoformat(), "week": [["08:00-10:00"]] * 7, "holidays": True}
    assert cast.api("li").put("/instruments/SEM-01/opening-hours", said).status_code == 200
    turn("09:00")
    do(cast, number, "check-in")
    assert codes(until(cast, number, "10:30")) == ["outside_opening_hours"]
    assert until(cast, number, "10:30", "li", waive=["outside_opening_hours"], reason="A guest").status_code == 200


@pytest.mark.parametrize("then", [ASK, REFUSE])
def test_what_is_added_must_be_left_in_the_account(cast: Cast, turn: Turn, books: Books, then: str) -> None:
    number = booked(cast, "09:00", "10:00")
    books.allow(limit(1.5, then=then))
    turn("09:00")
    do(cast, number, "check-in")
    assert codes(until(cast, number, "11:00")) == ["quota_exceeded"]
    assert until(cast, number, "10:30").status_code == 200
    assert until(cast, number, "11:00", "li", waive=["quota_exceeded"], reason="A review").status_code == 200
    assert books.stand()["account"] == (2.0, 0.0)
    assert "waiver" in [kind for (kind,) in db.session.execute(sa.text("SELECT kind FROM ledger"))]


def test_a_lowered_limit_keeps_nobody_from_ending_earlier(cast: Cast, turn: Turn, books: Books) -> None:
    number = in_use(cast, turn, "09:00", "12:00")
    books.allow(limit(1))
    assert until(cast, number, "11:00").status_code == 200
    assert codes(until(cast, number, "11:30")) == ["quota_exceeded"]


def test_only_what_is_in_use_changes_its_end(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00")
    turn("08:00")
    assert codes(until(cast, number, "11:00")) == ["wrong_state"]
    turn("09:00")
    do(cast, number, "check-in")
    assert codes(until(cast, number, "11:00", version=1)) == ["changed_meanwhile"]
    do(cast, number, "check-out")
    assert codes(until(cast, number, "11:00")) == ["wrong_state"]


def test_an_instrument_out_of_service_is_used_no_longer_but_may_be_left_earlier(cast: Cast, turn: Turn) -> None:
    number = in_use(cast, turn, "09:00", "12:00")
    keeping.change(cast.li, "SEM-01", {"state": "out_of_service"})
    assert codes(until(cast, number, "12:30")) == ["instrument_unavailable"]
    assert until(cast, number, "11:00").status_code == 200


@pytest.mark.parametrize(("who", "status"), [("mei", 200), ("chen", 200), ("bo", 404), ("li", 200), ("ada", 200)])
def test_who_may_change_the_end(cast: Cast, turn: Turn, who: str, status: int) -> None:
    number = in_use(cast, turn)
    assert until(cast, number, "11:00", who).status_code == status


def test_who_is_in_overtime_may_still_ask_for_more(cast: Cast, turn: Turn) -> None:
    number = in_use(cast, turn)
    turn("10:20")
    assert until(cast, number, "11:00").status_code == 200
    turn("11:00")
    do(cast, number, "check-out")
    assert use(cast, number)["overtime"] is False


def test_the_page_and_the_phone_offer_more_time_at_one_press(cast: Cast, turn: Turn) -> None:
    number = in_use(cast, turn)
    mei = cast.browser("mei")
    for path in (f"/bookings/{number}", "/instruments/SEM-01/here"):
        page = mei.get(path).text
        assert "+30 min: until 10:30" in page, path
        assert "+1 h: until 11:00" in page, path
    assert 'value="too_long"' not in mei.get(f"/bookings/{number}").text
    assert 'value="too_long"' in cast.browser("li").get(f"/bookings/{number}").text
    assert 'value="too_long"' not in mei.get("/instruments/SEM-01/here").text
    said = {"ends_at": at("10:30", 0).strftime("%Y-%m-%dT%H:%M"), "next": "/instruments/SEM-01/here"}
    done = mei.post(f"/bookings/{number}/change-end", data={**said, "retry_key": "a-1"})
    assert (done.status_code, done.location) == (303, "/instruments/SEM-01/here")
    assert ends(cast, number) == "10:30"
    turn("10:40")  # in overtime, the next step of the grid is the first to be had
    assert "+30 min: until 11:30" in mei.get("/instruments/SEM-01/here").text
    wrong = mei.post(f"/bookings/{number}/change-end", data={"ends_at": said["ends_at"], "retry_key": "a-2"})
    assert wrong.status_code == 409
    assert "must lie ahead" in wrong.text


# ---------------------------------------------------------------- in the same moment as somebody else


def _rivals(cast: Cast, number: int) -> list[Callable[[], Any]]:
    later, wish = at("11:00", 0), Slot(at("10:30", 0), at("11:30", 0))
    return [
        lambda: services.change_end(cast.mei, number, later).state,
        lambda: services.request(cast.bo, Draft("SEM-01", wish, "Cells")).state,
    ]


def test_of_more_time_and_anothers_request_for_it_one_is_refused(cast: Cast, turn: Turn, together: Together) -> None:
    number = in_use(cast, turn)
    found = together(*_rivals(cast, number))
    assert sorted(found) in (["in_use", "slot_taken"], ["requested", "slot_taken"])


@pytest.mark.parametrize("guarded", [True, False])
def test_the_lock_is_what_says_so_in_words_and_behind_it_the_database_refuses(
    cast: Cast, turn: Turn, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """The control: where nobody in the way is seen, the timeline's own guard still lets no two hold one minute."""
    number = booked(cast, "09:00", "10:00")
    booked(cast, "10:30", "11:30", "bo")
    turn("09:00")
    do(cast, number, "check-in")
    if not guarded:
        blind = extending._gather

        def gather(*values: Any) -> Any:
            facts, held = blind(*values)
            return replace(facts, in_the_way=(), channel=1), held

        monkeypatch.setattr(extending, "_gather", gather)
    refused = until(cast, number, "11:00")
    assert (refused.status_code, refused.json["code"]) == (409, "slot_taken")
    assert (ends(cast, number), claim(number)[1]) == ("10:00", "02:00")


def test_two_of_one_company_extend_at_once_and_the_account_holds(
    cast: Cast, turn: Turn, books: Books, together: Together
) -> None:
    first, second = (booked(cast, "09:00", "10:00", who, instrument="BAT-01") for who in ("mei", "chen"))
    books.allow(limit(3))
    turn("09:00")
    for number, who in ((first, "mei"), (second, "chen")):
        do(cast, number, "check-in", who=who)
    later = at("11:00", 0)
    found = together(
        lambda: services.change_end(cast.mei, first, later).state,
        lambda: services.change_end(cast.chen, second, later).state,
    )
    assert sorted(found) == ["in_use", "quota_exceeded"]
    assert books.stand()["account"] == (3.0, 0.0)
