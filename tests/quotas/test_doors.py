"""Accounts by JSON: who may see and set them, what is refused, and the way from a limit to a waiver."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from labshare.kernel import clock
from labshare.web.i18n import LOCAL
from tests.booking.conftest import at, body
from tests.cast import Cast

NOBODY = 10**9


def path(cast: Cast, what: str = "allowances", company: int | None = None) -> str:
    return f"/companies/{company or cast.aurora}/{what}"


def put(cast: Cast, *items: dict[str, Any], **more: Any) -> Any:
    answer = cast.api("ada").put(path(cast), {"items": list(items), **more})
    assert answer.status_code == 200, answer.json
    return answer.json


def year() -> int:
    """The year of the day the bookings of these tests are on."""
    return at("09:00").year


# ---------------------------------------------------------------- what is set


def test_a_set_of_allowances_is_told_as_it_was_put(cast: Cast) -> None:
    told = put(
        cast,
        {"period": "year", "hours": 120},
        {"scope": "category", "category": "电子显微镜", "period": "quarter", "hours": 40.5, "when_exceeded": "ask"},
        {"scope": "instrument", "instrument": "SEM-01", "period": "week", "hours": 0},
        {"scope": "site", "site": "EAST", "period": "month", "hours": 1 / 3, "valid_to": "2030-06-30"},
        caps={"company": 10, "person": None},
    )
    plain = {"category": None, "instrument": None, "site": None, "when_exceeded": "refuse"}
    days = {"valid_from": None, "valid_to": None}
    category = {"id": cast.category, "name": "Electron microscopes"}
    assert told["items"] == [
        {**plain, **days, "scope": "all", "period": "year", "hours": 120},
        plain | days | {"scope": "category", "category": category, "period": "quarter", "hours": 40.5}
        | {"when_exceeded": "ask"},
        plain | days | {"scope": "instrument", "period": "week", "hours": 0}
        | {"instrument": {"code": "SEM-01", "name": "Scanning electron microscope"}},
        plain | days | {"scope": "site", "period": "month", "hours": 20 / 60, "valid_to": "2030-06-30"}
        | {"site": {"code": "EAST", "name": "East Lab"}},
    ]  # fmt: skip
    assert (told["follows"], told["caps"]) == (False, {"company": 10, "person": None})
    for name in ("mei", "chen", "li", "ada"):
        assert cast.api(name).get(path(cast)).json == told
    again = cast.api("ada").put(path(cast), told).json
    assert again == told | {"version": told["version"] + 1}, "what is told may be said again"


def test_a_company_follows_the_default_until_it_has_its_own_and_again_afterwards(cast: Cast) -> None:
    mei, ada = cast.api("mei"), cast.api("ada")
    assert mei.get(path(cast)).json["follows"] is True
    put(cast, {"period": "year", "hours": 5})
    told = ada.put(path(cast), {"follows": True}).json
    assert told["follows"] is True
    del told["version"]
    assert ada.put(path(cast), told).json["follows"] is True, "what is told may be said again"
    assert told["items"] == ada.get("/default-allowances").json["items"]


def test_the_default_is_set_by_admins_and_reaches_those_who_follow(cast: Cast) -> None:
    ada = cast.api("ada")
    before = ada.get("/default-allowances").json
    assert set(before) == {"version", "items", "caps"}
    said = {"items": [{"period": "month", "hours": 30}], "caps": {"person": 3}, "version": before["version"]}
    told = ada.put("/default-allowances", said).json
    assert [(one["period"], one["hours"]) for one in told["items"]] == [("month", 30)]
    assert told["caps"] == {"company": None, "person": 3}
    again = ada.put("/default-allowances", said)
    assert (again.status_code, again.json["code"]) == (409, "changed_meanwhile")


def test_putting_the_same_twice_leaves_the_same(cast: Cast) -> None:
    first = put(cast, {"period": "year", "hours": 12}, caps={"person": 2})
    second = put(cast, {"period": "year", "hours": 12}, caps={"person": 2})
    assert {**first, "version": 0} == {**second, "version": 0}


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"hours": 1}, "period"),
        ({"period": "day", "hours": 1}, "period"),
        ({"period": "year"}, "hours"),
        ({"period": "year", "hours": "1"}, "hours"),
        ({"period": "year", "hours": True}, "hours"),
        ({"period": "year", "hours": -1}, "hours"),
        ({"period": "year", "hours": 0.01}, "hours"),
        ({"period": "year", "hours": 1_000_001}, "hours"),
        ({"period": "year", "hours": 1, "scope": "world"}, "scope"),
        ({"period": "year", "hours": 1, "scope": "site"}, "site"),
        ({"period": "year", "hours": 1, "scope": "site", "site": "NORTH"}, "site"),
        ({"period": "year", "hours": 1, "scope": "instrument", "instrument": "NO-SUCH"}, "instrument"),
        ({"period": "year", "hours": 1, "scope": "instrument", "instrument": "café\n"}, "instrument"),
        ({"period": "year", "hours": 1, "scope": "category", "category": "Furnaces"}, "category"),
        ({"period": "year", "hours": 1, "scope": "category", "category": NOBODY}, "category"),
        ({"period": "year", "hours": 1, "scope": "category", "category": True}, "category"),
        ({"period": "year", "hours": 1, "site": "EAST"}, "site"),
        ({"period": "year", "hours": 1, "when_exceeded": "shrug"}, "when_exceeded"),
        ({"period": "year", "hours": 1, "valid_from": "tomorrow"}, "valid_from"),
        ({"period": "year", "hours": 1, "valid_to": "9999-12-31"}, "valid_to"),
        ({"period": "year", "hours": 1, "valid_from": "2030-02-02", "valid_to": "2030-02-01"}, "scope"),
        ({"period": "year", "hours": 1, "colour": "red"}, "colour"),
    ],
)
def test_a_bad_item_is_named_by_its_number_and_field_and_nothing_is_set(
    cast: Cast, item: dict[str, Any], field: str
) -> None:
    before = put(cast, {"period": "year", "hours": 7})
    for address in (path(cast), "/default-allowances"):
        answer = cast.api("ada").put(address, {"items": [{"period": "month", "hours": 1}, item]})
        assert answer.status_code == 422, answer.json
        assert list(answer.json["errors"]["items"]) == ["1"]
        assert list(answer.json["errors"]["items"]["1"]) == [field]
    assert cast.api("ada").get(path(cast)).json == before


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "items"),
        ({"follows": False}, "items"),
        ({"items": [], "caps": {"company": -1}}, "caps"),
        ({"items": [], "caps": {"person": 1.5}}, "caps"),
        ({"items": [{"period": "week", "hours": n} for n in range(51)]}, "items"),
        ({"items": [{"period": "week", "hours": 1}] * 2}, "items"),
        ({"items": {"period": "week"}}, "items"),
        ({"items": [], "version": 0}, "version"),
    ],
)
def test_a_bad_set_is_refused_by_its_field(cast: Cast, said: dict[str, Any], field: str) -> None:
    answer = cast.api("ada").put(path(cast), said)
    assert answer.status_code == 422, answer.json
    assert list(answer.json["errors"]) == [field]


def test_only_admins_set_and_a_rival_finds_nothing(cast: Cast) -> None:
    sets = [
        ("PUT", path(cast), {"items": []}),
        ("PUT", path(cast), {"items": "nonsense"}),
        ("POST", path(cast, "account/extend"), {"allowance": 1, "hours": 1, "reason": "Please."}),
        ("POST", path(cast, "account/extend"), {"nonsense": 1}),
    ]
    for method, address, said in sets:
        for name in ("mei", "chen", "li"):
            assert cast.api(name)._send(method, address, said).status_code == 403, (name, address)
    seen = [("GET", path(cast), None), ("GET", path(cast, "account"), None)]
    for method, address, said in sets + seen:
        answer = cast.api("bo")._send(method, address, said)
        missing = address.replace(f"/{cast.aurora}/", f"/{NOBODY}/")
        assert answer.status_code == 404
        assert answer.data == cast.api("bo")._send(method, missing, said).data
        assert cast.api("ada")._send(method, missing, said).status_code == 404
    for name in ("mei", "chen", "li", "bo"):
        assert cast.api(name).get("/default-allowances").status_code == 403
        assert cast.api(name).put("/default-allowances", {"nonsense": 1}).status_code == 403
    assert cast.api("li").get(path(cast, "account")).status_code == 200


# ---------------------------------------------------------------- the account


def test_the_account_says_what_stands_in_it_and_every_line_of_it(cast: Cast) -> None:
    put(
        cast,
        {"period": "year", "hours": 10},
        {"scope": "instrument", "instrument": "SEM-01", "period": "year", "hours": 4},
    )
    booking = cast.api("mei").post("/bookings", body("09:00", "11:00")).json["id"]
    told = cast.api("chen").get(path(cast, f"account?year={year()}")).json
    assert told["company"] == {"id": cast.aurora, "name": "Aurora Displays"}
    assert (told["year"], told["held_hours"], told["used_hours"], told["next"]) == (year(), 2, 0, None)
    whole, sem = told["allowances"]
    assert {name: whole[name] for name in ("hours", "extended_hours", "held_hours", "used_hours", "left_hours")} == {
        "hours": 10, "extended_hours": 0, "held_hours": 2, "used_hours": 0, "left_hours": 8,
    }  # fmt: skip
    assert (whole["percent"], sem["percent"], sem["left_hours"]) == (20, 50, 2)
    assert (whole["starts_on"], whole["ends_on"]) == (f"{year()}-01-01", f"{year()}-12-31")
    assert sem["instrument"] == {"code": "SEM-01", "name": "Scanning electron microscope"}
    [line] = told["lines"]
    assert (line["kind"], line["hours"], line["booking"], line["scope"]) == ("hold", 2, booking, "all")
    mei = {"id": cast.people["mei"], "name": "Mei"}
    assert (line["person"], line["actor"], line["instrument"]) == (mei, mei, sem["instrument"])


def test_lines_come_newest_first_by_page_and_filter(cast: Cast) -> None:
    put(cast, {"scope": "instrument", "instrument": "BAT-01", "period": "year", "hours": 9})
    for hour in (9, 11, 13):
        cast.api("mei").post("/bookings", body(f"{hour}:00", f"{hour + 1}:00"))
    cast.api("chen").post("/bookings", body("09:00", "10:00", "BAT-01"))
    api = cast.api("mei")

    def kinds(query: str) -> list[tuple[str, str]]:
        told = api.get(path(cast, f"account?year={year()}{query}")).json
        return [(one["instrument"]["code"], one["person"]["name"]) for one in told["lines"]]

    assert kinds("") == [("BAT-01", "Chen"), *[("SEM-01", "Mei")] * 3]
    assert kinds("&instrument=BAT-01") == [("BAT-01", "Chen")]
    assert kinds("&instrument=NO-SUCH") == []
    assert kinds(f"&person={cast.people['mei']}") == [("SEM-01", "Mei")] * 3
    [bat] = api.get(path(cast, f"account?year={year()}")).json["allowances"]
    assert kinds(f"&allowance={bat['id']}") == [("BAT-01", "Chen")]
    first = api.get(path(cast, f"account?year={year()}&limit=3")).json
    rest = api.get(path(cast, f"account?year={year()}&limit=3&cursor={first['next']}")).json
    ids = [line["id"] for line in first["lines"] + rest["lines"]]
    assert (len(ids), ids, rest["next"]) == (4, sorted(ids, reverse=True), None)


def test_a_rivals_balance_shows_no_lines(cast: Cast) -> None:
    put(cast, {"period": "year", "hours": 9})
    cast.api("mei").post("/bookings", body("09:00", "10:00"))
    [mine] = cast.api("mei").get(path(cast, f"account?year={year()}")).json["allowances"]
    told = cast.api("bo").get(path(cast, f"account?year={year()}&allowance={mine['id']}", cast.borealis)).json
    assert told["lines"] == []


@pytest.mark.parametrize(
    "query", ["year=1999", "year=2101", "year=x", "allowance=0", "limit=201", "cursor=x", "who=me"]
)
def test_a_bad_question_is_refused(cast: Cast, query: str) -> None:
    assert cast.api("mei").get(path(cast, f"account?{query}")).status_code == 422


def test_without_a_year_it_is_this_one(cast: Cast) -> None:
    assert cast.api("mei").get(path(cast, "account")).json["year"] == clock.now().astimezone(LOCAL).year


# ---------------------------------------------------------------- an extension


def test_an_extension_is_made_once_however_often_it_is_sent(cast: Cast) -> None:
    put(cast, {"period": "year", "hours": 1})
    [balance] = cast.api("ada").get(path(cast, f"account?year={year()}")).json["allowances"]
    said = {"allowance": balance["id"], "hours": 1.5, "reason": "A late delivery."}
    key = {"Idempotency-Key": "once"}
    first, second = (cast.api("ada").post(path(cast, "account/extend"), said, headers=key) for _ in range(2))
    assert (first.status_code, first.data) == (200, second.data)
    assert first.json == {**balance, "extended_hours": 1.5, "left_hours": 2.5}
    lines = cast.api("mei").get(path(cast, f"account?year={year()}&allowance={balance['id']}")).json["lines"]
    assert [(one["kind"], one["hours"], one["reason"], one["actor"]["name"]) for one in lines] == [
        ("extension", 1.5, "A late delivery.", "Ada")
    ]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"hours": 0}, 422),
        ({"hours": 0.001}, 422),
        ({"reason": ""}, 422),
        ({"allowance": NOBODY}, 422),
        ({"hours": -1}, 409),
    ],
)
def test_an_extension_that_cannot_be_is_refused(cast: Cast, said: dict[str, Any], status: int) -> None:
    put(cast, {"period": "year", "hours": 1})
    [balance] = cast.api("ada").get(path(cast, f"account?year={year()}")).json["allowances"]
    whole = {"allowance": balance["id"], "hours": 1, "reason": "A late delivery."} | said
    answer = cast.api("ada").post(path(cast, "account/extend"), whole)
    assert answer.status_code == status, answer.json
    assert list(answer.json.get("errors", {})) == ([] if status == 409 else list(said))


def test_a_rivals_balance_is_not_extended(cast: Cast) -> None:
    put(cast, {"period": "year", "hours": 1})
    [balance] = cast.api("ada").get(path(cast, f"account?year={year()}")).json["allowances"]
    said = {"allowance": balance["id"], "hours": 1, "reason": "A late delivery."}
    answer = cast.api("ada").post(path(cast, "account/extend", cast.borealis), said)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["allowance"])


# ---------------------------------------------------------------- from a limit to a waiver


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        ("2020-01-01T09:00:00+08:00", "2020-01-01T10:00:00+08:00", "in_the_past"),
        ("2090-01-01T09:00:00+08:00", "2090-01-01T10:00:00+08:00", "too_far_ahead"),
    ],
)
def test_a_time_out_of_reach_is_refused_as_such_though_no_account_is_open_for_it(
    cast: Cast, start: str, end: str, reason: str
) -> None:
    asked = body("09:00", "10:00") | {"starts_at": start, "ends_at": end}
    refused = cast.api("mei").post("/bookings", asked)
    assert (refused.status_code, [one["code"] for one in refused.json["reasons"]]) == (409, [reason])
    checked = cast.api("mei").post("/bookings/check", asked).json
    assert (checked["allowed"], checked["over_quota"], checked["account"]) == (False, False, [])


def test_the_dry_run_says_what_is_left_and_what_the_request_leaves(cast: Cast) -> None:
    put(cast, {"period": "year", "hours": 3}, {"scope": "site", "site": "EAST", "period": "month", "hours": 9})
    told = cast.api("mei").post("/bookings/check", body("09:00", "11:00")).json
    assert (told["allowed"], told["over_quota"]) == (True, False)
    said = [
        (one["scope"], one["period"], one["takes_hours"], one["left_hours"], one["leaves_hours"])
        for one in told["account"]
    ]
    assert sorted(said, key=str) == [
        ("all", "year", 2, 3, 1),
        ("all", "year", 2, None, None),
        ("site", "month", 2, 9, 7),
    ]


def test_over_quota_a_manager_waives_by_name_and_with_a_reason(cast: Cast) -> None:
    put(cast, {"period": "year", "hours": 1, "when_exceeded": "ask"})
    checked = cast.api("mei").post("/bookings/check", body("09:00", "11:00")).json
    assert (checked["allowed"], checked["over_quota"]) == (True, True)
    asked = cast.api("mei").post("/bookings", body("09:00", "11:00")).json
    assert (asked["state"], asked["over_quota"]) == ("requested", True)
    assert cast.api("mei").get(path(cast, f"account?year={year()}")).json["held_hours"] == 0

    li, door = cast.api("li"), f"/bookings/{asked['id']}/approve"
    refused = li.post(door, {"reason": "Go on."})
    assert (refused.status_code, [(one["code"], one["waivable_by"]) for one in refused.json["reasons"]]) == (
        409, [("quota_exceeded", "lab_manager")],
    )  # fmt: skip
    assert li.post(door, {"waive": ["quota_exceeded"]}).json["errors"].keys() == {"reason"}
    assert li.post(door, {"waive": ["slot_taken"], "reason": "Go on."}).status_code == 422
    assert li.post(door, {"waive": "quota_exceeded", "reason": "Go on."}).status_code == 422
    waived = li.post(door, {"waive": ["quota_exceeded"], "reason": "The last samples of the project."})
    assert (waived.status_code, waived.json["state"], waived.json["over_quota"]) == (200, "approved", False)

    told = cast.api("mei").get(path(cast, f"account?year={year()}")).json
    [balance] = told["allowances"]
    assert (told["held_hours"], balance["held_hours"], balance["left_hours"], balance["percent"]) == (2, 2, 0, 200)
    lines = cast.api("mei").get(path(cast, f"account?year={year()}&allowance={balance['id']}")).json["lines"]
    assert {(one["kind"], one["hours"], one["reason"]) for one in lines} == {
        ("hold", 2, "The last samples of the project."), ("waiver", 1, "The last samples of the project."),
    }  # fmt: skip


def test_ends_are_days_that_still_count(cast: Cast) -> None:
    put(cast, {"period": "month", "hours": 1})
    for one in cast.api("mei").get(path(cast, f"account?year={year()}")).json["allowances"]:
        last = date.fromisoformat(one["ends_on"])
        assert (last + timedelta(days=1)).day == 1


def test_the_biggest_allowance_there_is_stands_in_every_list_and_grows_no_further(cast: Cast) -> None:
    put(cast, {"period": "year", "hours": 1_000_000})
    ada = cast.api("ada")
    [balance, *_] = ada.get(f"/companies/{cast.aurora}/account").json["allowances"]
    more = {"allowance": balance["id"], "hours": 1, "reason": "Still more."}
    refused = ada.post(f"/companies/{cast.aurora}/account/extend", more)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["hours"])
    assert cast.browser("ada").get("/accounts").status_code == 200
    for job in ("warn_of_limits", "recheck_allowances", "reconcile_accounts"):
        assert ada.post(f"/jobs/{job}/run").status_code == 200
