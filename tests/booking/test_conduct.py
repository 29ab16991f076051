"""The conduct record: held against people by published rules, objected to, lifted, and gone after a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from labshare.booking import conduct
from labshare.booking.jobs.using import judge_use
from labshare.booking.jobs.waitlist import forgive_late_cancels
from labshare.booking.rules import conduct as rules
from labshare.instruments import services as keeping
from labshare.kernel import clock
from tests.booking.conftest import Turn, at, body
from tests.booking.test_asking import codes
from tests.booking.test_checks import breached, plant
from tests.booking.test_using import booked, do
from tests.cast import Cast

FEW = {"instrument": "BAT-01"}  # which has four channels and needs no yes


def missed(cast: Cast, turn: Turn, times: int = 1, who: str = "mei", start: str = "09:00") -> list[int]:
    """Bookings of the person's for which nobody came, all at one time."""
    hour, end = int(start[:2]), f"{int(start[:2]) + 1:02}:00"
    numbers = [booked(cast, start, end, who, **FEW) for _ in range(times)]
    assert judge_use(turn(f"{hour:02}:30"))["missed"] == times
    return numbers


def entries(cast: Cast, who: str = "mei", **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cast.api(who).get("/conduct", query_string=query).json["items"]
    return found


def stands(cast: Cast, who: str = "mei") -> dict[str, Any]:
    found: dict[str, Any] = cast.api(who).get(f"/companies/{cast.aurora}/conduct").json
    return found


def restricted(cast: Cast) -> list[str | None]:
    """Who may not ask now: names, or None for the whole company."""
    found = cast.api("chen").get("/restrictions", query_string={"running": "true"}).json["items"]
    return [one["person"] and one["person"]["name"] for one in found]


def ask(cast: Cast, who: str = "mei", days: int = 5, **more: Any) -> Any:
    return cast.api(who).post("/bookings", body("14:00", "15:00", "BAT-01", days, **more))


# ---------------------------------------------------------------- what is noted


def test_a_no_show_is_held_against_whose_booking_it_was_for_ninety_days(cast: Cast, turn: Turn) -> None:
    [number] = missed(cast, turn)
    [entry] = entries(cast)
    assert (entry["what"], entry["points"], entry["booking"]) == ("no_show", 2, number)
    assert (entry["person"]["name"], entry["company"]["name"]) == ("Mei", "Aurora Displays")
    assert datetime.fromisoformat(entry["expires_at"]) - datetime.fromisoformat(entry["at"]) == timedelta(days=90)
    assert judge_use(turn("09:31"))["missed"] == 0
    assert len(entries(cast)) == 1


def test_what_was_nobodys_fault_is_held_against_nobody(cast: Cast, turn: Turn) -> None:
    booked(cast, "09:00", "11:00")
    turn("08:30")
    keeping.change(cast.li, "SEM-01", {"state": "out_of_service"})
    turn("11:00")
    judge_use(clock.now())
    assert entries(cast) == []


def test_late_is_what_the_company_itself_gives_back_too_late(cast: Cast, turn: Turn) -> None:
    late, staffs = booked(cast, "09:00", "10:00", **FEW), booked(cast, "09:00", "10:00", **FEW)
    in_time = booked(cast, "09:00", "10:00", days=6, **FEW)
    turn("07:00")
    assert do(cast, in_time, "cancel").status_code == 200
    assert do(cast, staffs, "cancel", who="li").status_code == 200
    assert entries(cast) == []
    assert do(cast, late, "cancel", who="chen").status_code == 200
    [entry] = entries(cast)
    assert (entry["what"], entry["points"], entry["person"]["name"]) == ("late_cancel", 1, "Mei")


def test_overtime_is_noted_and_goes_where_the_use_is_corrected(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00", **FEW)
    turn("09:00")
    do(cast, number, "check-in")
    turn("10:30")
    do(cast, number, "check-out")
    [entry] = entries(cast)
    assert (entry["what"], entry["points"], entry["lifted_at"]) == ("overtime", 1, None)
    used = {"starts_at": at("09:00", 0).isoformat(), "ends_at": at("09:55", 0).isoformat(), "reason": "Left at five to"}
    assert do(cast, number, "usage", used, "li").status_code == 200
    [entry] = entries(cast)
    assert (entry["lifted_by"], entry["lift_reason"]) == (None, "usage_corrected")
    assert stands(cast)["points"] == 0


def test_overtime_that_a_correction_brings_is_noted(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00", **FEW)
    turn("09:00")
    do(cast, number, "check-in")
    turn("10:00")
    do(cast, number, "check-out")
    assert entries(cast) == []
    turn("12:00")
    used = {"starts_at": at("09:00", 0).isoformat(), "ends_at": at("11:00", 0).isoformat(), "reason": "Seen at eleven"}
    assert do(cast, number, "usage", used, "li").status_code == 200
    assert [one["what"] for one in entries(cast)] == ["overtime"]


def test_a_use_that_nobody_ended_is_no_overtime(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00", **FEW)
    turn("09:00")
    do(cast, number, "check-in")
    assert judge_use(turn("11:00"))["ended"] == 1
    assert entries(cast) == []


def test_an_outage_ends_a_long_use_and_holds_nothing_against_anybody(cast: Cast, turn: Turn) -> None:
    keeping.change(cast.li, "BAT-01", {"cooldown_minutes": 60})
    number = booked(cast, "09:00", "10:00", **FEW)
    turn("09:00")
    do(cast, number, "check-in")
    turn("10:30")
    assert cast.api("li").post("/outages", {"instrument": "BAT-01"}).status_code == 201
    assert cast.api("mei").get(f"/bookings/{number}/usage").json["overtime"] is True
    assert entries(cast) == []


def test_a_late_cancellation_is_lifted_where_others_take_the_time(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00", **FEW)
    turn("07:00")
    do(cast, number, "cancel")
    booked(cast, "09:00", "10:00", "bo", days=0, **FEW)
    assert forgive_late_cancels(turn("09:00")) == {"forgiven": 1}
    [entry] = entries(cast)
    assert (entry["lifted_by"], entry["lift_reason"]) == (None, "taken_over")


def test_what_staff_booked_on_its_behalf_counts_for_the_company_alone(cast: Cast, turn: Turn) -> None:
    for _ in range(3):
        booked(cast, "09:00", "10:00", "li", company=cast.aurora, **FEW)
    judge_use(turn("09:30"))
    found = stands(cast)
    assert (found["points"], found["counts"]["no_show"], found["people"]) == (6, 3, [])
    assert restricted(cast) == []
    assert {one["in_person"] for one in entries(cast)} == {False}


def test_what_staff_booked_and_handed_to_a_person_is_held_against_that_person(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "10:00", "li", company=cast.aurora, **FEW)
    assert do(cast, number, "hand-over", {"person": cast.people["mei"]}, "chen").status_code == 200
    judge_use(turn("09:30"))
    [person] = stands(cast)["people"]
    assert (person["person"]["name"], person["points"]) == ("Mei", 2)


# ---------------------------------------------------------------- what follows from it


def test_four_points_keep_a_person_from_asking_for_fourteen_days(cast: Cast, turn: Turn) -> None:
    later = booked(cast, "16:00", "17:00", days=6)
    missed(cast, turn, 2)
    assert restricted(cast) == ["Mei"]
    [person] = stands(cast)["people"]
    assert (person["person"]["name"], person["points"]) == ("Mei", 4)
    refused = ask(cast)
    assert (refused.status_code, codes(refused)) == (409, ["restricted"])
    assert refused.json["reasons"][0]["waivable_by"] == "lab_manager"
    assert refused.json["alternatives"] == []
    verdict = cast.api("mei").post("/bookings/check", body("14:00", "15:00", "BAT-01", 5)).json
    assert (verdict["allowed"], [one["code"] for one in verdict["reasons"]]) == (False, ["restricted"])
    assert ask(cast, "chen").status_code == 201
    assert ask(cast, "bo").status_code == 201
    moved = {name: value for name, value in body("18:00", "19:00", days=6).items() if name.endswith("_at")}
    assert do(cast, later, "move", moved).status_code == 200  # what is booked stays, and may be moved
    began = clock.now()
    with time_machine.travel(began + timedelta(days=14, seconds=-1), tick=False):
        assert codes(ask(cast)) == ["restricted"]
    with time_machine.travel(began + timedelta(days=14), tick=False):
        assert ask(cast).status_code == 201


def test_a_restriction_that_runs_is_not_made_longer(cast: Cast, turn: Turn) -> None:
    missed(cast, turn, 3)
    assert restricted(cast) == ["Mei"]
    [one] = cast.api("mei").get("/restrictions").json["items"]
    assert one["points"] == 4


def test_twelve_points_keep_a_company_from_asking_and_staff_may_waive_that(cast: Cast, turn: Turn) -> None:
    for _ in range(2):
        booked(cast, "11:00", "12:00", "chen", **FEW)
    missed(cast, turn, 4)
    judge_use(turn("11:30"))
    assert set(restricted(cast)) == {"Mei", "Chen", None}
    assert ask(cast, "bo").status_code == 201
    on_behalf = {"company": cast.aurora}
    assert codes(ask(cast, "li", **on_behalf)) == ["restricted"]
    assert ask(cast, "li", waive=["restricted"], **on_behalf).status_code == 422
    waived = {"waive": ["restricted"], "reason": "They called"}
    assert ask(cast, "li", **waived, **on_behalf).status_code == 201
    assert ask(cast, "chen", **waived).status_code == 403
    with time_machine.travel(clock.now() + timedelta(days=7), tick=False):
        assert ask(cast, "li", **on_behalf).status_code == 201


def test_entries_expire_and_stay_in_the_record(cast: Cast, turn: Turn) -> None:
    missed(cast, turn)
    noted = clock.now()
    with time_machine.travel(noted + timedelta(days=90, seconds=-1), tick=False):
        assert stands(cast)["points"] == 2
    with time_machine.travel(noted + timedelta(days=90), tick=False):
        assert stands(cast)["points"] == 0
        assert entries(cast, live="true") == []
        [entry] = entries(cast)
        assert codes(cast.api("mei").post(f"/conduct/{entry['id']}/object", {"objection": "Too late"})) == [
            "wrong_state"
        ]
        assert codes(cast.api("li").post(f"/conduct/{entry['id']}/lift", {"reason": "Too late"})) == ["wrong_state"]


# ---------------------------------------------------------------- what people say to it


def test_the_person_objects_once_and_a_manager_lifts_it_and_what_rests_on_it(cast: Cast, turn: Turn) -> None:
    missed(cast, turn, 2)
    first = entries(cast)[-1]["id"]
    told = cast.api("mei").post(f"/conduct/{first}/object", {"objection": "The door was locked."})
    assert (told.status_code, told.json["objection"]) == (200, "The door was locked.")
    again = cast.api("chen").post(f"/conduct/{first}/object", {"objection": "It was!"})
    assert (again.status_code, codes(again)) == (409, ["objected"])
    assert cast.api("chen").post(f"/conduct/{first}/lift", {"reason": "It was"}).status_code == 403
    lifted = cast.api("li").post(f"/conduct/{first}/lift", {"reason": "So it was."})
    assert (lifted.json["lifted_by"], lifted.json["lift_reason"]) == ("Li", "So it was.")
    assert codes(cast.api("li").post(f"/conduct/{first}/lift", {"reason": "Again"})) == ["wrong_state"]
    assert restricted(cast) == []
    [one] = cast.api("mei").get("/restrictions").json["items"]
    assert (one["lifted_by"], one["lift_reason"]) == (None, "below_limit")
    assert (stands(cast)["points"], len(entries(cast))) == (2, 2)
    assert ask(cast).status_code == 201


def test_a_restriction_that_still_has_enough_to_rest_on_stays(cast: Cast, turn: Turn) -> None:
    missed(cast, turn, 3)
    cast.api("li").post(f"/conduct/{entries(cast)[0]['id']}/lift", {"reason": "A slip"})
    assert restricted(cast) == ["Mei"]


def test_a_restriction_is_lifted_by_itself_and_its_entries_stay(cast: Cast, turn: Turn) -> None:
    missed(cast, turn, 2)
    [one] = cast.api("mei").get("/restrictions").json["items"]
    assert cast.api("chen").post(f"/restrictions/{one['id']}/lift", {"reason": "Please"}).status_code == 403
    lifted = cast.api("li").post(f"/restrictions/{one['id']}/lift", {"reason": "They called"})
    assert (lifted.status_code, lifted.json["lifted_by"]) == (200, "Li")
    assert codes(cast.api("ada").post(f"/restrictions/{one['id']}/lift", {"reason": "Too"})) == ["wrong_state"]
    assert stands(cast)["points"] == 4
    assert ask(cast).status_code == 201
    booked(cast, "11:00", "12:00", days=0, **FEW)
    judge_use(turn("11:30"))
    assert restricted(cast) == ["Mei"]  # the next one begins another


@pytest.mark.parametrize("objection", ["", "  ", "x" * 2001, None, 7, "\x00"])
def test_an_objection_says_something_and_not_too_much(cast: Cast, turn: Turn, objection: Any) -> None:
    missed(cast, turn)
    answer = cast.api("mei").post(f"/conduct/{entries(cast)[0]['id']}/object", {"objection": objection})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["objection"])


def test_objecting_twice_with_one_key_is_objecting_once(cast: Cast, turn: Turn) -> None:
    missed(cast, turn)
    path, key = f"/conduct/{entries(cast)[0]['id']}/object", {"Idempotency-Key": "once"}
    first, second = (cast.api("mei").post(path, {"objection": "I came"}, headers=key) for _ in range(2))
    assert (first.status_code, first.data) == (second.status_code, second.data)
    stale = cast.api("li").post(path.replace("object", "lift"), {"reason": "So be it", "version": 1})
    assert codes(stale) == ["changed_meanwhile"]


def test_a_rival_sees_nothing_of_it(cast: Cast, turn: Turn) -> None:
    missed(cast, turn, 2)
    [one] = cast.api("mei").get("/restrictions").json["items"]
    number = entries(cast)[0]["id"]
    bo = cast.api("bo")
    assert entries(cast, "bo") == entries(cast, "bo", company=cast.aurora) == entries(cast, "bo", live="true") == []
    assert bo.get("/restrictions").json["items"] == []
    refused = [
        bo.get(f"/companies/{cast.aurora}/conduct"),
        bo.post(f"/conduct/{number}/object", {"objection": "No"}),
        bo.post(f"/conduct/{number}/lift", {"reason": "No"}),
        bo.post(f"/restrictions/{one['id']}/lift", {"reason": "No"}),
    ]
    assert [answer.status_code for answer in refused] == [404] * 4
    assert cast.browser("bo").get(f"/companies/{cast.aurora}/conduct").status_code == 404
    assert len(entries(cast, "chen")) == len(entries(cast, "li")) == len(entries(cast, "ada")) == 2


# ---------------------------------------------------------------- pages


def test_the_company_reads_the_rules_and_objects_and_the_manager_lifts(cast: Cast, turn: Turn) -> None:
    [number, _other] = missed(cast, turn, 2)
    path, first = f"/companies/{cast.aurora}/conduct", entries(cast)[-1]["id"]
    mei, li = cast.browser("mei"), cast.browser("li")
    page = mei.get(path).text
    assert "4 of 12" in page
    assert "Mei may not ask for time until" in page
    assert f"/conduct/{first}/object" in page
    assert f"/conduct/{first}/lift" not in page
    empty = mei.post(f"/conduct/{first}/object", data={"objection": " "})
    assert empty.status_code == 422
    assert 'role="alert"' in empty.text
    done = mei.post(f"/conduct/{first}/object", data={"objection": "The door was locked.", "version": "1"})
    assert (done.status_code, done.headers["Location"]) == (303, path)
    assert "The door was locked." in li.get(path).text
    assert mei.post(f"/conduct/{first}/object", data={"objection": "Again"}).status_code == 409
    assert li.post(f"/conduct/{first}/lift", data={"reason": "So it was."}).status_code == 303
    page = mei.get(f"{path}?tab=all").text
    assert "So it was." in page
    assert "may not ask" not in page
    shown = mei.get(f"/bookings/{number}").text
    assert "it was noted in the conduct record, and lifted." in shown
    assert f'href="{path}' in mei.get("/company").text


def test_a_manager_lifts_a_restriction_by_its_form(cast: Cast, turn: Turn) -> None:
    missed(cast, turn, 2)
    [one] = cast.api("mei").get("/restrictions").json["items"]
    li = cast.browser("li")
    assert li.post(f"/restrictions/{one['id']}/lift", data={}).status_code == 422
    assert li.post(f"/restrictions/{one['id']}/lift", data={"reason": "They called"}).status_code == 303
    assert li.post(f"/restrictions/{one['id']}/lift", data={"reason": "Again"}).status_code == 409
    assert restricted(cast) == []


# ---------------------------------------------------------------- what it costs, and what must hold


def test_reading_the_record_costs_the_same_however_long_it_is(cast: Cast, turn: Turn, statements: Any) -> None:
    missed(cast, turn, 1)
    chen, pages = cast.api("chen"), cast.browser("chen")

    def cost() -> list[int]:
        counted = []
        for get, path in (
            (chen.get, "/conduct"),
            (chen.get, f"/companies/{cast.aurora}/conduct"),
            (chen.get, "/restrictions"),
            (pages.get, f"/companies/{cast.aurora}/conduct"),
        ):
            with statements() as said:
                assert get(path).status_code == 200
            counted.append(len(said))
        return counted

    cost()
    before = cost()
    for who in ("mei", "chen"):
        booked(cast, "11:00", "12:00", who, days=0, **FEW)
        booked(cast, "11:00", "12:00", who, days=0, **FEW)
    judge_use(turn("11:30"))
    assert len(entries(cast)) == 5
    assert cost() == before


def test_how_many_people_and_companies_stand_is_asked_in_one_statement(cast: Cast, turn: Turn, statements: Any) -> None:
    missed(cast, turn, 2)
    mei, chen = cast.people["mei"], cast.people["chen"]
    with statements() as said:
        found = conduct.standing_of([mei, chen], [cast.aurora, cast.borealis], clock.now())
    assert len([one for one in said if "SELECT" in one]) == 1
    assert (found.of_person(mei).points, found.of_person(mei).counts) == (4, {"no_show": 2})
    assert (found.of_person(chen).points, found.of_company(cast.aurora).points) == (0, 4)
    assert found.of_company(cast.borealis).points == 0


PLANTED: dict[str, tuple[str, str]] = {
    "an entry without its ground": (
        "UPDATE conduct_entry SET what = 'overtime' WHERE booking_id = {}",
        "every entry of the conduct record rests on its booking",
    ),
    "an entry of another company": (
        "UPDATE conduct_entry SET company_id = (SELECT max(id) FROM company) WHERE booking_id = {}",
        "every entry of the conduct record rests on its booking",
    ),
    "two restrictions at once": (
        "INSERT INTO restriction (company_id, person_id, points, starts_at, ends_at, lift_reason, version) "
        "SELECT company_id, person_id, points, starts_at, ends_at, lift_reason, 1 FROM restriction",
        "no two restrictions run at once",
    ),
}


@pytest.mark.unsound
@pytest.mark.parametrize("what", list(PLANTED))
def test_a_planted_breach_is_found(cast: Cast, turn: Turn, what: str) -> None:
    numbers = missed(cast, turn, 2)
    statement, name = PLANTED[what]
    plant(statement.format(numbers[0]))
    assert name in breached()


# ---------------------------------------------------------------- the rules by themselves

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


class Held:
    """An entry that expires an hour after noon."""

    points = 1
    expires_at = NOON + timedelta(hours=1)

    def __init__(self, objected: bool = False, lifted: bool = False) -> None:
        self.objected_at, self.lifted_at = (NOON if objected else None), (NOON if lifted else None)


def test_an_entry_lives_until_it_expires_or_is_lifted() -> None:
    assert rules.live(Held(), NOON)
    assert not rules.live(Held(lifted=True), NOON)
    assert not rules.live(Held(), Held.expires_at)


@pytest.mark.parametrize(
    ("entry", "code"),
    [(Held(), []), (Held(objected=True), ["objected"]), (Held(objected=True, lifted=True), ["wrong_state"])],
)
def test_one_objects_once_while_it_lives(entry: Held, code: list[str]) -> None:
    assert [one.code for one in rules.objection_refusals(entry, NOON)] == code


@pytest.mark.parametrize(("points", "runs", "due"), [(3, False, False), (4, False, True), (9, True, False)])
def test_a_restriction_is_due_at_the_limit_where_none_runs(points: int, runs: bool, due: bool) -> None:
    assert rules.restriction_due(points, rules.OF_PERSON, runs=runs) is due
