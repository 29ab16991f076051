"""Free times over many instruments: the earliest first, the same as each by itself, at a constant cost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from labshare.instruments.models import Instrument
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import transaction
from labshare.kernel.journal import publish
from labshare.people.events import SiteAdded
from tests.booking.conftest import at, body
from tests.cast import LONG_AGO, Cast

Counting = Callable[[], AbstractContextManager[list[str]]]


def asked(cast: Cast, **more: Any) -> dict[str, Any]:
    wanted = {"from": at("08:00").isoformat(), "to": at("12:00").isoformat(), "minutes": 60, "limit": 200, **more}
    answer = cast.api("mei").get("/free", query_string=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json  # type: ignore[no-any-return]


def alone(cast: Cast, code: str) -> list[tuple[str, str]]:
    wanted = {"from": at("08:00").isoformat(), "to": at("12:00").isoformat(), "minutes": 60}
    items = cast.api("mei").get(f"/instruments/{code}/free", query_string=wanted).json["items"]
    return [(one["starts_at"], code) for one in items]


def test_it_is_what_each_instrument_says_by_itself_by_start(cast: Cast) -> None:
    cast.api("mei").post("/bookings", body("09:00", "10:00"))
    found = [(one["starts_at"], one["instrument"]["code"]) for one in asked(cast)["items"]]
    order = {"SEM-01": 0, "BAT-01": 1}
    each = alone(cast, "SEM-01") + alone(cast, "BAT-01")
    assert found == sorted(each, key=lambda one: (one[0], order[one[1]]))
    assert {code for _, code in found} == {"SEM-01", "BAT-01"}


def test_instruments_are_chosen_by_code_category_and_site(cast: Cast) -> None:
    def codes(**more: Any) -> set[str]:
        return {one["instrument"]["code"] for one in asked(cast, **more)["items"]}

    assert codes(instrument="BAT-01") == {"BAT-01"}
    assert codes(category="Electron microscopes", site="EAST") == {"SEM-01", "BAT-01"}
    assert codes(site="WEST") == codes(category="Spectrometers") == set()
    wanted = {"from": at("08:00").isoformat(), "to": at("12:00").isoformat(), "minutes": 60, "instrument": "NOPE"}
    assert cast.api("mei").get("/free", query_string=wanted).status_code == 404


def test_a_page_goes_on_where_the_one_before_ended(cast: Cast) -> None:
    whole, found, cursor = asked(cast)["items"], [], None
    while True:
        page = asked(cast, limit=3, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["items"]) == 3
    assert found == whole
    wanted = {"from": at("08:00").isoformat(), "to": at("12:00").isoformat(), "minutes": 60, "cursor": "bm9wZQ"}
    assert list(cast.api("mei").get("/free", query_string=wanted).json["errors"]) == ["cursor"]


def test_fifty_instruments_and_two_weeks_take_six_statements_at_most(cast: Cast, statements: Counting) -> None:
    like = {"category_id": cast.category, "owner_id": cast.operator, "site_id": cast.east, "notice_minutes": 0}
    some = [{"code": f"X-{n:02}", "name_en": f"X {n}", "name_zh": f"X {n}", **like} for n in range(48)]
    with transaction() as tx:
        tx.execute(insert(Instrument), some)
        publish(tx, SYSTEM, SiteAdded(object_id=cast.east, version=1, code="EAST"), LONG_AGO)
    cast.api("ada").put(
        "/sites/EAST/opening-hours",
        json={"valid_from": "2020-01-01", "week": [["08:00-18:00"]] * 5 + [[], []], "holidays": False},
    )
    cast.api("mei").post("/bookings", body("09:00", "10:00"))
    start = at("00:00")
    wanted = {"from": start.isoformat(), "to": (start + timedelta(days=14)).isoformat(), "minutes": 60, "limit": 200}
    mei = cast.api("mei")
    with statements() as said:
        found = mei.get("/free", query_string=wanted).json["items"]
    assert len(found) == 200
    assert len(said) <= 6, said
