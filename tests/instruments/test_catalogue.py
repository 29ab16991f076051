"""Finding an instrument: words in both languages, filters, and who is free when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from labshare.instruments import services
from labshare.instruments.models import Claim
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import transaction
from tests.cast import Cast
from tests.witness import Witness

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [item["code"] for item in answer.json["items"]]


def raman(cast: Cast, **more: Any) -> None:
    said = {
        "code": "RAM-01", "name_en": "Confocal Raman microscope", "name_zh": "显微共焦拉曼光谱仪",
        "category": "Spectroscopy", "category_zh": "光谱", "manufacturer": "HORIBA", "model": "LabRAM 100%",
        "site": "WEST",
    }  # fmt: skip
    services.add(cast.ada, said | more)


@pytest.fixture
def taken(cast: Cast, witness: Witness) -> Callable[..., None]:
    """Takes time on an instrument directly, as no use case of this slice does."""

    def take(instrument_id: int, start: datetime, end: datetime, channel: int = 1) -> None:
        values = {"instrument_id": instrument_id, "channel": channel, "starts_at": start, "ends_at": end}
        with transaction() as tx:
            tx.execute(insert(Claim).values(kind="booking", owner_id=channel, **values))
        witness.untold.clear()

    return take


FOUND: list[tuple[str, list[str]]] = [
    ("raman", ["RAM-01"]),
    ("拉曼", ["RAM-01"]),
    ("horiba RAMAN", ["RAM-01"]),
    ("光谱 labram", ["RAM-01"]),
    ("ram-0", ["RAM-01"]),
    ("100%", ["RAM-01"]),
    ("scanning 显微", ["SEM-01"]),
    ("raman battery", []),
    ("_", []),
    ("%%", []),
    ("", ["BAT-01", "RAM-01", "SEM-01"]),
]


def test_words_find_instruments_in_either_language(cast: Cast) -> None:
    raman(cast)
    mei = cast.api("mei")
    for words, found in FOUND:
        assert codes(mei.get("/instruments", query_string={"q": words})) == found, words


def test_category_and_site_narrow_the_list(cast: Cast) -> None:
    raman(cast)
    mei = cast.api("mei")
    for category in ("Spectroscopy", "光谱", str(mei.get("/instruments/RAM-01").json["category"]["id"])):
        assert codes(mei.get("/instruments", query_string={"category": category})) == ["RAM-01"]
    assert codes(mei.get("/instruments?site=EAST")) == ["BAT-01", "SEM-01"]
    assert codes(mei.get("/instruments?site=NOWHERE")) == []


def test_retired_instruments_are_listed_only_when_asked_for(cast: Cast) -> None:
    raman(cast)
    services.change(SYSTEM, "RAM-01", {"state": "retired"})
    mei = cast.api("mei")
    assert codes(mei.get("/instruments")) == ["BAT-01", "SEM-01"]
    assert codes(mei.get("/instruments?state=retired")) == ["RAM-01"]
    assert codes(mei.get("/instruments?state=all")) == ["BAT-01", "RAM-01", "SEM-01"]
    assert mei.get("/instruments/RAM-01").json["state"] == "retired"


def free(cast: Cast, start: datetime, end: datetime) -> list[str]:
    asked = {"free_from": start.isoformat(), "free_to": end.isoformat()}
    return codes(cast.api("mei").get("/instruments", query_string=asked))


def test_free_between_counts_the_buffers_of_each_instrument(cast: Cast, taken: Callable[..., None]) -> None:
    services.change(cast.li, "SEM-01", {"cooldown_minutes": 5})  # and it warms up for 15
    taken(cast.sem, NINE, NINE + HOUR)
    assert free(cast, NINE, NINE + HOUR) == ["BAT-01"]
    assert free(cast, NINE + HOUR, NINE + 2 * HOUR) == ["BAT-01"]
    quarter, five = timedelta(minutes=15), timedelta(minutes=5)
    assert free(cast, NINE + HOUR + quarter, NINE + 2 * HOUR) == ["BAT-01", "SEM-01"]
    assert free(cast, NINE - HOUR, NINE - five) == ["BAT-01", "SEM-01"]
    assert free(cast, NINE - HOUR, NINE - five + timedelta(minutes=1)) == ["BAT-01"]
    assert free(cast, NINE - HOUR, NINE + 3 * HOUR) == ["BAT-01"]


def test_an_instrument_is_free_while_one_channel_is(cast: Cast, taken: Callable[..., None]) -> None:
    for channel in (1, 2, 3):
        taken(cast.bat, NINE, NINE + HOUR, channel)
        taken(cast.bat, NINE + HOUR, NINE + 2 * HOUR, channel)
    assert free(cast, NINE, NINE + 2 * HOUR) == ["BAT-01", "SEM-01"]
    taken(cast.bat, NINE + HOUR, NINE + 2 * HOUR, 4)
    assert free(cast, NINE, NINE + 2 * HOUR) == ["SEM-01"]
    assert free(cast, NINE, NINE + HOUR) == ["BAT-01", "SEM-01"]


def test_what_is_out_of_service_is_not_free(cast: Cast) -> None:
    services.change(cast.li, "SEM-01", {"state": "out_of_service"})
    assert free(cast, NINE, NINE + HOUR) == ["BAT-01"]
    assert codes(cast.api("mei").get("/instruments")) == ["BAT-01", "SEM-01"]


NONSENSE = [
    ("limit=201", "limit"),
    ("limit=0", "limit"),
    ("limit=99999999999999999999", "limit"),
    ("cursor=zzz", "cursor"),
    ("cursor=WzEsMV0", "cursor"),
    ("state=broken", "state"),
    ("q=%00", "q"),
    ("colour=red", "colour"),
    ("free_from=2026-11-23T09:00:00Z", "free_to"),
    ("free_from=2026-11-23T09:00:00Z&free_to=2026-11-23T09:00:00Z", "free_to"),
    ("free_from=2026-11-23T09:00:00&free_to=2026-11-23T10:00:00", "free_from"),
    ("free_from=2026-11-23T09:00:00Z&free_to=2027-11-23T10:00:00Z", "free_to"),
]


def test_a_question_that_makes_no_sense_is_refused_by_its_field(cast: Cast) -> None:
    mei = cast.api("mei")
    for asked, field in NONSENSE:
        answer = mei.get(f"/instruments?{asked}")
        assert answer.status_code == 422, asked
        assert field in answer.json["errors"], asked


def test_the_list_comes_in_pages_without_gap_or_repeat(cast: Cast) -> None:
    for number in range(7):
        raman(cast, code=f"RAM-{number}")
    mei, seen, cursor = cast.api("mei"), [], None
    while True:
        answer = mei.get("/instruments", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += codes(answer)
        cursor = answer.json["next"]
        if cursor is None:
            break
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == 9


def test_a_list_costs_the_same_whatever_its_length(
    cast: Cast, statements: Callable[[], Any], taken: Callable[..., None]
) -> None:
    addresses = (
        "/api/v1/instruments?limit=200",
        "/api/v1/instruments?limit=200&free_from=2026-11-23T09:00:00Z&free_to=2026-11-23T10:00:00Z",
    )
    mei = cast.api("mei")

    def costs() -> list[int]:
        found = []
        for address in addresses:
            with statements() as said:
                codes(mei.get(address))
            found.append(len(said))
        return found

    taken(cast.sem, NINE, NINE + HOUR)
    for number in range(3):
        raman(cast, code=f"A-{number}")
    at_five = costs()
    for number in range(45):
        raman(cast, code=f"B-{number:02}", warmup_minutes=number)
    assert costs() == at_five


def test_strangers_see_no_instrument(cast: Cast) -> None:
    for path in ("/instruments", "/instruments/SEM-01", "/instruments/NONE"):
        assert cast.api(None).get(path).status_code == 401


def test_a_code_nobody_knows_is_not_found(cast: Cast) -> None:
    for code in ["NONE", "sem-01", "SEM-01%00", "%ED%A0%80", "A" * 400, "..%2F"]:
        assert cast.api("mei").get(f"/instruments/{code}").status_code == 404


def test_an_instrument_says_the_rules_of_its_slots(cast: Cast) -> None:
    found = cast.api("mei").get("/instruments/SEM-01", headers={"Accept-Language": "zh"}).json
    assert found["name"] == "扫描电子显微镜"
    assert found["name_en"] == "Scanning electron microscope"
    assert found["category"]["name"] == "电子显微镜"
    assert found["site"] == {"code": "EAST", "name": "东区实验室", "zone": "Asia/Shanghai"}
    assert found["owner"] == {"id": cast.operator, "name": "Shared Lab Operator"}
    assert (found["granularity_minutes"], found["warmup_minutes"], found["approval_required"]) == (30, 15, True)
    assert found["booking_modes"] == ["self_operated"]
    assert found["rate_cny_per_hour"] == 0
