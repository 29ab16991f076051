"""Coming, leaving, not coming: what was used is recorded, what was not is free for the next asker at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from labshare.booking import services
from labshare.booking.jobs import JUDGE_USE
from labshare.booking.jobs.using import judge_use
from labshare.clockwork.models import JobRun
from labshare.instruments import services as keeping
from labshare.kernel.db import db, rows, transaction
from labshare.kernel.errors import Forbidden
from labshare.kernel.journal import Entry
from tests.booking.conftest import Turn, at, body
from tests.booking.test_asking import codes
from tests.cast import Cast

MINUTE = timedelta(minutes=1)


def booked(cast: Cast, start: str, end: str, who: str = "mei", days: int = 2, **more: Any) -> int:
    """An approved booking, asked for today."""
    made = cast.api(who).post("/bookings", body(start, end, days=days, **more))
    assert made.status_code == 201, made.json
    number: int = made.json["id"]
    if made.json["state"] == "requested":
        assert cast.api("li").post(f"/bookings/{number}/approve").status_code == 200
    return number


def do(cast: Cast, number: int, what: str, said: Any = None, who: str = "mei") -> Any:
    return cast.api(who).post(f"/bookings/{number}/{what}", said)


def use(cast: Cast, number: int, who: str = "mei") -> dict[str, Any]:
    found: dict[str, Any] = cast.api(who).get(f"/bookings/{number}/usage").json
    return found


def state(number: int) -> tuple[str, str]:
    found: Any = db.session.execute(sa.text(f"SELECT state, excuse FROM booking WHERE id = {number}")).one()
    return found.state, found.excuse


def at_work(*moments: datetime) -> None:
    """The clockwork judged at these moments."""
    with transaction() as tx:
        for moment in moments:
            values = {"job": "judge_use", "period": moment, "started_at": moment, "finished_at": moment, "result": {}}
            tx.execute(sa.insert(JobRun).values(values))


def test_mei_checks_in_and_out_and_what_she_used_is_recorded(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("08:58")
    assert do(cast, number, "check-in").json["state"] == "in_use"
    assert use(cast, number)["ends_at"] is None
    turn("10:55")
    told = do(cast, number, "check-out", {"samples": 6, "note": "All fine", "problem": "Stage sticks"})
    assert (told.status_code, told.json["state"]) == (200, "completed")
    found = use(cast, number)
    assert (found["minutes"], found["hours"], found["source"]) == (117, 1.95, "checked_in")
    assert (found["samples"], found["note"], found["problem"]) == (6, "All fine", "Stage sticks")
    assert (found["late"], found["overtime"], found["left_early"], found["excuse"]) == (False, False, False, "")
    assert (found["company_name"], found["category"]["name_en"]) == ("Aurora Displays", "Electron microscopes")


def test_what_is_not_used_has_an_empty_record(cast: Cast) -> None:
    number = booked(cast, "09:00", "11:00")
    found = use(cast, number)
    assert (found["booking"], found["starts_at"], found["minutes"], found["source"]) == (number, None, None, None)


def test_check_in_opens_some_minutes_before_the_start(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("08:44")
    refused = do(cast, number, "check-in")
    assert (refused.status_code, codes(refused)) == (409, ["too_soon"])
    turn("08:45")
    assert do(cast, number, "check-in").status_code == 200


def test_after_the_end_there_is_nothing_to_check_in_to(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("11:00")
    assert codes(do(cast, number, "check-in")) == ["in_the_past"]


def test_nobody_checks_in_to_an_instrument_out_of_service(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    keeping.change(cast.li, "SEM-01", {"state": "out_of_service"})
    turn("09:00")
    assert codes(do(cast, number, "check-in")) == ["instrument_unavailable"]


def test_nobody_checks_in_while_the_user_before_is_still_there(cast: Cast, turn: Turn) -> None:
    before, after = booked(cast, "09:00", "10:00"), booked(cast, "10:30", "11:30", "bo")
    turn("09:00")
    do(cast, before, "check-in")
    turn("10:30")
    assert codes(do(cast, after, "check-in", who="bo")) == ["slot_taken"]
    turn("10:40")
    do(cast, before, "check-out")
    assert use(cast, before)["overtime"] is True
    assert do(cast, after, "check-in", who="bo").status_code == 200
    assert (use(cast, after, "bo")["late"], use(cast, after, "bo")["excuse"]) == (False, "")


def test_an_early_check_in_takes_the_time_before_only_where_it_is_free(cast: Cast, turn: Turn) -> None:
    keeping.change(cast.li, "SEM-01", {"check_in_minutes": 60, "warmup_minutes": 0})
    before, after = booked(cast, "09:00", "10:00"), booked(cast, "10:00", "11:00", "bo")
    turn("09:20")  # Mei is late, but the hour is hers
    assert codes(do(cast, after, "check-in", who="bo")) == ["slot_taken"]
    judge_use(turn("09:31"))
    assert state(before)[0] == "missed"
    assert do(cast, after, "check-in", who="bo").status_code == 200
    taken = db.session.execute(sa.text(f"SELECT starts_at FROM claim WHERE owner_id = {after}")).one()
    assert "01:31" in str(taken.starts_at)


def test_whoever_is_late_without_an_excuse_is_late(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("09:11")
    do(cast, number, "check-in")
    turn("10:20")
    do(cast, number, "check-out")
    found = use(cast, number)
    assert (found["late"], found["left_early"], found["excuse"]) == (True, True, "")


def test_whoever_an_overrun_made_late_has_an_excuse(cast: Cast, turn: Turn) -> None:
    before, after = booked(cast, "09:00", "10:00"), booked(cast, "10:30", "12:00", "bo")
    turn("09:00")
    do(cast, before, "check-in")
    judge_use(turn("10:59"))
    assert state(after)[0] == "approved"
    do(cast, before, "check-out")
    judge_use(turn("11:08"))
    assert state(after)[0] == "approved"  # grace counts from when Mei was out
    assert do(cast, after, "check-in", who="bo").status_code == 200
    assert (use(cast, after, "bo")["late"], use(cast, after, "bo")["excuse"]) == (True, "overrun")


def test_an_early_finish_frees_the_rest_for_the_next_asker(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "12:00")
    turn("09:00")
    do(cast, number, "check-in")
    turn("09:40")
    assert cast.api("bo").post("/bookings", body("10:00", "11:00", days=0)).status_code == 409
    do(cast, number, "check-out")
    assert cast.api("bo").post("/bookings", body("10:00", "11:00", days=0)).status_code == 201


def test_a_no_show_frees_the_rest_for_the_next_asker(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "12:00")
    assert judge_use(turn("09:29")) == {"missed": 0, "ended": 0, "assumed": 0}
    assert JUDGE_USE.preview is not None
    assert JUDGE_USE.preview(turn("09:30")) == {"absent": 1, "ended": 0}
    assert judge_use(turn("09:30")) == {"missed": 1, "ended": 0, "assumed": 0}
    assert state(number) == ("missed", "")
    assert cast.api("bo").post("/bookings", body("10:00", "11:00", days=0)).status_code == 201
    assert codes(do(cast, number, "check-in")) == ["wrong_state"]


def test_judging_twice_acts_once(cast: Cast, turn: Turn) -> None:
    booked(cast, "09:00", "12:00")
    moment = turn("09:30")
    assert judge_use(moment)["missed"] == 1
    assert judge_use(moment)["missed"] == 0


def test_nobody_is_judged_while_the_instrument_is_closed(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("08:30")
    keeping.change(cast.li, "SEM-01", {"state": "out_of_service"})
    at_work(turn("09:30"), turn("10:00"))
    assert judge_use(turn("10:59"))["missed"] == 0
    judge_use(turn("11:00"))
    assert state(number) == ("missed", "closed")


def test_grace_counts_from_when_the_instrument_is_back(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "12:00")
    turn("08:30")
    keeping.change(cast.li, "SEM-01", {"state": "out_of_service"})
    at_work(turn("09:30"))
    turn("10:00")
    keeping.change(cast.li, "SEM-01", {"state": "in_service"})
    judge_use(turn("10:29"))
    assert state(number) == ("approved", "")
    judge_use(turn("10:30"))
    assert state(number) == ("missed", "")


def test_a_use_nobody_ended_ends_as_booked_and_is_held_against_nobody(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00")
    turn("09:00")
    do(cast, number, "check-in")
    assert judge_use(turn("10:59"))["ended"] == 0
    assert judge_use(turn("11:00"))["ended"] == 1
    found = use(cast, number)
    assert (found["minutes"], found["source"], found["overtime"]) == (60, "assumed", False)


def test_after_forty_days_of_silence_what_was_booked_is_taken_as_used(cast: Cast, turn: Turn) -> None:
    away, near = booked(cast, "09:00", "10:00"), booked(cast, "11:00", "12:00", days=42)
    late = turn("00:00") + timedelta(days=40, hours=11, minutes=45)
    with time_machine.travel(late, tick=False):
        assert judge_use(late) == {"missed": 1, "ended": 0, "assumed": 1}
        assert judge_use(late) == {"missed": 0, "ended": 0, "assumed": 0}
    assert (state(away), state(near)) == (("completed", ""), ("missed", ""))
    assert (use(cast, away)["minutes"], use(cast, away)["source"]) == (60, "assumed")


def test_where_the_clockwork_was_at_work_it_judges_late(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00")
    at_work(turn("09:20"))
    judge_use(turn("15:00"))
    assert state(number) == ("missed", "")


def test_li_enters_what_was_used_and_corrects_it_and_the_old_values_stand(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("11:30")
    day = at("00:00", 0)
    first = {"starts_at": (day + 545 * MINUTE).isoformat(), "ends_at": (day + 600 * MINUTE).isoformat()}
    entered = do(cast, number, "usage", first | {"samples": 2, "note": "By hand"}, "li")
    assert (entered.status_code, entered.json["minutes"], entered.json["source"]) == (200, 55, "operator")
    longer = first | {"ends_at": (day + 630 * MINUTE).isoformat()}
    assert do(cast, number, "usage", longer, "li").status_code == 422
    fixed = do(cast, number, "usage", longer | {"reason": "Read off the log"}, "li").json
    assert (fixed["minutes"], fixed["samples"], fixed["note"], fixed["version"]) == (85, 2, "By hand", 2)
    (told,) = rows(sa.select(Entry.data).where(Entry.kind == "usage_corrected"))
    page = cast.browser("mei").get(f"/bookings/{number}").text
    assert "10:30 instead of" in page
    assert "10:00: Read off the log" in page
    assert (told.data["before"]["minutes"], told.data["after"]["minutes"]) == (55, 85)


def test_a_correction_cannot_take_time_that_is_anothers_by_now(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "12:00")
    turn("09:00")
    do(cast, number, "check-in")
    turn("09:30")
    do(cast, number, "check-out")
    booked(cast, "10:00", "11:00", "bo", days=0)
    turn("12:30")
    said = {"starts_at": at("09:00", 0).isoformat(), "ends_at": at("11:30", 0).isoformat(), "reason": "Longer"}
    assert codes(do(cast, number, "usage", said, "li")) == ["slot_taken"]
    assert use(cast, number)["minutes"] == 30


@pytest.mark.parametrize(("who", "status"), [("mei", 200), ("chen", 200), ("li", 200), ("ada", 200), ("bo", 404)])
def test_who_may_check_in(cast: Cast, turn: Turn, who: str, status: int) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("09:00")
    assert do(cast, number, "check-in", who=who).status_code == status


def test_a_colleague_who_did_not_ask_does_not_check_in(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00", "chen")
    turn("09:00")
    assert do(cast, number, "check-in").status_code == 403
    assert do(cast, number, "usage", {"nonsense": 1}).status_code == 403


def test_checking_in_twice_with_one_key_is_checking_in_once(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("09:00")
    key = {"Idempotency-Key": "in-1"}
    said = [cast.api("mei").post(f"/bookings/{number}/check-in", headers=key) for _ in range(2)]
    assert [one.status_code for one in said] == [200, 200]
    assert said[0].data == said[1].data
    assert codes(do(cast, number, "check-in")) == ["wrong_state"]


def test_check_in_and_check_out_cost_a_fixed_number_of_statements(
    cast: Cast, turn: Turn, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    costs = []
    for hour in ("09", "11", "13"):
        number = booked(cast, f"{hour}:00", f"{hour}:30")
        booked(cast, f"{hour}:00", f"{hour}:30", instrument="BAT-01")
        costs.append(number)
    counted = []
    for number, hour in zip(costs, ("09", "11", "13"), strict=True):
        turn(f"{hour}:00")
        with statements() as arriving:
            do(cast, number, "check-in")
        with statements() as leaving:
            do(cast, number, "check-out")
        counted.append((len(arriving), len(leaving)))
    assert len(set(counted)) == 1, counted
    assert max(counted[0]) <= 17


def test_trying_it_dry_costs_one_statement_however_many_are_judged(
    cast: Cast, turn: Turn, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    for hour in ("09", "11", "13"):
        booked(cast, f"{hour}:00", f"{hour}:30")
        booked(cast, f"{hour}:00", f"{hour}:30", instrument="BAT-01")
    used = booked(cast, "15:00", "15:30")
    turn("15:00")
    do(cast, used, "check-in")
    assert JUDGE_USE.preview is not None
    with statements() as said:
        assert JUDGE_USE.preview(turn("16:30")) == {"absent": 6, "ended": 1}
    assert len(said) == 1


def test_the_timeline_shows_what_was_really_used(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "12:00")
    turn("09:10")
    do(cast, number, "check-in")
    turn("10:20")
    do(cast, number, "check-out")
    window = {"from": at("00:00", 0).isoformat(), "to": at("23:00", 0).isoformat(), "instrument": "SEM-01"}
    (mine,) = cast.api("mei").get("/timeline", query_string=window).json["items"]
    assert [datetime.fromisoformat(mine["booking"][name]) for name in ("starts_at", "ends_at")] == [
        at("09:10", 0),
        at("10:20", 0),
    ]
    assert datetime.fromisoformat(mine["starts_at"]) == at("08:55", 0)  # with the warm-up before it
    (others,) = cast.api("bo").get("/timeline", query_string=window).json["items"]
    assert (others["kind"], "booking" in others, datetime.fromisoformat(others["ends_at"])) == (
        "busy",
        False,
        at("10:20", 0),
    )


def test_two_judges_and_a_user_at_once_come_to_one_outcome(cast: Cast, turn: Turn) -> None:
    numbers = [booked(cast, f"{hour:02d}:00", f"{hour:02d}:30") for hour in (9, 11, 13)]
    moment = turn("14:00")
    at_work(*(at(f"{hour:02d}:40", 0) for hour in (9, 11, 13)))
    app = cast.app

    def judged(_: int) -> int:
        with app.app_context():
            done = judge_use(moment)
            db.session.remove()
        return done["missed"]

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(judged, range(3))) == len(numbers)
    assert {state(number) for number in numbers} == {("missed", "")}
    told = rows(sa.text("SELECT count(*) FROM journal WHERE kind = 'booking_missed'"))  # type: ignore[arg-type]
    assert told[0][0] == len(numbers)


def test_only_the_clockwork_judges(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    for person in (cast.mei, cast.li, cast.ada):
        with pytest.raises(Forbidden):
            services.judge(person, number, turn("10:00"))
    assert state(number) == ("approved", "")


def test_a_person_cannot_enter_what_lies_ahead_or_elsewhere(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    said = {"starts_at": at("09:00").isoformat(), "ends_at": at("10:00").isoformat()}
    assert codes(do(cast, number, "usage", said, "li")) == ["too_soon", "in_the_future"]
    turn("12:00")
    said = {"starts_at": at("11:00", 0).isoformat(), "ends_at": at("11:30", 0).isoformat()}
    assert codes(do(cast, number, "usage", said, "li")) == ["outside_booking"]
    assert state(number) == ("approved", "")
