"""What was done can be undone at once by the button beside the message that says so, and stands as it was before."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask, get_flashed_messages
from flask.testing import FlaskClient

from labshare.instruments import hours, workdays
from labshare.kernel import clock
from labshare.people import queries as people
from labshare.quotas import queries as quotas
from labshare.web.undoing import MOST, flash_undoable
from tests.cast import Cast
from tests.quotas.conftest import Books, limit

NOON = datetime(2026, 12, 1, 4, tzinfo=UTC)
DAY = "2026-12-24"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture(autouse=True)
def december(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "source", lambda: NOON)


def offered(browser: FlaskClient, at: str) -> tuple[str, dict[str, str]] | None:
    """Where the message's button on this page sends what; None without one."""
    page = browser.get(at, follow_redirects=True).text
    found = re.search(r'<div class="flash good">.*?<form method="post" action="([^"]+)"(.*?)</form>', page, re.DOTALL)
    return (found[1], dict(HIDDEN.findall(found[2]))) if found else None


def does(browser: FlaskClient, path: str, said: dict[str, Any]) -> tuple[str, dict[str, str]] | None:
    answer = browser.post(path, data=said)
    assert answer.status_code == 303, answer.text
    return offered(browser, answer.headers["Location"])


def exceptions(cast: Cast) -> list[Any]:
    return [(one.code, one.stretches, one.note) for one in hours.exceptions(cast.east, date(2026, 1, 1))]


def by_hand(cast: Cast) -> list[Any]:
    return [(str(one.day), one.kind, one.name, one.note) for one in workdays.standing(cast.east, 2026).days]


Act = tuple[str, str, dict[str, Any]]  # who sends what where
CLOSED = ("li", "/sites/EAST/exceptions", {"day": DAY, "intervals": "", "note": "Stocktaking"})
SHORT = ("li", "/sites/EAST/exceptions", {"day": DAY, "intervals": "09:00-12:00, 13:00-14:30", "note": "Fair"})
ONE = ("li", "/sites/EAST/exceptions", {"day": DAY, "intervals": "10:00-11:00", "instrument": "SEM-01"})
HOLIDAY = ("li", "/sites/EAST/calendar/day", {"date": DAY, "kind": "holiday", "name": "Feast", "note": "Said so"})
RESTDAY = ("li", "/sites/EAST/calendar/day", {"date": DAY, "kind": "restday"})
WEEKDAY = ("li", "/sites/EAST/calendar/day", {"date": DAY})


@pytest.mark.parametrize(
    ("before", "act", "state"),
    [
        ([], CLOSED, exceptions),
        ([], ONE, exceptions),
        ([ONE, SHORT], CLOSED, exceptions),
        ([CLOSED, SHORT], ONE, exceptions),
        ([], HOLIDAY, by_hand),
        ([HOLIDAY], RESTDAY, by_hand),
        ([HOLIDAY], WEEKDAY, by_hand),
    ],
)
def test_hours_and_days_stand_as_before_once_undone(
    cast: Cast, before: list[Act], act: Act, state: Callable[[Cast], list[Any]]
) -> None:
    li = cast.browser("li")
    for _, path, said in before:
        does(li, path, said)
    stood = state(cast)
    back = does(li, act[1], act[2])
    assert back
    assert state(cast) != stood
    again = does(li, *back)
    assert sorted(map(repr, state(cast))) == sorted(map(repr, stood))
    assert again, "what was undone can be done again"


def test_hours_that_were_removed_come_back(cast: Cast) -> None:
    li = cast.browser("li")
    for _, path, said in (ONE, SHORT):
        does(li, path, said)
    stood = sorted(map(repr, exceptions(cast)))
    for one in hours.exceptions(cast.east, date(2026, 1, 1)):
        back = does(li, f"/sites/EAST/exceptions/{one.id}/remove", {})
        assert back
        assert len(exceptions(cast)) == 1
        does(li, *back)
        assert sorted(map(repr, exceptions(cast))) == stood


def test_what_a_notice_said_of_a_day_is_not_undone_by_hand(cast: Cast) -> None:
    li = cast.browser("li")
    li.post("/sites/EAST/calendar", data={"year": "2026", "text": f"date,kind\n{DAY},holiday\n"})
    li.get("/sites/EAST/calendar")  # says that it was taken in
    assert does(li, *WEEKDAY[1:]) is None


def test_an_invitation_to_a_wrong_address_is_withdrawn_and_one_withdrawn_by_mistake_sent_again(cast: Cast) -> None:
    chen = cast.browser("chen")
    said = {"email": "wen@aurora.test", "role": "company_admin"}
    path = f"/companies/{cast.aurora}/invitations"

    def asked() -> list[tuple[str, str]]:
        return [(one.email, one.role) for one in people.open_invitations(cast.aurora, NOON)]

    back = does(chen, path, said)
    assert back
    again = does(chen, *back)
    assert again == (path, said)
    assert asked() == []
    does(chen, *again)
    assert asked() == [tuple(said.values())]


def test_who_was_made_an_administrator_by_mistake_is_a_member_again(cast: Cast) -> None:
    chen, path = cast.browser("chen"), f"/people/{cast.people['mei']}/company-role"
    back = does(chen, path, {"role": "company_admin"})
    assert back == (path, {"role": "member"})
    assert does(chen, *back) is None, "an administrator no more has lost more than the role"
    assert people.person(cast.chen, cast.people["mei"]).roles == {"member"}


@pytest.mark.parametrize("typed", ["3", "1.5", "-2"])
def test_an_extension_is_taken_back_once_however_often_the_button_is_pressed(cast: Cast, typed: str) -> None:
    Books(cast).allow(limit(10))
    ada, path = cast.browser("ada"), f"/companies/{cast.aurora}/account/extend"

    def granted() -> list[int]:
        return [one.extended for one in quotas.statement(cast.ada, cast.aurora, 2026).standings]

    [standing] = quotas.statement(cast.ada, cast.aurora, 2026).standings[:1]
    said = {"allowance": standing.id, "reason": "Ahead of the fair.", "year": "2026"}
    does(ada, path, {**said, "hours": "5"})
    stood = granted()
    back = does(ada, path, {**said, "hours": typed})
    assert back
    assert granted() != stood
    does(ada, *back)
    does(ada, *back)
    assert granted() == stood


def test_first_steps_put_away_come_back(cast: Cast) -> None:
    mei = cast.browser("mei")
    back = does(mei, "/first-steps", {"next": "/"})
    assert back
    mei.post(back[0], data=back[1])
    assert "first-steps-title" in mei.get("/").text


def test_what_does_not_fit_into_a_cookie_is_said_without_a_button(app: Flask) -> None:
    for size, kept in ((100, True), (MOST, False)):
        with app.test_request_context("/"):
            flash_undoable("Done.", "/there", {"note": "x" * size})
            [said] = get_flashed_messages()
            assert (said != "Done.") is kept
