"""Lab managers let rules pass from the pages: as they ask on behalf, and as they offer another time."""

from __future__ import annotations

import re
from typing import Any

from labshare.web.wall import as_local
from tests.booking.conftest import SHANGHAI, at
from tests.booking.test_pages import form
from tests.booking.test_queue import ask
from tests.cast import Cast


def boxes(text: str) -> list[str]:
    """The rules that can be ticked."""
    return re.findall(r'type="checkbox" name="waive" value="(\w+)"', text)


def test_what_may_be_waived_is_offered_to_a_lab_manager_and_the_same_form_then_passes(cast: Cast) -> None:
    asked: dict[str, Any] = {**form("09:00", "15:00"), "company": cast.aurora}
    li = cast.browser("li")
    refused = li.post("/bookings", data=asked)
    assert refused.status_code == 409
    assert boxes(refused.text) == ["too_long"]
    wordless = li.post("/bookings", data={**asked, "waive": "too_long"})
    assert wordless.status_code == 422
    assert re.search(r'value="too_long"\s+checked', wordless.text), "what was ticked stays ticked"
    made = li.post("/bookings", data={**asked, "waive": "too_long", "reason": "One long run"})
    assert made.status_code == 303
    [waived] = cast.api("li").get(f"/bookings/{made.location.rsplit('/', 1)[1]}").get_json()["waived"]
    assert (waived["code"], waived["reason"]) == ("too_long", "One long run")


def test_the_dry_run_keeps_the_boxes_while_they_are_ticked(cast: Cast) -> None:
    asked: dict[str, Any] = {**form("09:00", "15:00"), "company": cast.aurora}
    li, said = cast.browser("li"), {"headers": {"HX-Request": "true"}}
    assert boxes(li.post("/bookings/check", data=asked, **said).text) == ["too_long"]
    ticked = li.post("/bookings/check", data={**asked, "waive": "too_long", "reason": "One long run"}, **said).text
    assert "This can be had." in ticked
    assert boxes(ticked) == ["too_long"]
    assert 'value="One long run"' in ticked


def test_nobody_else_is_shown_them_nor_may_use_them(cast: Cast) -> None:
    mei = cast.browser("mei")
    refused = mei.post("/bookings", data=form("09:00", "15:00"))
    assert refused.status_code == 409
    assert boxes(refused.text) == []
    tried = mei.post("/bookings", data={**form("09:00", "15:00"), "waive": "too_long", "reason": "Please"})
    assert tried.status_code == 403


def test_what_nobody_may_waive_is_not_offered(cast: Cast) -> None:
    ask(cast, "mei", "09:00", "11:00")
    refused = cast.browser("li").post("/bookings", data={**form("09:00", "15:00"), "company": cast.borealis})
    assert boxes(refused.text) == ["too_long"], "that the time is taken stands"


def test_another_time_is_offered_from_the_bookings_page_and_a_refusal_says_what_may_be_waived(cast: Cast) -> None:
    booking, li = ask(cast, "mei", "09:00", "11:00"), cast.browser("li")
    page = li.get(f"/bookings/{booking}").text
    assert "Offer another time" in page
    assert '<datalist id="reject-reasons">' in page
    assert "请选择其他时间" in page, "the company reads it in the language it was chosen in"
    door, long = f"/bookings/{booking}/offer", {"starts_at": "12:00", "ends_at": "18:00"}
    times = {name: as_local(at(clock), SHANGHAI) for name, clock in long.items()}
    refused = li.post(door, data={**times, "version": "1"})
    assert refused.status_code == 409
    assert boxes(refused.text) == ["too_long"]
    made = li.post(door, data={**times, "version": "1", "waive": "too_long", "reason": "One long run"})
    assert made.status_code == 303
    shown = li.get(f"/bookings/{booking}").text
    assert "Rules waived" in shown
    assert "The longest length" in shown


def test_a_refused_offer_leads_to_times_that_can_be_offered(cast: Cast) -> None:
    booking, li = ask(cast, "mei", "09:00", "11:00"), cast.browser("li")
    ask(cast, "bo", "13:00", "15:00")
    times = {name: as_local(at(clock), SHANGHAI) for name, clock in (("starts_at", "12:30"), ("ends_at", "14:30"))}
    refused = li.post(f"/bookings/{booking}/offer", data=times)
    assert refused.status_code == 409
    link = re.search(rf'href="(/bookings/{booking}\?starts_at=[^"]*#answer)"', refused.text)
    assert link is not None
    filled = li.get(link[1].replace("&amp;", "&")).text
    start = re.search(r"starts_at=([^&]*)", link[1])
    assert start is not None
    assert f'name="starts_at" value="{start[1].replace("%3A", ":")}"' in filled


def test_a_member_sees_no_dossier(cast: Cast) -> None:
    booking = ask(cast, "mei", "09:00", "11:00")
    for name in ("mei", "chen"):
        text = cast.browser(name).get(f"/bookings/{booking}").text
        assert "Held against" not in text
        assert "Offer another time" not in text
