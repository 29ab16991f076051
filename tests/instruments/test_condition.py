"""An instrument in maintenance or broken: what it is said to be, who says so, and what can be booked of it."""

from __future__ import annotations

import pytest

from labshare.booking import free
from labshare.booking import services as booking
from labshare.instruments import queries
from labshare.instruments import services as keeping
from labshare.kernel.errors import Conflict
from labshare.maintenance import services as maintaining
from labshare.maintenance.jobs import keep_windows
from tests.instruments.test_sheet import RAMAN, sheet
from tests.maintenance.conftest import Lab, lab, sound
from tests.maintenance.test_planning import instrument_state, refusal

__all__ = ["lab", "sound"]
SEM = "SEM-01,Scanning electron microscope,扫描电子显微镜,Electron microscopes,电子显微镜,,,,,self,30,30,240,15,no,0,"
NEW = {"code": "NEW-01", "name_en": "New", "name_zh": "新", "category": "Electron microscopes", "site": "EAST"}


@pytest.fixture
def maintained(lab: Lab) -> Lab:
    """The microscope is being maintained, for one more hour."""
    lab.plan(1, 2)
    keep_windows(lab.go(2))
    assert instrument_state(lab) == "in_maintenance"
    return lab


def test_nobody_says_by_hand_that_it_is_in_maintenance(lab: Lab) -> None:
    li = lab.cast.api("li")
    said = {"state": "in_maintenance"}
    for answer in (li.patch("/instruments/SEM-01", said), li.post("/instruments", NEW | said)):
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["state"])
    assert instrument_state(lab) == "in_service"
    page = lab.cast.browser("li").get("/instruments/SEM-01/edit").text
    assert 'value="out_of_service"' in page
    assert 'value="in_maintenance"' not in page


def test_a_sheet_does_not_say_so_either_but_may_leave_it_so(maintained: Lab) -> None:
    with pytest.raises(keeping.BadSheet) as refused:
        keeping.import_instruments(maintained.cast.li, sheet(RAMAN, more={"status": "in_maintenance"}))
    assert [(fault.line, fault.column) for fault in refused.value.faults] == [(2, "status")]
    done = keeping.import_instruments(maintained.cast.li, sheet(SEM, more={"status": "in_maintenance"}))
    assert "state" not in done.changed.get("SEM-01", [])
    assert instrument_state(maintained) == "in_maintenance"


def test_whoever_changes_something_else_of_it_leaves_it_in_maintenance(maintained: Lab) -> None:
    li = maintained.cast.api("li")
    assert li.patch("/instruments/SEM-01", {"location": "B1"}).status_code == 200
    assert li.patch("/instruments/SEM-01", {"location": "B2", "state": "in_maintenance"}).status_code == 200
    keep_windows(maintained.go(3))
    assert instrument_state(maintained) == "in_service"


def test_the_catalogue_lists_and_filters_it(maintained: Lab) -> None:
    mei = maintained.cast.api("mei")

    def listed(**query: str) -> list[tuple[str, str]]:
        return [(one["code"], one["state"]) for one in mei.get("/instruments", query_string=query).json["items"]]

    assert listed() == [("BAT-01", "in_service"), ("SEM-01", "in_maintenance")]
    assert listed(state="in_maintenance") == [("SEM-01", "in_maintenance")]
    assert listed(state="in_service") == [("BAT-01", "in_service")]
    assert "SEM-01" in maintained.cast.browser("mei").get("/instruments?state=in_maintenance").text


def test_time_after_its_window_can_be_booked_and_time_within_it_cannot(maintained: Lab) -> None:
    with pytest.raises(Conflict) as refused:
        maintained.book(maintained.cast.mei, 2.5, 0.5)
    assert refusal(refused) == ["maintenance"]
    known = queries.known("SEM-01")
    found = free.of_instrument(known, maintained.slot(2, 4), 30, maintained.now)
    assert found[0].start == maintained.at(3.5)  # it warms up for a quarter, and the grid is half an hour
    assert maintained.book(maintained.cast.mei, 3.5).state == "approved"


def test_a_request_that_waited_can_be_approved_meanwhile(maintained: Lab) -> None:
    waiting = maintained.book(maintained.cast.mei, 30, approved=False)
    assert booking.approve(maintained.cast.li, waiting.id).state == "approved"


def test_nobody_checks_in_before_its_window_is_over(maintained: Lab) -> None:
    seen = maintained.book(maintained.cast.mei, 3.5)
    maintained.go(2.99)
    answer = maintained.cast.api("mei").post(f"/bookings/{seen.id}/check-in")
    assert answer.status_code == 409
    maintained.go(3.4)
    keep_windows(maintained.now)
    assert maintained.cast.api("mei").post(f"/bookings/{seen.id}/check-in").status_code == 200


def test_check_in_is_refused_while_a_window_that_runs_late_still_holds_it(lab: Lab) -> None:
    window = lab.plan(1, 2).windows[0]
    seen = lab.book(lab.cast.mei, 3.5)
    keep_windows(lab.go(1))
    slot = lab.slot(1, 2.25)
    maintaining.change(lab.cast.li, window.id, {}, slot)
    lab.go(3.24)
    with pytest.raises(Conflict) as refused:
        booking.check_in(lab.cast.mei, seen.id)
    assert "instrument_unavailable" in refusal(refused)
    lab.go(3.5)
    keep_windows(lab.now)
    assert booking.check_in(lab.cast.mei, seen.id).state == "in_use"


def test_what_is_broken_is_said_to_work_where_its_outage_is_and_not_by_hand(lab: Lab) -> None:
    outage = maintaining.report(lab.cast.li, "SEM-01")
    li = lab.cast.api("li")
    refused = li.patch("/instruments/SEM-01", {"state": "in_service"})
    assert (refused.status_code, [one["code"] for one in refused.json["reasons"]]) == (409, ["outage"])
    with pytest.raises(keeping.BadSheet) as faulty:
        keeping.import_instruments(lab.cast.li, sheet(SEM, more={"status": "in_service"}))
    assert [(fault.line, fault.column) for fault in faulty.value.faults] == [(2, "status")]
    assert li.patch("/instruments/SEM-01", {"location": "B1"}).status_code == 200
    lab.go(2)
    maintaining.repaired(lab.cast.li, outage.id)
    assert instrument_state(lab) == "in_service"


def test_what_was_taken_out_of_service_by_hand_comes_back_by_hand(lab: Lab) -> None:
    li = lab.cast.api("li")
    for state in ("out_of_service", "in_service"):
        assert li.patch("/instruments/SEM-01", {"state": state}).json["state"] == state
