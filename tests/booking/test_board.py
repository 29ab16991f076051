"""Today's board tells who is on what, who is late, what is free and who comes next, and costs the same for many."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking.models import Booking
from labshare.instruments.models import Instrument
from labshare.kernel.db import Transaction, transaction
from tests.booking.conftest import Turn, at, body
from tests.booking.test_answering_many import elsewhere
from tests.cast import Cast


def book(cast: Cast, name: str, start: str, end: str, instrument: str = "SEM-01", days: int = 2) -> int:
    """An approved booking; its id."""
    made = cast.api(name).post("/bookings", body(start, end, instrument, days)).get_json()
    if made["state"] == "requested":
        assert cast.api("li").post(f"/bookings/{made['id']}/approve", {}).status_code == 200
    return int(made["id"])


def check_in(cast: Cast, name: str, booking: int) -> None:
    assert cast.api(name).post(f"/bookings/{booking}/check-in", {}).status_code == 200


def board(cast: Cast, name: str = "li", **asked: Any) -> dict[str, dict[str, Any]]:
    """The board as its JSON door tells it, by instrument."""
    found = cast.api(name).get("/board", query_string=asked)
    assert found.status_code == 200, found.get_json()
    return {one["instrument"]["code"]: one for one in found.get_json()["items"]}


def test_the_board_tells_who_is_in_time_who_is_late_and_who_overruns(cast: Cast, turn: Turn) -> None:
    first, second = book(cast, "mei", "09:00", "10:00"), book(cast, "bo", "11:00", "12:00")
    turn("09:05")
    line = board(cast)["SEM-01"]
    assert (line["standing"], [one["standing"] for one in line["present"]]) == ("late", ["late"])
    assert line["next"]["id"] == second
    check_in(cast, "mei", first)
    assert board(cast)["SEM-01"]["standing"] == "in_use"
    turn("10:10")
    line = board(cast)["SEM-01"]
    assert (line["standing"], line["present"][0]["booking"]["company"]["name"]) == ("overrunning", "Aurora Displays")
    assert line["free_channels"] == 0, "whoever overruns is there, whatever the plan says"
    text = cast.browser("li").get("/board").text
    assert "overrunning" in text
    assert "Borealis Photonics" in text


def test_the_board_tells_how_many_channels_are_free(cast: Cast, turn: Turn) -> None:
    check = [book(cast, name, "09:00", "10:00", "BAT-01") for name in ("mei", "bo")]
    turn("09:00")
    check_in(cast, "mei", check[0])
    line = board(cast)["BAT-01"]
    assert (line["standing"], line["free_channels"], line["channels"]) == ("late", 2, 4)
    assert board(cast)["SEM-01"]["standing"] == "free"
    assert "2 of 4 channels free" in cast.browser("li").get("/board").text


def test_whoever_is_late_stands_before_those_who_are_in_time(cast: Cast, turn: Turn) -> None:
    early = [book(cast, "mei", "09:00", "12:00", "BAT-01") for _ in range(2)]
    late = book(cast, "bo", "09:30", "12:00", "BAT-01")
    turn("09:00")
    for number in early:
        check_in(cast, "mei", number)
    turn("09:35")
    present = board(cast)["BAT-01"]["present"]
    assert [one["booking"]["id"] for one in present] == [late, *early]


def test_what_is_out_of_service_is_not_free(cast: Cast) -> None:
    version = {"version": cast.api("li").get("/instruments/SEM-01").get_json()["version"]}
    assert cast.api("li").patch("/instruments/SEM-01", {"state": "out_of_service", **version}).status_code == 200
    line = board(cast)["SEM-01"]
    assert (line["standing"], line["free_channels"]) == ("out_of_service", 0)


def test_the_board_shows_the_instruments_of_ones_own_sites_only(cast: Cast) -> None:
    with transaction() as tx:
        tx.execute(sa.update(Instrument).where(Instrument.code == "BAT-01").values(site_id=cast.west))
        cast._tell(tx)
    assert set(board(cast, site="EAST")) == {"SEM-01"}
    assert set(board(cast, "ada")) == {"SEM-01", "BAT-01"}
    elsewhere(cast)
    assert set(board(cast, "wei")) == {"BAT-01"}
    assert set(board(cast, "wei", site="EAST")) == set()
    text = cast.browser("li").get("/board?site=WEST").text
    assert "BAT-01" in text
    assert "SEM-01" not in text


def test_an_open_board_is_told_that_nothing_changed_and_what_did(cast: Cast, turn: Turn) -> None:
    booking = book(cast, "mei", "09:00", "10:00")
    turn("09:05")
    li = cast.browser("li")
    mark = li.get("/board").headers["ETag"]
    asked = {"HX-Request": "true", "If-None-Match": mark}
    turn("09:06")
    assert li.get("/board", headers=asked).status_code == 304
    check_in(cast, "mei", booking)
    changed = li.get("/board", headers=asked)
    assert (changed.status_code, "<html" in changed.text) == (200, False)
    assert "in use" in changed.text


@pytest.mark.unsound  # its bookings are copies that hold no time
def test_the_board_asks_as_much_for_many_bookings_and_instruments_as_for_few(
    cast: Cast, turn: Turn, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    booking = book(cast, "mei", "09:00", "10:00")
    turn("09:05")
    li = cast.browser("li")
    li.get("/board")  # the opening hours are remembered from now on
    with statements() as few:
        li.get("/board")
    with transaction() as tx:
        for number in range(20):
            place = copied(tx, Instrument, cast.sem, code=f"SEM-{number + 50}")
            copied(tx, Booking, booking, instrument_id=place, state="in_use")
            copied(tx, Booking, booking, instrument_id=place, starts_at=at("15:00", 0), ends_at=at("16:00", 0))
        cast._tell(tx)
    with statements() as many:
        text = li.get("/board").text
    assert text.count("in use") >= 20
    assert text.count("15:00") >= 20
    assert len(many) == len(few)


def copied(tx: Transaction, model: Any, number: int, **other: Any) -> int:
    """Another row like this one but for some values; its id."""
    [row] = tx.execute(sa.select(*model.__table__.c).where(model.id == number)).mappings()
    values = {name: value for name, value in row.items() if name != "id"} | other
    return int(tx.execute(sa.insert(model).values(values).returning(model.id)).scalar_one())
