"""Outages, upkeep, utilities and withdrawals by page."""

from __future__ import annotations

import re

import pytest

from labshare.kernel.actor import SYSTEM
from labshare.maintenance import queries as windows
from labshare.maintenance import upkeep
from tests.maintenance.conftest import Lab
from tests.maintenance.reading import state_of, words_of


def test_an_outage_is_reported_in_front_of_the_instrument_and_ended_there(lab: Lab) -> None:
    mine = lab.book(lab.cast.mei, 5)
    li, path = lab.cast.browser("li"), "/instruments/SEM-01/outage"
    for page in ("/instruments/SEM-01", "/instruments/SEM-01/here"):
        assert f'href="{path}"' in li.get(page).text
        assert f'href="{path}"' not in lab.cast.browser("mei").get(page).text
    assert "Aurora Displays" in words_of(li.get(path).text), "whom it hits, if it lasts a day"
    short = li.post(f"{path}/preview", data={"expected_until": "2026-12-01T11:00"})
    assert "No booking is in the way." in words_of(short.text)
    assert state_of(mine.id) == "approved"
    assert li.post(path, data={"note": "No vacuum", "retry_key": "k"}).status_code == 303
    assert state_of(mine.id) == "displaced"
    page = li.get(path).text
    assert "No vacuum" in page
    assert "No vacuum" in li.get("/maintenance/outages").text
    assert li.post(path, data={}).status_code == 409
    number = re.search(r"/outages/(\d+)/repaired", page)[1]  # type: ignore[index]
    assert li.post(f"/outages/{number}/repaired", data={"remedy": "New pump", "version": "1"}).status_code == 303
    assert "New pump" in li.get("/maintenance/outages").text
    again = li.post(f"/outages/{number}/repaired", data={})
    assert again.status_code == 409
    assert "It works again already." in words_of(again.text)


def test_an_expected_end_that_has_passed_is_refused_on_the_page(lab: Lab) -> None:
    li, path = lab.cast.browser("li"), "/instruments/SEM-01/outage"
    for where in (path, f"{path}/preview"):
        assert li.post(where, data={"expected_until": "never"}).status_code == 422
    page = li.post(path, data={"expected_until": "2026-11-01T09:00"})
    assert page.status_code == 409
    assert "Must lie ahead" in page.text
    assert "Must lie ahead" in li.post(f"{path}/preview", data={"expected_until": "2026-11-01T09:00"}).text


def test_what_is_overdue_stands_first_and_leads_to_the_planner(lab: Lab) -> None:
    li = lab.cast.browser("li")
    said = {"instrument": "SEM-01", "kind": "calibration", "every_days": "1"}
    assert li.post("/maintenance/upkeep", data=said).status_code == 303
    assert li.post("/maintenance/upkeep", data={**said, "instrument": "BAT-01", "every_days": "9"}).status_code == 303
    lab.go(48)
    page = li.get("/maintenance/upkeep").text
    assert page.index("SEM-01") < page.index("BAT-01"), "though it comes later by its code"
    assert words_of(page).count("overdue") == 1
    link = 'href="/maintenance/windows/new?instrument=SEM-01&amp;kind=calibration"'
    assert link in page
    planner = li.get("/maintenance/windows/new?instrument=SEM-01&kind=calibration").text
    assert re.search(r'value="SEM-01" checked', planner)
    assert re.search(r'value="calibration" selected', planner)
    [first, *_] = [one for one in upkeep.every(SYSTEM) if one.code == "SEM-01"]
    assert li.post(f"/maintenance/upkeep/{first.id}/remove").status_code == 303
    assert [one.code for one in upkeep.every(SYSTEM)] == ["BAT-01"]


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        ({"instrument": "NO-SUCH", "kind": "calibration", "every_days": "1"}, "instrument"),
        ({"instrument": "SEM-01", "kind": "calibration"}, "every_days"),
        ({"instrument": "SEM-01", "kind": "calibration", "every_days": "0"}, "every_days"),
        ({"instrument": "SEM-01", "every_days": "1"}, "kind"),
    ],
)
def test_upkeep_that_says_too_little_is_refused(lab: Lab, said: dict[str, str], marked: str) -> None:
    page = lab.cast.browser("li").post("/maintenance/upkeep", data=said)
    assert page.status_code == 422
    assert f'href="#f-{marked}"' in page.text
    assert upkeep.every(SYSTEM) == []


def test_a_utility_is_added_and_changed(lab: Lab) -> None:
    li = lab.cast.browser("li")
    said = {"name_en": "Chiller 2", "name_zh": "2 号冷水机", "instruments": ["SEM-01"]}
    assert li.post("/maintenance/utilities", data=said).status_code == 303
    [one] = windows.utilities(lab.cast.li)
    path = f"/maintenance/utilities/{one.id}"
    assert re.search(r'value="SEM-01" checked', li.get(path).text)
    assert li.post(path, data=said | {"instruments": ["SEM-01", "BAT-01"]}).status_code == 303
    assert windows.utilities(lab.cast.li)[0].instruments == ["BAT-01", "SEM-01"]
    refused = li.post(path, data={"name_en": "Chiller 2", "name_zh": ""})
    assert refused.status_code == 422
    assert 'href="#f-name_zh"' in refused.text
    assert 'href="#f-instruments"' in refused.text


def test_an_instrument_is_retired_after_it_was_shown_whom_that_hits(lab: Lab) -> None:
    mine = lab.book(lab.cast.mei, 24)
    li, path = lab.cast.browser("li"), "/instruments/SEM-01/retirement"
    assert f'href="{path}"' in li.get("/instruments/SEM-01/edit").text
    assert "1 booking is in the way." in words_of(li.get(path).text)
    assert state_of(mine.id) == "approved"
    assert li.post(path, data={"retry_key": "k"}).status_code == 303
    assert state_of(mine.id) == "displaced"
    again = li.post(path, data={})
    assert again.status_code == 409
    assert "The instrument is retired." in words_of(again.text)


def test_channels_are_taken_away_after_it_was_shown_whom_that_hits(lab: Lab) -> None:
    some = [lab.book(lab.cast.mei, 24, code="BAT-01") for _ in range(4)]
    li, path = lab.cast.browser("li"), "/instruments/BAT-01/channels"
    assert f'href="{path}"' in li.get("/instruments/BAT-01/edit").text
    assert "1 booking is in the way." in words_of(li.get(f"{path}?channels=3").text)
    for much in ("4", "0", "x"):
        refused = li.get(f"{path}?channels={much}")
        assert refused.status_code == 422
        assert 'href="#f-channels"' in refused.text
    assert li.post(path, data={"channels": "x"}).status_code == 422
    assert li.post(path, data={"channels": "3"}).status_code == 303
    assert [state_of(one.id) for one in some].count("displaced") == 1


def test_a_company_is_suspended_after_it_was_shown_what_that_takes_back(lab: Lab) -> None:
    mine = lab.book(lab.cast.mei, 24)
    ada, company = lab.cast.browser("ada"), f"/companies/{lab.cast.aurora}"
    assert f'href="{company}/suspension"' in ada.get(company).text
    assert "1 booking is taken back." in words_of(ada.get(f"{company}/suspension").text)
    assert ada.post(f"{company}/suspension", data={}).status_code == 422
    assert state_of(mine.id) == "approved"
    assert ada.post(f"{company}/suspension", data={"reason": "The bill is open"}).status_code == 303
    assert state_of(mine.id) == "cancelled"
    assert "The bill is open" in ada.get(company).text
    assert ada.post(f"{company}/suspension", data={"reason": "Twice"}).status_code == 409
    assert ada.post(f"{company}/suspend", data={"reason": "By the old door"}).status_code == 404
