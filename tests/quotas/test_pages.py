"""Accounts by page: the statement, the form for allowances without any script, and what people see when they ask."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from labshare.booking.jobs.enforcing import recheck_allowances
from labshare.kernel import clock
from labshare.quotas import queries
from labshare.quotas.models import ASK
from tests.booking.conftest import Turn, body
from tests.booking.test_pages import form as asking
from tests.cast import Cast
from tests.quotas.conftest import Books, limit
from tests.quotas.test_doors import year

Statements = Callable[[], AbstractContextManager[list[str]]]


def page(cast: Cast, name: str, path: str, language: str = "en", **asked: Any) -> str:
    browser = cast.browser(name)
    browser.set_cookie("language", language)
    answer = browser.get(path, query_string=asked)
    assert answer.status_code == 200, answer.text
    return answer.text


def statement(cast: Cast, name: str = "mei", **asked: Any) -> str:
    return page(cast, name, f"/companies/{cast.aurora}/account", year=year(), **asked)


def lines(text: str) -> list[str]:
    """The lines of a statement, each as one text."""
    table = re.search(r'<div id="lines".*?<tbody>(.*?)</tbody>', text, re.S)
    return [" ".join(re.sub("<.*?>", " ", row).split()) for row in table[1].split("</tr>")[:-1]] if table else []


def rows(*given: dict[str, Any], version: int, **more: Any) -> dict[str, Any]:
    """The form for allowances as a browser sends it, with blank rows after the given ones."""
    blank = {"what": "all", "period": "year", "hours": "", "then": "refuse", "from": "", "to": ""}
    said = {
        f"{name}-{number}": value
        for number, one in enumerate([*given, {}, {}, {}])
        for name, value in (blank | one).items()
    }
    return {"version": version, "company_cap": "", "person_cap": "", **said, **more}


def version(cast: Cast) -> int:
    return queries.allowances_of(cast.ada, cast.aurora).version


# ---------------------------------------------------------------- the statement


def test_mei_reads_the_statement_and_every_line_opens_its_booking(cast: Cast, books: Books) -> None:
    books.allow(limit(10), limit(4, "instrument", cast.sem))
    booking = cast.api("mei").post("/bookings", body("09:00", "11:30")).json["id"]
    text = statement(cast)
    assert f"Account of hours {year()}" in text
    assert "Aurora Displays" in text
    assert "7.5 h left of 10 h" in text
    assert "1.5 h left of 4 h" in text
    assert "SEM-01 · Scanning electron microscope" in text
    [line] = lines(text)
    assert "Held for a booking" in line
    assert "−2.5 h" in line
    assert re.search(rf'<a href="/bookings/{booking}">Held for a booking</a>', text)
    assert "rounded down" in text
    assert "Set allowances" not in text
    assert "Extend once" not in text


def test_the_statement_speaks_chinese_too(cast: Cast, books: Books) -> None:
    books.allow(limit(4, "instrument", cast.sem))
    text = page(cast, "mei", f"/companies/{cast.aurora}/account", "zh", year=year())
    assert "SEM-01 · 扫描电子显微镜" in text


def test_the_menu_leads_to_ones_own_account_and_admins_to_all(cast: Cast) -> None:
    sent = cast.browser("mei").get("/hours")
    assert (sent.status_code, sent.location) == (303, f"/companies/{cast.aurora}/account")
    assert cast.browser("li").get("/hours").status_code == 404
    assert 'href="/hours" aria-current="page"' in statement(cast)
    text = page(cast, "ada", f"/companies/{cast.aurora}/account")
    assert re.findall(r'href="([^"]*)" aria-current="page"', text)[0] == "/accounts"


def test_lines_are_filtered_by_period_instrument_and_person_as_the_address_says(cast: Cast, books: Books) -> None:
    books.allow(limit(9, "instrument", cast.bat))
    cast.api("mei").post("/bookings", body("09:00", "10:00"))
    cast.api("chen").post("/bookings", body("09:00", "10:00", "BAT-01"))
    assert len(lines(statement(cast))) == 2
    [line] = lines(statement(cast, instrument="BAT-01"))
    assert "Chen" in line
    [line] = lines(statement(cast, person=cast.people["mei"]))
    assert "SEM-01" in line
    [bat] = queries.statement(cast.mei, cast.aurora, year()).standings
    text = statement(cast, allowance=bat.id)
    assert len(lines(text)) == 1
    assert f'<option value="{bat.id}" selected>BAT-01 · Battery cycler · Year {year()}</option>' in text
    assert "No lines like these." in statement(cast, instrument="NO-SUCH")
    assert cast.browser("mei").get(f"/companies/{cast.aurora}/account?year=x").status_code == 422


def test_a_rival_finds_no_statement(cast: Cast) -> None:
    gone = cast.browser("bo").get(f"/companies/{cast.aurora}/account")
    assert gone.status_code == 404
    assert "Aurora" not in gone.text


def test_the_statement_asks_as_much_for_sixty_lines_as_for_one(
    cast: Cast, books: Books, statements: Statements
) -> None:
    books.allow(limit(99), limit(99, "instrument", cast.bat))
    browser, counted = cast.browser("chen"), []
    for hours in ((20,), range(15)):
        for hour in hours:
            for _channel in range(4):
                cast.api("mei").post("/bookings", body(f"{hour:02}:00", f"{hour:02}:30", "BAT-01"))
        with statements() as said:
            text = browser.get(f"/companies/{cast.aurora}/account?year={year()}").text
        counted.append(len(said))
    assert len(lines(text)) > 40
    assert counted[0] == counted[1], counted


# ---------------------------------------------------------------- setting allowances


def test_ada_sets_allowances_by_a_form_and_sees_them_there_again(cast: Cast) -> None:
    ada, path = cast.browser("ada"), f"/companies/{cast.aurora}/allowances"
    assert "The company follows the default" in ada.get(path).text
    category = {"what": f"category:{cast.category}", "period": "month", "hours": "7.5", "then": ASK, "to": "2030-12-31"}
    sem, east = {"what": "instrument:SEM-01", "hours": "0.3333333333333333"}, {"what": "site:EAST", "hours": "9"}
    sent = ada.post(path, data=rows(category, sem, east, version=version(cast), person_cap="4"))
    assert (sent.status_code, sent.location) == (303, f"/companies/{cast.aurora}/account")
    found = queries.allowances_of(cast.ada, cast.aurora)
    told = [(one.terms.scope, one.terms.scope_id, one.terms.period, one.terms.minutes) for one in found.items]
    assert told == [
        ("category", cast.category, "month", 450),
        ("instrument", cast.sem, "year", 20),
        ("site", cast.east, "year", 540),
    ]
    assert (found.items[0].terms.when_exceeded, str(found.items[0].terms.valid_to)) == (ASK, "2030-12-31")
    assert (found.caps.company, found.caps.person) == (None, 4)

    text = ada.get(path).text
    shown = dict(re.findall(r'<input [^>]*name="((?:hours|to)-\d|person_cap)"[^>]*? value="([^"]+)"', text))
    assert (shown["hours-0"], shown["to-0"], shown["person_cap"]) == ("7.5", "2030-12-31", "4")
    values = {"hours-1": shown["hours-1"], "what-1": "instrument:SEM-01"}
    ada.post(path, data=rows({"hours": ""}, {"hours": values["hours-1"]}, version=version(cast)) | values)
    [left] = queries.allowances_of(cast.ada, cast.aurora).items
    assert (left.terms.scope_id, left.terms.minutes) == (cast.sem, 20), "an emptied row goes, what is shown can be sent"


def test_a_bad_row_is_marked_at_its_fields_and_keeps_what_was_typed(cast: Cast) -> None:
    ada, path = cast.browser("ada"), f"/companies/{cast.aurora}/allowances"
    before = version(cast)
    bad = rows(
        {"hours": ""}, {"hours": "many"}, {"hours": "1", "what": "site:NORTH"}, {"hours": "2", "to": "soon"},
        version=before, company_cap="-1",
    )  # fmt: skip
    answer = ada.post(path, data=bad)
    assert answer.status_code == 422
    for field in ("hours-1", "to-3", "company_cap"):
        assert f'href="#f-{field}"' in answer.text, field
    assert 'value="many"' in answer.text
    assert version(cast) == before
    unknown = ada.post(path, data=rows({"hours": "1", "what": "site:NORTH"}, version=before))
    assert (unknown.status_code, 'href="#f-what-0"' in unknown.text) == (422, True)
    twice = ada.post(path, data=rows({"hours": "1"}, {"hours": "2"}, version=before))
    assert (twice.status_code, 'href="#f-what-1"' in twice.text) == (422, True)


@pytest.mark.parametrize("sent", [{}, {"nonsense": "1"}, {"version": "x", "hours-0": "1"}, {"hours-0": "1"}])
def test_a_form_of_somebodys_own_making_sets_nothing(cast: Cast, sent: dict[str, str]) -> None:
    for path in (f"/companies/{cast.aurora}/allowances", "/accounts/default"):
        assert cast.browser("ada").post(path, data=sent).status_code == 422


def test_two_admins_at_once_do_not_undo_each_other(cast: Cast) -> None:
    ada, path, before = cast.browser("ada"), f"/companies/{cast.aurora}/allowances", version(cast)
    assert ada.post(path, data=rows({"hours": "5"}, version=before)).status_code == 303
    late = ada.post(path, data=rows({"hours": "6"}, version=before))
    assert late.status_code == 409
    assert "Somebody else changed this in the meantime." in late.text


def test_a_company_is_sent_back_to_the_default_by_one_button(cast: Cast, books: Books) -> None:
    books.allow(limit(5))
    ada, path = cast.browser("ada"), f"/companies/{cast.aurora}/allowances"
    assert "Follow the default again" in ada.get(path).text
    assert ada.post(path, data={"follows": "true", "version": version(cast)}).status_code == 303
    assert queries.allowances_of(cast.ada, cast.aurora).follows


def test_the_default_is_set_by_the_same_form(cast: Cast) -> None:
    ada = cast.browser("ada")
    assert "each year" in ada.get("/accounts/default").text
    sent = ada.post("/accounts/default", data=rows({"hours": "33"}, version=queries.default().version))
    assert (sent.status_code, sent.location) == (303, "/accounts")
    assert "33 h" in ada.get("/accounts").text


def test_whoever_lowers_a_limit_is_told_what_stands_beyond_it(cast: Cast, books: Books) -> None:
    books.allow(limit(10))
    booking = cast.api("mei").post("/bookings", body("09:00", "13:00", "BAT-01")).json["id"]
    asked = cast.api("mei").post("/bookings", body("09:00", "11:00")).json["id"]
    ada = cast.browser("ada")
    sent = ada.post(f"/companies/{cast.aurora}/allowances", data=rows({"hours": "3"}, version=version(cast)))
    told = ada.get(sent.location).text
    assert "In 1 period more is spoken for than is allowed now" in told
    recheck_allowances(clock.now())
    over = ada.get("/accounts").text
    assert "Aurora Displays" in over
    beyond = ada.get("/bookings/beyond").text
    assert f'href="/bookings/{booking}"' in beyond
    assert f'href="/bookings/{asked}"' not in beyond, "a request is over quota, and stands in the queue"
    assert "over quota" in ada.get("/queue").text


def test_what_stands_beyond_is_listed_in_a_constant_number_of_statements(
    cast: Cast, books: Books, statements: Statements
) -> None:
    browser, counted = cast.browser("ada"), []
    for count in (1, 5):
        books.allow(limit(99))
        for hour in range(count):
            cast.api("mei").post("/bookings", body(f"{hour:02}:00", f"{hour + 1:02}:00", "BAT-01", days=3 + count))
        books.allow(limit(0))
        with statements() as said:
            text = browser.get("/bookings/beyond").text
        counted.append(len(said))
    assert text.count("BAT-01") == 6
    assert counted[0] == counted[1], counted


# ---------------------------------------------------------------- an extension


def test_an_extension_by_form_is_made_once_and_a_bad_one_shows_the_form_again(cast: Cast, books: Books) -> None:
    books.allow(limit(1))
    [balance] = queries.statement(cast.ada, cast.aurora, year()).standings
    ada, path = cast.browser("ada"), f"/companies/{cast.aurora}/account/extend"
    said = {"allowance": balance.id, "hours": "2.5", "reason": "A late delivery.", "retry_key": "k", "year": year()}
    for _ in range(2):
        sent = ada.post(path, data=said)
        assert (sent.status_code, sent.location) == (303, f"/companies/{cast.aurora}/account?year={year()}")
    assert "3.5 h left of 3.5 h" in statement(cast)
    [line] = lines(statement(cast, allowance=balance.id))
    assert "Extended by the laboratory" in line
    assert "+2.5 h" in line
    assert "A late delivery." in line
    bad = ada.post(path, data=said | {"hours": "much", "retry_key": "l"})
    assert bad.status_code == 422
    assert 'value="much"' in bad.text
    back = ada.post(path, data=said | {"hours": "-9", "retry_key": "m"})
    assert back.status_code == 409
    assert "So much was not added" in back.text


# ---------------------------------------------------------------- while asking and answering


def test_before_asking_mei_sees_what_is_left_and_what_her_request_leaves(cast: Cast, books: Books) -> None:
    books.allow(limit(10))
    cast.api("mei").post("/bookings", body("14:00", "15:00"))
    text = page(cast, "mei", "/bookings/new", **asking("09:00", "11:00"))
    assert "This can be had." in text
    cells = re.findall(r'data-label="(This takes|Left now|Left then)" class="num">(.*?)</td>', text)
    assert cells == [("This takes", "2 h"), ("Left now", "9 h"), ("Left then", "7 h")]
    check = cast.browser("mei").post("/bookings/check", data=asking("09:00", "11:00"), headers={"HX-Request": "true"})
    assert "Left then" in check.text


def test_over_quota_mei_is_warned_li_waives_with_a_reason_and_the_queue_marks_it(cast: Cast, books: Books) -> None:
    books.allow(limit(1, then=ASK))
    mei, li = cast.browser("mei"), cast.browser("li")
    warned = page(cast, "mei", "/bookings/new", **asking("09:00", "11:00"))
    assert "the laboratory must waive them" in warned
    assert "1 h too little" in warned
    sent = mei.post("/bookings", data=asking("09:00", "11:00"))
    assert "over quota" in mei.get(sent.location).text
    queue = li.get("/queue").text
    assert "over quota" in queue
    assert "1 h too little" in queue
    assert "-quick-" not in queue, "its hours must be looked at, so no yes stands outside of them"

    shown = li.get(sent.location).text
    assert "1 h too little" in shown
    door = f"{sent.location}/approve"
    refused = li.post(door, data={"reason": "Go on."})
    assert refused.status_code == 409
    wordless = li.post(door, data={"waive": "quota_exceeded"})
    assert wordless.status_code == 422
    assert re.search(r'value="quota_exceeded"\s+checked', wordless.text), "what was ticked stays ticked"
    assert li.post(door, data={"waive": "quota_exceeded", "reason": "The last samples."}).status_code == 303
    assert "approved" in mei.get(sent.location).text
    assert "−1 h" in statement(cast) or "−2 h" in statement(cast)


def test_the_queue_asks_as_much_for_many_requests_over_quota_as_for_one(
    cast: Cast, books: Books, statements: Statements
) -> None:
    books.allow(limit(0, then=ASK))
    browser, counted = cast.browser("li"), []
    for hours in (range(8, 9), range(9, 14)):
        for hour in hours:
            cast.api("mei").post("/bookings", body(f"{hour:02}:00", f"{hour:02}:30"))
        with statements() as said:
            text = browser.get("/queue").text
        counted.append(len(said))
    assert text.count('class="badge wait">over quota') == 6
    assert counted[0] == counted[1], counted


def test_whoever_cancels_late_is_told_before_what_it_costs_and_after_what_it_cost(
    cast: Cast, books: Books, turn: Turn
) -> None:
    books.allow(limit(10))
    booking = cast.api("mei").post("/bookings", body("20:00", "22:00", "BAT-01")).json["id"]
    mei = cast.browser("mei")
    assert "no hours are lost" in mei.get(f"/bookings/{booking}").text
    turn("09:00")
    mei = cast.browser("mei")
    shown = mei.get(f"/bookings/{booking}").text
    assert "Cancelling now is late: it costs 50 % of the hours, 1 h." in shown
    assert "Cancelling now is late" not in cast.browser("li").get(f"/bookings/{booking}").text, "staff charge nothing"
    mei.post(f"/bookings/{booking}/cancel")
    assert "Cancelled late: this cost 50 % of the hours, 1 h." in mei.get(f"/bookings/{booking}").text
    assert any("Cancelled late" in line for line in lines(statement(cast)))


def test_the_instruments_page_says_what_cancelling_late_costs(cast: Cast) -> None:
    text = page(cast, "mei", "/instruments/SEM-01")
    assert "Cancel at least 24 h before the start; later it costs 50 % of the booked hours." in text
    assert "Not coming costs 100 % of the booked hours." in text


# ---------------------------------------------------------------- for admins


def test_admins_see_who_is_near_a_limit(cast: Cast, books: Books, turn: Turn) -> None:
    books.allow(limit(5))
    assert "No company is near a limit." in page(cast, "ada", "/accounts")
    cast.api("mei").post("/bookings", body("09:00", "13:00", "BAT-01"))
    turn("08:00")  # the year of that day is the one that runs
    text = page(cast, "ada", "/accounts")
    assert "Aurora Displays" in text
    assert "4 h of 5 h" in text
    assert "80 %" in text
    assert f'href="/companies/{cast.aurora}/account?year={year()}"' in text
