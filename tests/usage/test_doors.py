"""Who sees which yearly figures, by every door: a company its own, an owner its instruments, strangers nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from labshare.booking import services as booking
from labshare.booking.services.asking import Draft
from labshare.kernel import clock
from tests.booking.conftest import Turn, body, slot, turn
from tests.booking.test_using import booked, do
from tests.cast import Cast

__all__ = ["turn"]


@pytest.fixture
def used(cast: Cast, turn: Turn) -> int:
    """Mei of Aurora used the microscope for an hour and a half of two; Bo of Borealis cycled cells. The year."""
    mine, other = booked(cast, "09:00", "11:00"), cast.api("bo").post("/bookings", body("09:00", "10:00", "BAT-01"))
    turn("09:00")
    do(cast, mine, "check-in")
    assert cast.api("bo").post(f"/bookings/{other.json['id']}/check-in").status_code == 200
    turn("10:00")
    assert cast.api("bo").post(f"/bookings/{other.json['id']}/check-out").status_code == 200
    turn("10:30")
    assert cast.api("mei").post(f"/bookings/{mine}/check-out", {"samples": 4}).status_code == 200
    return clock.now().year


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [(one.get("company") or one["instrument"])["name"] for one in answer.json["items"]]


def test_a_company_sees_its_own_figures_and_no_others(cast: Cast, used: int) -> None:
    mei = cast.api("mei")
    assert names(mei.get(f"/usage/companies?year={used}")) == ["Aurora Displays"]
    [mine] = mei.get(f"/usage/companies?year={used}").json["items"]
    wanted = ("bookings", "booked_hours", "effective_hours", "uses", "samples", "no_shows")
    shown = {name: mine[name] for name in wanted}
    assert shown == {"bookings": 1, "booked_hours": 2, "effective_hours": 1.5, "uses": 1, "samples": 4, "no_shows": 0}
    whole = mei.get(f"/usage/companies/{cast.aurora}?year={used}").json
    assert [part["instrument"]["code"] for part in whole["parts"]] == ["SEM-01"]
    assert sum(month["effective_hours"] for month in whole["months"]) == 1.5
    missing, others = (mei.get(f"/usage/companies/{number}?year={used}") for number in (999_999, cast.borealis))
    assert (missing.status_code, missing.data) == (others.status_code, others.data) == (404, others.data)


def test_admins_see_all_of_them_those_that_used_most_first(cast: Cast, used: int) -> None:
    answer = cast.api("ada").get(f"/usage/companies?year={used}")
    assert names(answer) == ["Aurora Displays", "Borealis Photonics"]
    assert answer.json["state"] == "draft"
    assert names(cast.api("ada").get(f"/usage/companies?year={used - 1}")) == []


def test_managers_see_instruments_of_their_sites_and_no_companies_figures(cast: Cast, used: int) -> None:
    li = cast.api("li")
    assert names(li.get(f"/usage/instruments?year={used}")) == ["Battery cycler", "Scanning electron microscope"]
    assert li.get(f"/usage/companies?year={used}").status_code == 403
    assert li.get(f"/usage/companies/{cast.aurora}?year={used}").status_code == 403
    whole = li.get(f"/usage/instruments/SEM-01?year={used}").json
    assert [part["company"]["name"] for part in whole["parts"]] == ["Aurora Displays"]


def test_an_owner_sees_its_instruments_and_not_who_used_them(cast: Cast, used: int) -> None:
    mei = cast.api("mei")
    assert names(mei.get(f"/usage/instruments?year={used}")) == []
    assert mei.get(f"/usage/instruments/SEM-01?year={used}").status_code == 403
    changed = cast.api("ada").patch("/instruments/BAT-01", {"owner": cast.aurora})
    assert changed.status_code == 200, changed.text
    assert names(mei.get(f"/usage/instruments?year={used}")) == ["Battery cycler"]
    whole = mei.get(f"/usage/instruments/BAT-01?year={used}").json
    assert (whole["effective_hours"], whole["companies"], whole["parts"]) == (1, 1, [])


def test_whether_a_use_is_external_is_decided_by_who_owned_the_instrument_then(
    cast: Cast, used: int, turn: Turn
) -> None:
    changed = cast.api("ada").patch("/instruments/SEM-01", {"owner": cast.aurora})
    assert changed.status_code == 200, changed.text
    number = booked(cast, "13:00", "14:00", days=0)
    turn("13:00")
    do(cast, number, "check-in")
    turn("13:40")
    do(cast, number, "check-out")
    [_, sem] = cast.api("ada").get(f"/usage/instruments?year={used}").json["items"]
    assert (sem["effective_hours"], sem["external_hours"]) == (pytest.approx(1.5 + 2 / 3), 1.5)
    [mine, _] = cast.api("ada").get(f"/usage/companies?year={used}").json["items"]
    assert mine["external_hours"] == 1.5


def test_the_rows_behind_a_figure_are_those_the_reader_may_see(cast: Cast, used: int) -> None:
    address = f"/usage/records?year={used}"
    assert "Aurora Displays" in cast.browser("mei").get(address).text
    assert "Borealis" not in cast.browser("mei").get(address).text
    assert "Borealis" in cast.browser("ada").get(address).text
    assert cast.browser("mei").get(f"{address}&company={cast.borealis}").status_code == 404
    for what in ("bookings", "approved", "booked_hours"):
        assert "SEM-01" in cast.browser("mei").get(f"{address}&what={what}").text
    for what in ("rejected", "cancelled", "late_cancels", "no_shows", "expired", "displaced"):
        assert "Nothing stands behind this figure." in cast.browser("mei").get(f"{address}&what={what}").text


@pytest.mark.parametrize("who", ["ada", "chen", "li"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_everybody_is_led_to_the_figures_that_are_theirs(cast: Cast, used: int, who: str, language: str) -> None:
    browser = cast.browser(who)
    browser.set_cookie("language", language)
    page = browser.get("/usage", follow_redirects=True)
    assert page.status_code == 200
    assert {"ada": "Aurora Displays", "chen": "Aurora Displays", "li": "SEM-01"}[who] in page.text
    if who == "ada":
        assert "SEM-01" in browser.get("/usage/instruments").text
        assert "Borealis" in browser.get("/usage/companies").text
        assert "Aurora" in browser.get("/usage/instruments/SEM-01").text


@pytest.mark.parametrize(
    "query", ["year=1999", "year=x", "year=2026&site=", "format=pdf", "rated_hours=0", "category=nobody", "unknown=1"]
)
def test_what_no_report_is_asked_for_by_is_refused(cast: Cast, query: str) -> None:
    answer = cast.api("ada").get(f"/usage/instruments?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")


def test_a_part_of_the_laboratory_has_its_own_sums(cast: Cast, used: int) -> None:
    ada = cast.api("ada")
    assert names(ada.get(f"/usage/companies?year={used}&site=EAST")) == ["Aurora Displays", "Borealis Photonics"]
    assert names(ada.get(f"/usage/companies?year={used}&site=WEST")) == []
    assert names(ada.get(f"/usage/instruments?year={used}&site=WEST")) == []
    [_, sem] = ada.get(f"/usage/instruments?year={used}&rated_hours=800").json["items"]
    assert (sem["rated_hours"], sem["utilisation"]) == (800, 1.5 / 800)


def test_reports_ask_as_much_however_many_have_booked(
    cast: Cast, used: int, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    addresses = [
        f"/usage/companies?year={used}",
        f"/usage/instruments?year={used}",
        f"/usage/companies/{cast.aurora}?year={used}",
        f"/usage/instruments/BAT-01?year={used}",
    ]
    pages = ["/usage", "/usage/companies", "/usage/instruments", "/usage/records?year=" + str(used)]
    ada, browser = cast.api("ada"), cast.browser("ada")

    def costs() -> list[int]:
        found = []
        for client, some in ((ada, addresses), (browser, pages)):
            for address in some:
                client.get(address)
                with statements() as said:
                    assert client.get(address).status_code == 200
                found.append(len(said))
        return found

    before = costs()
    for day in range(3, 9):
        for who, start, end in ((cast.mei, "09:00", "10:00"), (cast.bo, "13:00", "14:00")):
            for code in ("BAT-01", "SEM-01"):
                booking.request(who, Draft(code, slot(start, end, day), "Cells"))
    assert costs() == before
    assert max(before) <= 22
