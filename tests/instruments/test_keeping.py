"""Adding and changing instruments: who may, what is a sound entry, and what the journal says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.instruments import services
from labshare.instruments.models import Category, Claim, Instrument
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import Conflict
from labshare.kernel.journal import Entry
from labshare.people.models import Company, RoleGrant, Site
from tests.cast import Cast
from tests.witness import Witness

RAMAN: dict[str, Any] = {
    "code": "RAM-01",
    "name_en": "Confocal Raman microscope",
    "name_zh": "显微共焦拉曼光谱仪",
    "category": "Spectroscopy",
    "category_zh": "光谱",
    "site": "EAST",
}


def journal(kind: str) -> list[Any]:
    return list(rows(sa.select(Entry.object_id, Entry.version, Entry.data).where(Entry.kind == kind)))


def only_west(cast: Cast, witness: Witness) -> None:
    """From now on Li keeps the western site alone."""
    with transaction() as tx:
        tx.execute(sa.delete(RoleGrant).where(RoleGrant.site_id == cast.east))
    witness.untold.clear()


def test_li_adds_an_instrument_and_the_journal_says_so(cast: Cast) -> None:
    answer = cast.api("li").post("/instruments", RAMAN | {"rate_cny_per_hour": 400.5})
    assert answer.status_code == 201, answer.json
    found = answer.json
    assert found == cast.api("mei").get("/instruments/RAM-01").json
    assert (found["rate_cny_per_hour"], found["version"], found["state"]) == (400.5, 1, "in_service")
    assert found["owner"]["id"] == cast.operator
    assert found["category"]["name_zh"] == "光谱"
    ((_, version, data),) = journal("instrument_added")
    assert (version, data["code"], data["name_zh"]) == (1, "RAM-01", "显微共焦拉曼光谱仪")


def test_adding_twice_with_one_key_adds_once(cast: Cast) -> None:
    li, key = cast.api("li"), {"Idempotency-Key": "raman"}
    once, again = (li.post("/instruments", RAMAN, headers=key) for _ in range(2))
    assert (once.status_code, once.data) == (201, again.data)
    assert len(journal("instrument_added")) == 1
    assert li.post("/instruments", RAMAN).json["code"] == "code_taken"


@pytest.mark.parametrize("who", ["mei", "chen", "bo"])
def test_customers_may_not_write_whatever_they_send(cast: Cast, who: str) -> None:
    api = cast.api(who)
    assert api.post("/instruments", RAMAN).status_code == 403
    assert api.post("/instruments", {"nonsense": 1}).status_code == 403
    assert api.patch("/instruments/SEM-01", {"nonsense": 1}).status_code == 403
    assert api.patch("/instruments/NONE", {"nonsense": 1}).status_code == 404


def test_a_manager_of_another_site_may_not_write(cast: Cast, witness: Witness) -> None:
    only_west(cast, witness)
    li = cast.api("li")
    assert li.patch("/instruments/SEM-01", {"nonsense": 1}).status_code == 403
    assert li.post("/instruments", RAMAN).status_code == 403
    assert li.post("/instruments", RAMAN | {"site": "WEST"}).status_code == 201
    assert li.patch("/instruments/RAM-01", {"site": "EAST"}).status_code == 403
    assert cast.api("ada").patch("/instruments/RAM-01", {"site": "EAST"}).status_code == 200
    assert li.patch("/instruments/RAM-01", {"location": "B1"}).status_code == 403


def test_a_change_names_what_changed_and_leaves_the_rest(cast: Cast) -> None:
    li = cast.api("li")
    before = li.get("/instruments/SEM-01").json
    said = {"rate_cny_per_hour": 650, "location": "B2-07", "description": "# New\n\nstage"}
    after = li.patch("/instruments/SEM-01", said).json
    assert after == before | said | {"version": 2}
    ((number, version, data),) = journal("instrument_changed")
    assert (number, version) == (cast.sem, 2)
    changes = data["changes"]
    assert changes["location"] == ["", "B2-07"]
    assert [float(value) for value in changes["rate_cny_per_hour"]] == [0, 650]
    assert changes["description"] == []


def test_saying_what_is_said_already_changes_nothing(cast: Cast) -> None:
    li = cast.api("li")
    assert li.patch("/instruments/SEM-01", {"warmup_minutes": 15, "rate_cny_per_hour": "0.00"}).json["version"] == 1
    assert li.patch("/instruments/SEM-01", {}).json["version"] == 1
    assert journal("instrument_changed") == []


def test_who_saw_an_older_version_is_told(cast: Cast) -> None:
    li = cast.api("li")
    assert li.patch("/instruments/SEM-01", {"location": "B1", "version": 1}).status_code == 200
    late = li.patch("/instruments/SEM-01", {"location": "B2", "version": 1})
    assert (late.status_code, late.json["code"]) == (409, "changed_meanwhile")
    assert li.get("/instruments/SEM-01").json["location"] == "B1"


UNSOUND: list[tuple[dict[str, Any], set[str]]] = [
    ({"colour": "red"}, {"colour"}),
    ({"code": "SEM-02"}, {"code"}),
    ({"name_en": ""}, {"name_en"}),
    ({"name_en": "a\x00b"}, {"name_en"}),
    ({"name_zh": "长" * 201}, {"name_zh"}),
    ({"class_code": "01010"}, {"class_code"}),
    ({"class_code": "01010x"}, {"class_code"}),
    ({"granularity_minutes": 25}, {"granularity_minutes", "min_minutes", "max_minutes"}),
    ({"granularity_minutes": 60}, {"min_minutes"}),
    ({"granularity_minutes": 0}, {"granularity_minutes"}),
    ({"granularity_minutes": True}, {"granularity_minutes"}),
    ({"min_minutes": 300}, {"min_minutes"}),
    ({"max_minutes": 10**9}, {"max_minutes"}),
    ({"channels": 0}, {"channels"}),
    ({"channels": 501}, {"channels"}),
    ({"warmup_minutes": -1}, {"warmup_minutes"}),
    ({"rate_cny_per_hour": -1}, {"rate_cny_per_hour"}),
    ({"rate_cny_per_hour": 0.001}, {"rate_cny_per_hour"}),
    ({"rate_cny_per_hour": "NaN"}, {"rate_cny_per_hour"}),
    ({"rate_cny_per_hour": "1e300"}, {"rate_cny_per_hour"}),
    ({"state": "broken"}, {"state"}),
    ({"booking_modes": []}, {"booking_modes"}),
    ({"booking_modes": ["self_operated", "self_operated"]}, {"booking_modes"}),
    ({"booking_modes": ["walk_in"]}, {"booking_modes"}),
    ({"booking_modes": ["assisted"], "approval_required": False}, {"approval_required"}),
    ({"notice_minutes": 60 * 1440}, {"notice_minutes"}),
    ({"site": "NOWHERE"}, {"site"}),
    ({"owner": 999_999}, {"owner"}),
    ({"category": "Electron microscopes", "category_zh": "光谱"}, {"category_zh"}),
]


def test_an_unsound_entry_is_refused_with_every_fault(cast: Cast) -> None:
    li = cast.api("li")
    for said, fields in UNSOUND:
        answer = li.patch("/instruments/SEM-01", said)
        assert answer.status_code == 422, said
        assert set(answer.json["errors"]) == fields, said
    assert li.get("/instruments/SEM-01").json["version"] == 1


def test_assisted_work_needs_a_yes_without_being_told(cast: Cast) -> None:
    found = cast.api("li").patch("/instruments/BAT-01", {"booking_modes": ["assisted"]}).json
    assert (found["approval_required"], found["booking_modes"]) == (True, ["assisted"])


def test_a_new_instrument_needs_the_least_that_makes_sense(cast: Cast) -> None:
    answer = cast.api("li").post("/instruments", {"code": "ram 1"})
    assert set(answer.json["errors"]) == {"name_en", "name_zh", "category"}
    answer = cast.api("li").post("/instruments", RAMAN | {"code": "ram 1", "site": "EAST"})
    assert set(answer.json["errors"]) == {"code"}
    answer = cast.api("li").post("/instruments", {name: RAMAN[name] for name in RAMAN if name != "site"})
    assert set(answer.json["errors"]) == {"site"}, "two sites, so it must be named"


def test_a_category_known_by_its_chinese_name_is_the_same_one(cast: Cast) -> None:
    li = cast.api("li")
    li.post("/instruments", RAMAN)
    other = li.post("/instruments", RAMAN | {"code": "RAM-02", "category": "光谱", "category_zh": ""}).json
    assert other["category"]["name_en"] == "Spectroscopy"
    assert rows(sa.select(sa.func.count()).select_from(Category))[0][0] == 2


def test_without_exactly_one_operator_the_owner_must_be_named(cast: Cast, witness: Witness) -> None:
    with transaction() as tx:
        tx.execute(sa.update(Company).where(Company.id == cast.borealis).values(kind="operator"))
    witness.untold.clear()
    refused = cast.api("li").post("/instruments", RAMAN)
    assert set(refused.json["errors"]) == {"owner"}
    assert cast.api("li").post("/instruments", RAMAN | {"owner": cast.borealis}).status_code == 201


def take(cast: Cast, witness: Witness, channel: int = 1) -> datetime:
    ahead = datetime(2099, 1, 5, 9, tzinfo=UTC)
    values = {"instrument_id": cast.bat, "channel": channel, "starts_at": ahead, "kind": "maintenance"}
    with transaction() as tx:
        tx.execute(sa.insert(Claim).values(ends_at=ahead + timedelta(hours=1), owner_id=1, **values))
    witness.untold.clear()
    return ahead


def test_an_instrument_with_time_taken_ahead_cannot_be_retired(cast: Cast, witness: Witness) -> None:
    ahead = take(cast, witness)
    answer = cast.api("li").patch("/instruments/BAT-01", {"state": "retired"})
    assert answer.status_code == 409
    assert [reason["code"] for reason in answer.json["reasons"]] == ["time_taken_ahead"]
    assert cast.api("li").patch("/instruments/BAT-01", {"state": "out_of_service"}).status_code == 200
    services.change(cast.li, "BAT-01", {"state": "retired"}, now=ahead + timedelta(days=1))


def test_a_channel_with_time_taken_ahead_cannot_be_taken_away(cast: Cast, witness: Witness) -> None:
    take(cast, witness, channel=3)
    with pytest.raises(Conflict):
        services.change(SYSTEM, "BAT-01", {"channels": 2})
    assert services.change(SYSTEM, "BAT-01", {"channels": 3}).channels == 3


def test_nothing_is_left_behind_by_a_refused_entry(cast: Cast) -> None:
    cast.api("li").post("/instruments", RAMAN | {"code": "SEM-01"})
    assert rows(sa.select(sa.func.count()).select_from(Category))[0][0] == 1
    assert rows(sa.select(sa.func.count()).select_from(Instrument))[0][0] == 2
    assert rows(sa.select(sa.func.count()).select_from(Site))[0][0] == 2


def test_by_when_a_use_is_judged_is_said_like_the_other_numbers(cast: Cast) -> None:
    before = cast.api("mei").get("/instruments/SEM-01").json
    assert {name: before[name] for name in THRESHOLDS} == THRESHOLDS
    changed = cast.api("li").patch("/instruments/SEM-01", {"grace_minutes": 45, "check_in_minutes": 0})
    assert (changed.status_code, changed.json["grace_minutes"], changed.json["check_in_minutes"]) == (200, 45, 0)
    for name in THRESHOLDS:
        refused = cast.api("li").patch("/instruments/SEM-01", {name: 90 * 1440 + 1})
        assert (refused.status_code, list(refused.json["errors"])) == (422, [name])
    page = cast.browser("li").get("/instruments/SEM-01/edit").text
    assert all(f'name="{name}"' in page for name in THRESHOLDS)


THRESHOLDS = {
    "check_in_minutes": 15,
    "grace_minutes": 30,
    "late_minutes": 10,
    "overtime_minutes": 10,
    "early_minutes": 30,
    "auto_end_minutes": 60,
    "cancel_minutes": 1440,
    "late_cancel_percent": 50,
    "no_show_percent": 100,
}
