"""Maintenance by JSON: what each call takes and answers, and how it says no."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.kernel.db import transaction
from labshare.web.files import SANDBOX
from tests.cast import Cast
from tests.maintenance.conftest import Lab

WINDOWS = "/maintenance-windows"
NOBODY = 10**9
SHEET = base64.b64encode(b"%PDF-1.7 as it was put there \x00\xff").decode()


def body(lab: Lab, start: float = 24, length: float = 1, *codes: str, **more: Any) -> dict[str, Any]:
    """A window as the JSON door takes it, so many hours from the beginning."""
    slot = {"starts_at": lab.at(start).isoformat(), "ends_at": lab.at(start + length).isoformat()}
    return {"instruments": list(codes or ("SEM-01",)), "kind": "preventive", "note": "New filament", **slot, **more}


def planned(lab: Lab, *about: Any, **more: Any) -> Any:
    answer = lab.cast.api("li").post(WINDOWS, body(lab, *about, **more))
    assert answer.status_code == 201, answer.json
    return answer.json


def fields(answer: Any) -> list[str]:
    """The fields a refusal is about."""
    assert answer.status_code == 422, answer.json
    return list(answer.json["errors"])


def reasons(answer: Any) -> list[str]:
    assert answer.status_code == 409, answer.json
    return [one["code"] for one in answer.json["reasons"]]


def moved_west(cast: Cast, code: str) -> None:
    """The instrument stands at the other site, where only admins plan."""
    with transaction() as tx:
        tx.execute(
            sa.text("UPDATE instrument SET site_id = :site WHERE code = :code"), {"site": cast.west, "code": code}
        )
        tx.execute(sa.text("DELETE FROM role_grant WHERE site_id = :site"), {"site": cast.west})
        cast._tell(tx)


# ---------------------------------------------------------------- windows


def test_a_window_is_saved_and_told_as_it_was_planned(lab: Lab) -> None:
    hit = lab.book(lab.cast.mei, 24)
    told = planned(lab, 23.5, 2, kind="calibration", performed_by="The maker")
    assert (told["state"], told["kind"], told["note"], told["performed_by"]) == (
        "planned", "calibration", "New filament", "The maker",
    )  # fmt: skip
    assert told["instruments"] == [{"code": "SEM-01", "name": "Scanning electron microscope"}]
    assert (told["starts_at"], told["ends_at"]) == (lab.at(23.5).isoformat(), lab.at(25.5).isoformat())
    assert (told["hours"], told["series"], told["repeat"], told["utility"], told["fits"]) == (
        2,
        None,
        None,
        None,
        False,
    )
    [line] = told["bookings"]
    assert (line["booking"], line["state"], line["hours"]) == (hit.id, "approved", 1)
    assert line["company"] == {"id": lab.cast.aurora, "name": "Aurora Displays"}
    [company] = told["companies"]
    assert (company["company"], company["bookings"], company["hours"]) == (line["company"], 1, 1)
    li = lab.cast.api("li")
    alone = {name: told[name] for name in told if name not in ("windows", "bookings", "companies")}
    assert told["windows"] == [alone]
    assert li.get(f"{WINDOWS}/{told['id']}").json == alone
    assert li.get(WINDOWS).json == {"items": [alone], "next": None}
    assert lab.cast.api("mei").get(f"/bookings/{hit.id}").json["state"] == "displaced"


def test_a_preview_takes_the_same_body_and_says_what_saving_would_do_without_doing_it(lab: Lab) -> None:
    hit = lab.book(lab.cast.mei, 24)
    li, asked = lab.cast.api("li"), body(lab, 24, 2)
    found = li.post(f"{WINDOWS}/preview", asked).json
    assert (found["allowed"], found["reasons"], found["windows"]) == (True, [], 1)
    assert [one["booking"] for one in found["bookings"]] == [hit.id]
    assert found["stretches"] == [
        {"instrument": "SEM-01", "channel": 1, "starts_at": asked["starts_at"], "ends_at": asked["ends_at"]}
    ]
    assert all(one["instrument"] and one["starts_at"] for one in found["bookings"][0]["alternatives"])
    assert li.get(WINDOWS).json["items"] == []
    done = li.post(WINDOWS, asked).json
    assert [{**one, "alternatives": 0} for one in found["bookings"]] == [
        {**one, "alternatives": 0} for one in done["bookings"]
    ]
    assert found["companies"] == done["companies"]


def test_a_preview_of_what_cannot_be_gives_the_reasons_that_saving_gives(lab: Lab) -> None:
    planned(lab, 24, 2)
    li, asked = lab.cast.api("li"), body(lab, 25, 2)
    found = li.post(f"{WINDOWS}/preview", asked)
    assert (found.status_code, found.json["allowed"]) == (200, False)
    refused = li.post(WINDOWS, asked)
    assert [one["code"] for one in found.json["reasons"]] == reasons(refused) == ["maintenance"]


def test_a_repeat_is_said_once_and_told_with_every_window(lab: Lab) -> None:
    repeat = {"every": "week", "weekdays": ["wed"], "times": 3}
    told = planned(lab, repeat=repeat)
    assert told["repeat"] == {"every": "week", "interval": 1, "weekdays": ["wed"], "times": 3}
    assert [one["starts_at"] for one in told["windows"]] == [lab.at(24 + 168 * n).isoformat() for n in range(3)]
    assert {one["series"] for one in told["windows"]} == {told["series"]}
    assert lab.cast.api("li").post(f"{WINDOWS}/preview", body(lab, 30, repeat=repeat)).json["windows"] == 3


def test_asking_twice_with_one_key_is_asking_once(lab: Lab) -> None:
    lab.book(lab.cast.mei, 24)
    li, key = lab.cast.api("li"), {"Idempotency-Key": "once"}
    first, second = (li.post(WINDOWS, body(lab), headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert len(li.get(WINDOWS).json["items"]) == 1
    other = li.post(WINDOWS, body(lab, 48), headers=key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_every_other_call_that_changes_something_can_be_asked_twice_too(lab: Lab) -> None:
    li, ada = lab.cast.api("li"), lab.cast.api("ada")
    window, booked = planned(lab, 100), lab.book(lab.cast.mei, 200)
    lab.plan(200)
    outage = li.post("/outages", {"instrument": "BAT-01"}).json["id"]
    calls = [
        (li, f"{WINDOWS}/{window['id']}/documents", {"name": "sheet.pdf", "content": SHEET}),
        (li, "/outages", {"instrument": "SEM-01"}),
        (li, f"/outages/{outage}/repaired", {"remedy": "A fuse"}),
        (li, "/utilities", {"name_en": "Chiller", "name_zh": "冷水机", "instruments": ["SEM-01"]}),
        (lab.cast.api("mei"), f"/bookings/{booked.id}/decline", {}),
        (li, "/instruments/BAT-01/channels", {"channels": 2}),
        (li, "/instruments/BAT-01/retirement", None),
        (ada, f"/companies/{lab.cast.borealis}/suspension", {"reason": "The bill is open"}),
    ]
    for client, path, said in calls:
        key = {"Idempotency-Key": f"once-{path}"}
        first, second = (client.post(path, said, headers=key) for _ in range(2))
        assert first.status_code in (200, 201), (path, first.json)
        assert (second.status_code, second.data) == (first.status_code, first.data), path
        assert client.post(path, said).status_code in (201, 409, 422), "and without a key it is asked anew"


def test_windows_are_listed_by_what_is_to_come_by_instrument_and_by_page(lab: Lab) -> None:
    some = [planned(lab, 24 + 4 * n, 1, "SEM-01" if n % 2 else "BAT-01")["id"] for n in range(5)]
    li = lab.cast.api("li")
    assert li.delete(f"{WINDOWS}/{some[4]}").json["state"] == "cancelled"

    def listed(**query: Any) -> list[int]:
        return [one["id"] for one in li.get(WINDOWS, query_string=query).json["items"]]

    assert listed() == some
    assert (listed(coming="true"), listed(coming="false")) == (some[:4], some[4:])
    assert listed(instrument="SEM-01") == [some[1], some[3]]
    first = li.get(WINDOWS, query_string={"limit": 3}).json
    rest = li.get(WINDOWS, query_string={"limit": 3, "cursor": first["next"]}).json
    assert ([one["id"] for one in first["items"] + rest["items"]], rest["next"]) == (some, None)


@pytest.mark.parametrize("query", ["limit=201", "cursor=x", "coming=perhaps", "who=me"])
def test_a_bad_question_is_refused(lab: Lab, query: str) -> None:
    assert fields(lab.cast.api("li").get(f"{WINDOWS}?{query}")) == [query.partition("=")[0]]


def test_a_window_is_given_another_time_and_other_words_and_says_whom_that_hits(lab: Lab) -> None:
    there, hit = planned(lab, 24, 2), lab.book(lab.cast.bo, 30)
    li, path = lab.cast.api("li"), f"{WINDOWS}/{there['id']}"
    slot = {"starts_at": lab.at(29).isoformat(), "ends_at": lab.at(31).isoformat()}
    told = li.patch(path, {**slot, "note": "Later", "version": there["version"]})
    assert (told.status_code, told.json["note"], told.json["starts_at"]) == (200, "Later", slot["starts_at"])
    assert [one["booking"] for one in told.json["bookings"]] == [hit.id]
    assert lab.book(lab.cast.mei, 24).state == "approved"
    stale = li.patch(path, {"note": "Later still", "version": there["version"]})
    assert (stale.status_code, stale.json["code"]) == (409, "changed_meanwhile")
    assert li.get(path).json["note"] == "Later"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"starts_at": "2026-12-02T10:00:00Z"}, "ends_at"),
        ({"ends_at": "2026-12-02T10:00:00Z"}, "starts_at"),
        ({"starts_at": "2026-12-02T10:00:00Z", "ends_at": "2026-12-02T10:00:00Z"}, "ends_at"),
        ({"kind": "party"}, "kind"),
        ({"note": "a\x00b"}, "note"),
        ({"instruments": ["BAT-01"]}, "instruments"),
        ({"version": 0}, "version"),
    ],
)
def test_a_bad_change_is_named_by_its_field(lab: Lab, said: dict[str, Any], field: str) -> None:
    there = planned(lab)
    assert fields(lab.cast.api("li").patch(f"{WINDOWS}/{there['id']}", said)) == [field]


def test_a_window_is_called_off_alone_or_with_those_that_follow(lab: Lab) -> None:
    some = [one["id"] for one in planned(lab, repeat={"every": "day", "times": 4})["windows"]]
    li = lab.cast.api("li")
    assert li.delete(f"{WINDOWS}/{some[0]}").json["state"] == "cancelled"
    assert li.delete(f"{WINDOWS}/{some[2]}?series=true").status_code == 200
    states = [one["state"] for one in li.get(WINDOWS).json["items"]]
    assert states == ["cancelled", "planned", "cancelled", "cancelled"]
    assert reasons(li.delete(f"{WINDOWS}/{some[0]}")) == ["wrong_state"]
    assert fields(li.delete(f"{WINDOWS}/{some[1]}?series=perhaps")) == ["series"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no instrument": ({"instruments": []}, "instruments"),
    "an unknown instrument": ({"instruments": ["SEM-01", "NO-SUCH"]}, "instruments"),
    "251 instruments": ({"instruments": [f"SEM-{n}" for n in range(251)]}, "instruments"),
    "no list of instruments": ({"instruments": "SEM-01"}, "instruments"),
    "an empty category": ({"instruments": [], "category": NOBODY}, "category"),
    "an unknown site": ({"instruments": [], "site": "NORTH"}, "site"),
    "an unknown utility": ({"instruments": [], "utility": NOBODY}, "utility"),
    "a reversed time": ({"ends_at": "2026-12-01T00:00:00Z"}, "ends_at"),
    "a time without offset": ({"starts_at": "2026-12-02T09:00:00"}, "starts_at"),
    "an unknown kind": ({"kind": "party"}, "kind"),
    "a NUL": ({"note": "a\x00b"}, "note"),
    "two lines of who does it": ({"performed_by": "a\nb"}, "performed_by"),
    "a long note": ({"note": "x" * 2001}, "note"),
    "an unknown way": ({"when_hit": "shrug"}, "when_hit"),
    "105 times": ({"repeat": {"every": "day", "times": 105}}, "repeat"),
    "until and times": ({"repeat": {"every": "day", "times": 2, "until": "2026-12-09"}}, "repeat"),
    "neither until nor times": ({"repeat": {"every": "day"}}, "repeat"),
    "more than 104 until then": ({"repeat": {"every": "day", "until": "2027-06-01"}}, "repeat"),
    "another weekday": ({"repeat": {"every": "week", "weekdays": ["fri"], "times": 2}}, "repeat"),
    "over itself": ({"ends_at": "2026-12-04T09:00:00Z", "repeat": {"every": "day", "times": 2}}, "repeat"),
    "an unknown field": ({"colour": "red"}, "colour"),
}


@pytest.mark.parametrize("what", list(BAD))
def test_a_bad_window_is_named_by_its_field_and_nothing_is_planned(lab: Lab, what: str) -> None:
    said, field = BAD[what]
    li = lab.cast.api("li")
    for path in (WINDOWS, f"{WINDOWS}/preview"):
        assert fields(li.post(path, body(lab, **said))) == [field]
    assert li.get(WINDOWS).json["items"] == []


def test_too_much_at_once_is_refused_with_the_number(lab: Lab) -> None:
    with transaction() as tx:
        tx.execute(sa.text("UPDATE instrument SET channels = 128 WHERE code = 'BAT-01'"))
        lab.cast._tell(tx)
    asked = body(lab, 24, 1, "BAT-01", repeat={"every": "day", "times": 79})
    refused = lab.cast.api("li").post(WINDOWS, asked)
    assert reasons(refused) == ["too_many_claims"]
    assert "10112" in refused.json["reasons"][0]["message"].replace(",", "")


def test_instruments_of_a_site_that_is_not_theirs_nobody_plans_for(lab: Lab) -> None:
    there = planned(lab, 24, 1, "SEM-01", "BAT-01")
    moved_west(lab.cast, "BAT-01")
    li = lab.cast.api("li")
    for path in (WINDOWS, f"{WINDOWS}/preview"):
        assert li.post(path, body(lab, 48, 1, "BAT-01")).status_code == 403
        assert li.post(path, body(lab, 48, 1, "BAT-01", "SEM-01")).status_code == 403
        assert li.post(path, body(lab, 48, 1, "SEM-01")).status_code in (200, 201)
    # A window that touches both sites is seen at both, and changed by those alone who plan for both.
    path = f"{WINDOWS}/{there['id']}"
    assert li.get(path).status_code == 200
    assert li.patch(path, {"note": "Mine"}).status_code == li.delete(path).status_code == 403
    assert li.post("/outages", {"instrument": "BAT-01"}).status_code == 403
    assert li.put("/instruments/BAT-01/upkeep", {"kind": "repair", "every_days": 9}).status_code == 403
    assert li.post("/instruments/BAT-01/retirement").status_code == 403
    utility = {"name_en": "Air", "name_zh": "空气", "instruments": ["SEM-01", "BAT-01"]}
    assert li.post("/utilities", utility).status_code == 403
    assert fields(lab.cast.api("ada").post("/utilities", utility)) == ["instruments"]


def test_a_category_a_site_and_a_utility_mean_all_their_instruments(lab: Lab) -> None:
    li = lab.cast.api("li")
    chiller = {"name_en": "Chiller", "name_zh": "冷水机", "instruments": ["SEM-01"]}
    utility = li.post("/utilities", chiller).json["id"]
    for number, (said, codes) in enumerate(
        [
            ({"category": lab.cast.category}, ["BAT-01", "SEM-01"]),
            ({"site": "EAST"}, ["BAT-01", "SEM-01"]),
            ({"utility": utility}, ["SEM-01"]),
        ]
    ):
        told = planned(lab, 24 + 4 * number, **{"instruments": [], **said})
        assert [one["code"] for one in told["instruments"]] == codes
    assert told["utility"] == utility


# ---------------------------------------------------------------- documents


def test_a_document_comes_back_as_it_was_put_there_to_be_saved_and_never_shown(lab: Lab) -> None:
    li, path = lab.cast.api("li"), f"{WINDOWS}/{planned(lab)['id']}/documents"
    number = li.post(path, {"name": '校准 "2026".pdf', "content": SHEET}).json["id"]
    [listed] = li.get(path).json["items"]
    assert (listed["id"], listed["name"], listed["size"]) == (number, '校准 "2026".pdf', len(base64.b64decode(SHEET)))
    found = li.get(f"{path}/{number}")
    assert (found.status_code, found.data) == (200, base64.b64decode(SHEET))
    assert found.content_type == "application/octet-stream"
    assert found.headers["Content-Disposition"] == (
        "attachment; filename=\"__ _2026_.pdf\"; filename*=UTF-8''%E6%A0%A1%E5%87%86%20%222026%22.pdf"
    )
    assert found.headers["Content-Security-Policy"] == SANDBOX
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert li.delete(f"{path}/{number}").status_code == 204
    assert (li.get(path).json["items"], li.get(f"{path}/{number}").status_code) == ([], 404)
    assert li.delete(f"{path}/{number}").status_code == 404


def test_a_document_belongs_to_its_window(lab: Lab) -> None:
    li, one, other = lab.cast.api("li"), planned(lab, 24)["id"], planned(lab, 48)["id"]
    number = li.post(f"{WINDOWS}/{one}/documents", {"name": "sheet.pdf", "content": SHEET}).json["id"]
    assert li.get(f"{WINDOWS}/{other}/documents/{number}").status_code == 404
    assert li.delete(f"{WINDOWS}/{other}/documents/{number}").status_code == 404
    assert li.get(f"{WINDOWS}/{one}/documents/{number}").status_code == 200


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"content": "not Base64!"}, "content"),
        ({"content": "JVBERi0"}, "content"),
        ({"content": "JVBE\nRi0x"}, "content"),
        ({"content": "冷"}, "content"),
        ({"content": ""}, "content"),
        ({"content": base64.b64encode(bytes(600_000)).decode()}, "content"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "two\nlines"}, "name"),
    ],
    ids=["no Base64", "half of it", "lines", "other letters", "nothing", "600 kB", "NUL", "a long name", "two lines"],
)
def test_a_bad_document_is_named_by_its_field(lab: Lab, said: dict[str, Any], field: str) -> None:
    path = f"{WINDOWS}/{planned(lab)['id']}/documents"
    assert fields(lab.cast.api("li").post(path, {"name": "sheet.pdf", "content": SHEET, **said})) == [field]
    assert lab.cast.api("li").get(path).json["items"] == []


def test_a_window_has_twenty_documents_and_no_more(lab: Lab) -> None:
    li, path = lab.cast.api("li"), f"{WINDOWS}/{planned(lab)['id']}/documents"
    answers = [li.post(path, {"name": f"{n}.pdf", "content": SHEET}) for n in range(21)]
    assert [one.status_code for one in answers] == [201] * 20 + [409]
    assert answers[-1].json["code"] == "too_many_documents"


# ---------------------------------------------------------------- outages


def test_an_outage_is_reported_listed_and_ended(lab: Lab) -> None:
    li = lab.cast.api("li")
    until = lab.at(30).isoformat()
    told = li.post("/outages", {"instrument": "SEM-01", "note": "No vacuum", "expected_until": until})
    assert (told.status_code, told.json["state"], told.json["note"]) == (201, "open", "No vacuum")
    assert (told.json["expected_until"], told.json["claimed_until"], told.json["ended_at"]) == (until, until, None)
    assert told.json["instrument"] == {"code": "SEM-01", "name": "Scanning electron microscope"}
    assert reasons(li.post("/outages", {"instrument": "SEM-01"})) == ["outage"]
    lab.go(2)
    ended = li.post(f"/outages/{told.json['id']}/repaired", {"remedy": "A new pump"})
    assert (ended.status_code, ended.json["state"], ended.json["remedy"]) == (200, "ended", "A new pump")
    assert ended.json["ended_at"] == lab.now.isoformat()
    assert reasons(li.post(f"/outages/{told.json['id']}/repaired")) == ["wrong_state"]
    second = li.post("/outages", {"instrument": "BAT-01"}).json

    def listed(query: str = "") -> list[int]:
        return [one["id"] for one in li.get(f"/outages{query}").json["items"]]

    assert listed() == [second["id"], told.json["id"]]
    assert (listed("?open=true"), listed("?open=false")) == ([second["id"]], [told.json["id"]])


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "instrument"),
        ({"instrument": "SEM-01", "note": "a\x00b"}, "note"),
        ({"instrument": "SEM-01", "expected_until": "2026-12-02T09:00:00"}, "expected_until"),
        ({"instrument": "SEM-01", "colour": "red"}, "colour"),
    ],
)
def test_a_bad_outage_is_named_by_its_field(lab: Lab, said: dict[str, Any], field: str) -> None:
    assert fields(lab.cast.api("li").post("/outages", said)) == [field]


def test_an_outage_of_an_unknown_instrument_is_a_missing_one(lab: Lab) -> None:
    assert lab.cast.api("li").post("/outages", {"instrument": "NO-SUCH"}).status_code == 404


# ---------------------------------------------------------------- utilities and upkeep


def test_a_utility_is_said_and_said_anew(lab: Lab) -> None:
    li = lab.cast.api("li")
    said = {"name_en": "Chiller 2", "name_zh": "2 号冷水机", "instruments": ["SEM-01"]}
    told = li.post("/utilities", said)
    assert (told.status_code, told.json) == (201, {**said, "id": told.json["id"], "name": "Chiller 2", "version": 1})
    anew = {**said, "name_en": "Chiller 3", "instruments": ["SEM-01", "BAT-01"]}
    changed = li.put(f"/utilities/{told.json['id']}", anew)
    assert (changed.status_code, changed.json["instruments"], changed.json["version"]) == (200, ["BAT-01", "SEM-01"], 2)
    assert li.get("/utilities").json["items"] == [changed.json]
    for bad in ({"instruments": []}, {"instruments": ["NO-SUCH"]}, {"instruments": ["SEM-01", "SEM-01", 1]}):
        assert fields(li.put(f"/utilities/{told.json['id']}", {**said, **bad})) == ["instruments"]
    assert fields(li.post("/utilities", {**said, "name_zh": "\x00"})) == ["name_zh"]


def test_an_instrument_named_twice_depends_once(lab: Lab) -> None:
    said = {"name_en": "Air", "name_zh": "空气", "instruments": ["SEM-01", "SEM-01"]}
    told = lab.cast.api("li").post("/utilities", said)
    assert (told.status_code, told.json["instruments"]) == (201, ["SEM-01"])


def test_an_upkeep_is_said_and_said_anew_and_taken_away(lab: Lab) -> None:
    li, path = lab.cast.api("li"), "/instruments/SEM-01/upkeep"
    told = li.put(path, {"kind": "calibration", "every_days": 90, "note": "By the book"})
    assert told.status_code == 200, told.json
    assert (told.json["due_on"], told.json["hours_run"], told.json["overdue"], told.json["next_at"]) == (
        (lab.now + timedelta(days=90)).isoformat(), 0, False, None,
    )  # fmt: skip
    assert told.json["instrument"] == {"code": "SEM-01", "name": "Scanning electron microscope"}
    anew = li.put(path, {"kind": "calibration", "every_hours": 200}).json
    assert (anew["id"], anew["every_days"], anew["every_hours"], anew["version"]) == (told.json["id"], None, 200, 2)
    assert li.get("/upkeep").json == {"items": [anew], "next": None}
    assert li.delete(f"/upkeep/{anew['id']}").status_code == 204
    assert (li.get("/upkeep").json["items"], li.delete(f"/upkeep/{anew['id']}").status_code) == ([], 404)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "calibration"}, "every_days"),
        ({"kind": "party", "every_days": 1}, "kind"),
        ({"kind": "repair", "every_days": 0}, "every_days"),
        ({"kind": "repair", "every_days": 3661}, "every_days"),
        ({"kind": "repair", "every_hours": 100_001}, "every_hours"),
        ({"kind": "repair", "every_days": 1, "note": "x" * 501}, "note"),
    ],
)
def test_a_bad_upkeep_is_named_by_its_field(lab: Lab, said: dict[str, Any], field: str) -> None:
    assert fields(lab.cast.api("li").put("/instruments/SEM-01/upkeep", said)) == [field]


# ---------------------------------------------------------------- out of the booking


def test_retirement_is_shown_first_and_then_done(lab: Lab) -> None:
    hit, li = lab.book(lab.cast.mei, 24), lab.cast.api("li")
    shown = li.post("/instruments/SEM-01/retirement/preview").json
    assert (shown["allowed"], [one["booking"] for one in shown["bookings"]]) == (True, [hit.id])
    done = li.post("/instruments/SEM-01/retirement")
    assert (done.status_code, done.json["companies"]) == (200, shown["companies"])
    assert [one["booking"] for one in done.json["bookings"]] == [hit.id]
    assert li.get("/instruments/SEM-01").json["state"] == "retired"
    assert reasons(li.post("/instruments/SEM-01/retirement")) == ["wrong_state"]
    again = li.post("/instruments/SEM-01/retirement/preview").json
    assert (again["allowed"], [one["code"] for one in again["reasons"]]) == (False, ["wrong_state"])


def test_channels_are_shown_first_and_then_taken(lab: Lab) -> None:
    some, li = [lab.book(lab.cast.mei, 24, code="BAT-01") for _ in range(3)], lab.cast.api("li")
    said = {"channels": 2}
    shown = li.post("/instruments/BAT-01/channels/preview", said).json
    assert [one["booking"] for one in shown["bookings"]] == [some[2].id]
    assert {one["channel"] for one in shown["stretches"]} == {3, 4}
    done = li.post("/instruments/BAT-01/channels", said)
    assert (done.status_code, [one["booking"] for one in done.json["bookings"]]) == (200, [some[2].id])
    assert li.get("/instruments/BAT-01").json["channels"] == 2
    for bad in (2, 0, 500, "1"):
        assert fields(li.post("/instruments/BAT-01/channels", {"channels": bad})) == ["channels"]


def test_a_suspension_is_shown_first_and_then_done(lab: Lab) -> None:
    mine, ada = lab.book(lab.cast.mei, 24), lab.cast.api("ada")
    path = f"/companies/{lab.cast.aurora}/suspension"
    shown = ada.post(f"{path}/preview").json
    assert [one["booking"] for one in shown["bookings"]] == [mine.id]
    assert fields(ada.post(path, {})) == fields(ada.post(path, {"reason": ""})) == ["reason"]
    done = ada.post(path, {"reason": "The bill is open"})
    assert (done.status_code, done.json["companies"]) == (200, shown["companies"])
    assert ada.get(f"/companies/{lab.cast.aurora}").json["state"] == "suspended"
    assert ada.post(path, {"reason": "The bill is open"}).status_code == 409
