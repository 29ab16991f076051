"""Bookings keep to opening hours; while a year's notice is not out they are provisional, and they are rechecked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import outcomes, outside, services
from labshare.booking.displacement import Cause
from labshare.booking.jobs import LAPSE_OFFERS, MAKE_OFFERS, RECHECK_CALENDARS
from labshare.booking.models import CLOSED_DAY, Booking
from labshare.booking.services import rechecking
from labshare.instruments import hours, workdays
from labshare.instruments import services as keeping
from labshare.instruments.notice import Listed
from labshare.instruments.rules.opening import Pattern
from labshare.instruments.rules.week import ALL_WEEK, Week
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.errors import Forbidden
from labshare.kernel.journal import Entry
from tests.beside import Together
from tests.cast import Cast

NOON = datetime(2026, 12, 21, 4, tzinfo=UTC)  # a Monday, half a week before the year whose notice is not there
EARLY = date(2026, 1, 1)
DAYTIME: Week = (((480, 1320),),) * 5 + (((540, 1080),), ())
NOTHING = dict.fromkeys(outside.COUNTED, 0)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "source", lambda: NOON)


@pytest.fixture
def opened(cast: Cast) -> Cast:
    """The East lab is open by day and half of Saturday, and knows the holidays of this year and not of the next."""
    keeping.set_hours(cast.li, hours.at_site("EAST"), Pattern(EARLY, DAYTIME))
    keeping.import_year(cast.li, cast.east, 2026, [Listed(date(2026, 12, 25), "holiday")])
    recheck()
    return cast


def body(day: str, start: str, end: str, instrument: str = "BAT-01") -> dict[str, Any]:
    times = {"starts_at": f"{day}T{start}:00+08:00", "ends_at": f"{day}T{end}:00+08:00"}
    return {"instrument": instrument, **times, "purpose": "Cells"}


def book(cast: Cast, day: str, start: str = "09:00", end: str = "11:00", who: str = "mei", **more: Any) -> Any:
    return cast.api(who).post("/bookings", body(day, start, end, **more)).json


def recheck(later: timedelta = timedelta()) -> dict[str, int]:
    assert RECHECK_CALENDARS.run is not None
    return dict(RECHECK_CALENDARS.run(NOON + later) or {})


def told(kind: str) -> list[dict[str, Any]]:
    return [data for (data,) in rows(sa.select(Entry.data).where(Entry.kind == kind).order_by(Entry.id))]


def stands(booking: Any) -> tuple[str, bool]:
    [(state, provisional)] = rows(sa.select(Booking.state, Booking.provisional).where(Booking.id == booking["id"]))
    return state, provisional


# ---------------------------------------------------------------- asking


@pytest.mark.parametrize(
    ("day", "start", "end", "why"),
    [
        ("2026-12-22", "07:30", "09:00", "On Tue 22 Dec 2026 it is open 08:00-22:00."),
        ("2026-12-22", "21:00", "22:30", "On Tue 22 Dec 2026 it is open 08:00-22:00."),
        ("2026-12-22", "22:00", "23:00", "On Tue 22 Dec 2026 it is open 08:00-22:00."),
        ("2026-12-27", "10:00", "11:00", "It is closed on Sun 27 Dec 2026."),
        ("2026-12-25", "10:00", "11:00", "It is closed on Fri 25 Dec 2026."),
    ],
)
def test_a_slot_outside_the_hours_is_refused_with_those_of_the_day(
    opened: Cast, day: str, start: str, end: str, why: str
) -> None:
    answer = opened.api("mei").post("/bookings", body(day, start, end))
    assert answer.status_code == 409
    [reason] = answer.json["reasons"]
    assert reason == {"code": "outside_opening_hours", "message": why, "waivable_by": "lab_manager"}
    assert answer.json["alternatives"]
    for other in answer.json["alternatives"]:
        slot = {"starts_at": other["starts_at"], "ends_at": other["ends_at"], "instrument": other["instrument"]["code"]}
        assert opened.api("mei").post("/bookings/check", slot).json["allowed"], other


def test_up_to_closing_time_it_can_be_had_and_buffers_may_lie_outside(opened: Cast) -> None:
    assert book(opened, "2026-12-22", "20:00", "22:00")["state"] == "approved"
    assert book(opened, "2026-12-22", "08:00", "09:00", instrument="SEM-01")["state"] == "requested"  # warms up before


def test_where_runs_go_on_unattended_only_the_start_is_kept_to(opened: Cast) -> None:
    keeping.set_hours(opened.li, hours.at_instrument("BAT-01"), Pattern(EARLY, None, unattended=True))
    assert book(opened, "2026-12-24", "21:30", "23:30")["state"] == "approved"
    late = opened.api("mei").post("/bookings/check", body("2026-12-24", "22:00", "23:30")).json
    assert [one["code"] for one in late["reasons"]] == ["outside_opening_hours"]


def test_free_slots_lie_within_the_hours_in_few_statements(
    opened: Cast, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    book(opened, "2026-12-22", "10:00", "12:00", instrument="SEM-01")
    keeping.add_exception(opened.li, hours.at_instrument("SEM-01"), date(2026, 12, 23), ((600, 720),), "")
    mei = opened.api("mei")
    asked = {"from": "2026-12-22T00:00:00+08:00", "to": "2026-12-28T00:00:00+08:00", "minutes": 120}
    mei.get("/instruments/SEM-01/free", query_string=asked)  # what is looked up once is looked up here
    with statements() as said:
        items = mei.get("/instruments/SEM-01/free", query_string=asked).json["items"]
    assert len(said) <= 6, said
    days: dict[str, list[str]] = {}
    for one in items:
        start = datetime.fromisoformat(one["starts_at"]) + timedelta(hours=8)
        days.setdefault(f"{start:%m-%d}", []).append(f"{start:%H:%M}")
    assert sorted(days) == ["12-22", "12-23", "12-24", "12-26"]
    assert (days["12-22"][0], days["12-22"][-1]) == ("12:30", "20:00")  # the warm-up comes after 12:00
    assert days["12-23"] == ["10:00"]
    assert (days["12-26"][0], days["12-26"][-1]) == ("09:00", "16:00")
    for one in items:
        assert mei.post("/bookings/check", {"instrument": "SEM-01", **one}).json["allowed"]


def test_a_move_keeps_to_the_hours_and_becomes_provisional_or_firm(opened: Cast) -> None:
    booking = book(opened, "2026-12-22")
    path = f"/bookings/{booking['id']}/move"

    def slot(day: str, start: str, end: str) -> dict[str, Any]:
        return {name: text for name, text in body(day, start, end).items() if name.endswith("_at")}

    closed = opened.api("mei").post(path, slot("2026-12-25", "09:00", "11:00"))
    assert [one["code"] for one in closed.json["reasons"]] == ["outside_opening_hours"]
    moved = opened.api("mei").post(path, slot("2027-01-04", "09:00", "11:00")).json
    assert moved["provisional"] is True
    assert opened.api("mei").post(path, slot("2026-12-24", "09:00", "11:00")).json["provisional"] is False
    assert [one["provisional"] for one in told("booking_moved")] == [True, False]


def test_without_hours_nothing_is_closed_and_nothing_provisional(cast: Cast) -> None:
    assert book(cast, "2027-01-03", "02:00", "04:00")["provisional"] is False
    keeping.import_year(cast.li, cast.east, 2027, [Listed(date(2027, 1, 3), "holiday")])
    assert recheck() == NOTHING


# ---------------------------------------------------------------- provisional, both ways


def test_with_the_year_deleted_a_booking_is_provisional_and_is_rechecked_on_import(opened: Cast) -> None:
    stays, goes, weekend = (book(opened, day) for day in ("2027-01-04", "2027-01-05", "2027-01-09"))
    assert (stays["provisional"], goes["provisional"], weekend["provisional"]) == (True, True, False)
    sunday = opened.api("mei").post("/bookings/check", body("2027-01-10", "09:00", "11:00")).json
    assert [one["code"] for one in sunday["reasons"]] == ["outside_opening_hours"]
    notice = [Listed(date(2027, 1, 5), "holiday", "A new one"), Listed(date(2027, 1, 10), "makeup_workday")]
    keeping.import_year(opened.li, opened.east, 2027, notice)
    preview = RECHECK_CALENDARS.preview
    assert preview is not None
    assert preview(NOON) == {**NOTHING, "displaced": 1, "confirmed": 1}
    assert recheck() == {**NOTHING, "displaced": 1, "confirmed": 1}
    assert recheck() == preview(NOON) == NOTHING
    assert (stands(stays), stands(weekend)) == (("approved", False), ("approved", False))
    assert stands(goes)[0] == "displaced"
    year = workdays.year(opened.east, 2027)
    assert [one.booking.id for one in outcomes.by_cause(Cause(CLOSED_DAY, year.id or 0))] == [goes["id"]]
    assert year.rechecked_at == NOON
    assert told("calendar_rechecked")[-1]["counts"] == {**NOTHING, "displaced": 1, "confirmed": 1}
    opened_up = opened.api("mei").post("/bookings/check", body("2027-01-10", "09:00", "11:00")).json
    assert (opened_up["allowed"], opened_up["provisional"]) == (True, False), "a newly worked weekend opens up"
    keeping.forget_year(opened.li, opened.east, 2027)
    assert recheck() == {**NOTHING, "provisional": 1}
    assert stands(stays) == ("approved", True)
    assert recheck() == NOTHING
    history = [one["text"] for one in opened_history(opened, stays)]
    assert any("the booking stands" in text for text in history)
    assert any("the booking is provisional" in text for text in history)


def opened_history(cast: Cast, booking: Any) -> list[dict[str, str]]:
    page = cast.browser("mei").get(f"/bookings/{booking['id']}").text
    return [{"text": part.split("</p>")[0]} for part in page.split("<p>")]


def test_a_displaced_booking_gets_its_hours_back_and_another_time_within_the_hours(opened: Cast) -> None:
    goes = book(opened, "2027-01-05")
    account = f"/companies/{opened.aurora}/account?year=2027"
    assert opened.api("mei").get(account).json["held_hours"] == 2
    keeping.import_year(opened.li, opened.east, 2027, [Listed(date(2027, 1, 5), "holiday")])
    recheck()
    assert opened.api("mei").get(account).json["held_hours"] == 0
    assert MAKE_OFFERS.run is not None
    assert MAKE_OFFERS.run(NOON) == {"offered": 1}
    shown = opened.api("mei").get(f"/bookings/{goes['id']}").json
    offer = datetime.fromisoformat(shown["displaced"]["offer"]["starts_at"]) + timedelta(hours=8)
    assert offer.date() != date(2027, 1, 5)
    assert 8 <= offer.hour <= 20
    # The day of the offer closes too: the time is held no more, and another is looked for.
    keeping.set_day(opened.li, opened.east, Listed(offer.date(), "restday"), "")
    assert recheck() == {**NOTHING, "withdrawn": 1}
    assert recheck() == NOTHING
    assert opened.api("mei").get(f"/bookings/{goes['id']}").json["displaced"]["state"] == "waiting"
    assert LAPSE_OFFERS.run is not None
    assert LAPSE_OFFERS.run(NOON + timedelta(days=60)) == {"lapsed": 0}


def test_what_other_hours_leave_outside_stays_booked_and_is_listed(opened: Cast) -> None:
    booking = book(opened, "2026-12-22", "20:00", "22:00")
    short: Week = (((480, 1080),),) * 5 + ((), ())
    week = [["08:00-18:00"]] * 5 + [[], []]
    sent = {"week": week, "valid_from": "2026-12-21"}
    li = opened.api("li")
    foreseen = li.post("/sites/EAST/opening-hours/preview", sent).json
    assert foreseen["bookings"] == 1
    [company] = foreseen["companies"]
    assert (company["company"], company["hours"]) == ({"id": opened.aurora, "name": "Aurora Displays"}, 2)
    assert [one["id"] for one in company["bookings"]] == [booking["id"]]
    assert li.get("/sites/EAST/outside-hours").json["bookings"] == 0, "a preview changes nothing"
    keeping.set_hours(opened.li, hours.at_site("EAST"), Pattern(date(2026, 12, 21), short))
    assert li.get("/sites/EAST/outside-hours").json["bookings"] == 1
    assert li.post("/sites/EAST/opening-hours/preview", sent).json["bookings"] == 0, "what is outside is not hit again"
    keeping.import_year(opened.li, opened.east, 2026, [Listed(date(2026, 12, 24), "holiday")])
    assert recheck() == NOTHING, "what a pattern leaves outside no calendar displaces"
    assert stands(booking) == ("approved", False)
    page = opened.browser("li").get("/sites/EAST/outside").text
    assert "Aurora Displays" in page
    assert "They stay booked until somebody moves or cancels them." in page


def test_every_change_shows_whom_it_hits_before_it_is_made(opened: Cast) -> None:
    mine, bos = book(opened, "2027-01-04"), book(opened, "2027-01-05", who="bo")
    li = opened.api("li")

    def hit(path: str, sent: dict[str, Any]) -> set[int]:
        answer = li.post(f"/sites/EAST/{path}/preview", sent)
        assert answer.status_code == 200, answer.text
        return {one["id"] for company in answer.json["companies"] for one in company["bookings"]}

    assert hit("opening-exceptions", {"day": "2027-01-04", "intervals": []}) == {mine["id"]}
    assert hit("opening-exceptions", {"day": "2027-01-04", "intervals": [], "instrument": "SEM-01"}) == set()
    assert hit("workdays/2027", {"days": [{"date": "2027-01-05", "kind": "holiday"}]}) == {bos["id"]}
    assert hit("workdays", {"date": "2027-01-04", "kind": "restday"}) == {mine["id"]}
    own = {"instrument": "BAT-01", "week": [["12:00-22:00"]] * 7, "valid_from": "2027-01-04"}
    assert hit("opening-hours", own) == {mine["id"], bos["id"]}
    assert li.post("/sites/WEST/opening-hours/preview", own).status_code == 422
    assert {stands(mine), stands(bos)} == {("approved", True)}


def test_previews_on_pages_carry_the_form_on_to_be_saved(opened: Cast) -> None:
    mine = book(opened, "2027-01-04")
    li = opened.browser("li")
    days = {f"day-{number}": "12:00-20:00" for number in range(7)}
    page = li.post("/sites/EAST/hours/preview", data={"valid_from": "2026-12-30", **days}).text
    assert f"/bookings/{mine['id']}" in page
    assert '<input type="hidden" name="day-3" value="12:00-20:00">' in page
    assert 'action="/sites/EAST/hours"' in page
    notice = {"year": "2027", "text": "date,kind\n2027-01-04,holiday\n"}
    page = li.post("/sites/EAST/calendar/preview", data=notice).text
    assert "these are given back within minutes" in page
    assert 'action="/sites/EAST/calendar"' in page
    refused = li.post("/sites/EAST/calendar/preview", data={"year": "2027", "text": "date,kind\n2027-01-04,feast\n"})
    assert (refused.status_code, "Line 2, column kind: Must be one of" in refused.text) == (422, True)
    assert (
        "It hits nobody." in li.post("/sites/EAST/calendar/day/preview", data={"date": "2027-01-06", "kind": ""}).text
    )
    one_day = {"day": "2027-01-04", "intervals": "", "note": "Closed"}
    assert "Aurora Displays" in li.post("/sites/EAST/exceptions/preview", data=one_day).text
    assert workdays.year(opened.east, 2027).id is None


def test_a_provisional_booking_says_so_wherever_it_stands(opened: Cast) -> None:
    mei = opened.browser("mei")
    form = {"instrument": "BAT-01", "starts_at": "2027-01-04T09:00", "ends_at": "2027-01-04T11:00", "purpose": "Cells"}
    assert "Provisional: the holiday notice" in mei.post("/bookings/check", data=form).text
    new = mei.get("/bookings/new?instrument=BAT-01&day=2027-01-04").text
    assert "what is booked on this day is provisional" in new
    assert "08:00-22:00" in new
    booking = book(opened, "2027-01-04")
    assert booking["provisional"] is True
    page = mei.get(f"/bookings/{booking['id']}").text
    assert "Provisional: the holiday notice of that year is not published yet." in page
    assert '<span class="badge wait">provisional</span>' in mei.get("/bookings").text
    week = mei.get("/instruments/BAT-01/week?day=2027-01-04").text
    assert "<small>provisional</small>" in week
    assert "00:00–08:00 closed" in week
    assert "22:00–24:00 closed" in week
    assert "00:00–24:00 closed" in week
    assert "· provisional</small>" in mei.get("/timeline?day=2027-01-04").text
    chinese = mei.get(f"/bookings/{booking['id']}", headers={"Accept-Language": "zh"}).text
    assert "该年的放假通知尚未公布" in chinese


# ---------------------------------------------------------------- the job


def test_two_rechecks_at_once_displace_each_booking_once(opened: Cast, together: Together) -> None:
    some = [book(opened, day) for day in ("2027-01-04", "2027-01-05", "2027-01-06")]
    notice = [Listed(date(2027, 1, 5), "holiday"), Listed(date(2027, 1, 6), "restday")]
    keeping.import_year(opened.li, opened.east, 2027, notice)
    both = together(recheck, recheck)
    total = {name: sum(one[name] for one in both) for name in NOTHING}
    recheck()  # whoever was not the faster one left the year to be looked at again
    assert total == {**NOTHING, "displaced": 2, "confirmed": 1}
    assert [stands(one)[0] for one in some] == ["approved", "displaced", "displaced"]
    assert len(told("booking_displaced")) == 2
    assert workdays.unchecked() == []


def test_a_year_that_changes_while_it_is_rechecked_is_looked_at_again(opened: Cast) -> None:
    keeping.import_year(opened.li, opened.east, 2027, [])
    [seen] = workdays.unchecked()
    keeping.set_day(opened.li, opened.east, Listed(date(2027, 1, 5), "restday"), "")
    assert rechecking.finish(SYSTEM, seen, NOTHING, NOON) is False
    assert [one.year for one in workdays.unchecked()] == [2027]
    [again] = workdays.unchecked()
    assert rechecking.finish(SYSTEM, again, NOTHING, NOON) is True
    assert rechecking.finish(SYSTEM, again, NOTHING, NOON) is False


def test_a_recheck_leaves_alone_what_has_begun_or_ended(opened: Cast) -> None:
    booking, given_back = book(opened, "2026-12-22"), book(opened, "2026-12-22", "12:00", "13:00")
    services.cancel(opened.mei, given_back["id"])
    keeping.set_day(opened.li, opened.east, Listed(date(2026, 12, 22), "restday"), "")
    year = workdays.year(opened.east, 2026)
    assert rechecking.recheck(SYSTEM, given_back["id"], year, NOON) is None
    assert recheck(timedelta(days=1)) == NOTHING, "it has begun by then"
    assert rechecking.recheck(SYSTEM, booking["id"], year, NOON) == "displaced"
    assert rechecking.recheck(SYSTEM, booking["id"], year, NOON) is None
    with pytest.raises(Forbidden):
        rechecking.recheck(opened.ada, booking["id"], year, NOON)


def test_late_after_months_the_recheck_still_does_what_is_due(opened: Cast) -> None:
    keeping.set_hours(opened.li, hours.at_instrument("SEM-01"), Pattern(EARLY, ALL_WEEK, holidays=True))
    near, far = book(opened, "2027-01-05"), book(opened, "2027-02-10")
    keeping.import_year(
        opened.li, opened.east, 2027, [Listed(date(2027, 1, 5), "holiday"), Listed(date(2027, 2, 10), "holiday")]
    )
    assert recheck(timedelta(days=40)) == {**NOTHING, "displaced": 1}
    assert (stands(near)[0], stands(far)[0]) == ("approved", "displaced")
