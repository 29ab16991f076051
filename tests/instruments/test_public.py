"""The catalogue for strangers: what the laboratory has, what it costs, when it is open; nobody's name, and no time."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from labshare.instruments import services
from tests.cast import Cast
from tests.instruments.test_pages import listed, text

PAGES = ("/instruments", "/instruments/SEM-01", "/instruments?q=sem&category=&site=EAST")


@pytest.fixture
def stranger(cast: Cast) -> FlaskClient:
    return cast.app.test_client()


def test_a_stranger_sees_what_there_is_what_it_costs_and_how_to_become_a_customer(stranger: FlaskClient) -> None:
    assert listed(stranger.get("/instruments")) == ["BAT-01", "SEM-01"]
    page = text(stranger.get("/instruments/SEM-01"))
    for said in ("Rate", "Opening hours", "How to become a customer"):
        assert said in page
    assert "Ask for time" not in page
    assert "Instruments" in text(stranger.get("/sign-in")), "and finds it from the way in"


def test_a_stranger_sees_no_name_no_room_and_no_word_of_upkeep(cast: Cast, stranger: FlaskClient) -> None:
    services.change(cast.li, "SEM-01", {"location": "Room canary", "maintenance_note": "Upkeep canary"})
    services.change(cast.ada, "SEM-01", {"owner_id": cast.aurora})
    for path in PAGES:
        page = stranger.get(path).text
        for word in ("canary", "Aurora", "Borealis", "Mei"):
            assert word not in page, path
    assert "Room canary" in cast.browser("mei").get("/instruments/SEM-01").text


def test_a_stranger_cannot_ask_when_anything_is_free(cast: Cast, stranger: FlaskClient) -> None:
    asked = "?free_from=2027-01-04T09:00&free_to=2027-01-04T10:00"
    assert "free_from" not in stranger.get("/instruments").text
    services.change(cast.li, "SEM-01", {"state": "out_of_service"})
    assert listed(cast.browser("mei").get(f"/instruments{asked}")) == ["BAT-01"]
    assert listed(stranger.get(f"/instruments{asked}")) == ["BAT-01", "SEM-01"], "it is not even looked at"
    for path in ("/instruments/SEM-01/week", "/timeline", "/find", "/instruments/SEM-01/hours", "/bookings/new"):
        assert "/sign-in?" in stranger.get(path).location, path


def test_what_is_retired_is_not_there_for_strangers(cast: Cast, stranger: FlaskClient) -> None:
    services.change(cast.li, "SEM-01", {"state": "retired"})
    assert listed(stranger.get("/instruments")) == ["BAT-01"]
    assert listed(stranger.get("/instruments?state=retired")) == ["BAT-01"]
    assert stranger.get("/instruments/SEM-01").status_code == 404
    assert cast.browser("mei").get("/instruments/SEM-01").status_code == 200
