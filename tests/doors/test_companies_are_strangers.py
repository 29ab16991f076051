"""Companies are strangers to each other: another one's object is a missing one, and none of its words reach a rival."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from tests.doors.canaries import THEIRS, fill, harvest, marks
from tests.doors.scene import ROLES, Scene
from tests.doors.table import COLUMNS, TABLE
from tests.doors.walk import bad_body, routes

OWNED = {"booking_id", "company_id", "person_id", "invitation_id", "token_id", "sign_in_id"}
OWNED |= {"entry_id", "restriction_id", "wait_id", "objection_id"}
MISSING = 999_999_999_999


def plain(answer: TestResponse, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """The answer without what echoes the address that was asked for."""
    headers = [(name, value) for name, value in answer.headers if name not in ("Date", "Content-Length", "Set-Cookie")]
    body = answer.get_data().replace(path.encode(), b"<here>")
    return answer.status_code, sorted((name, value.replace(path, "<here>")) for name, value in headers), body


def test_another_companys_object_and_a_missing_one_are_told_in_the_same_bytes(scene: Scene) -> None:
    told_apart = []
    for rule, method in routes(scene.app):
        if not OWNED & rule.arguments:
            continue
        (name,) = rule.arguments
        marked = zip(COLUMNS, TABLE[rule.endpoint, method], strict=True)
        for column in (column for column, mark in marked if mark == "0" or column == "rival"):
            for body in (bad_body(rule, method), None if method == "GET" else {}):
                paths = scene.path(rule), scene.path(rule, **{name: MISSING})
                real, missing = (plain(scene.ask(ROLES[column], method, path, body), path) for path in paths)
                if real != missing:
                    told_apart.append(f"{method} {rule.rule} as {column}: {real[0]} and {missing[0]}")
                if real[0] < 400:
                    scene.heal()
    assert told_apart == []


def test_json_about_another_companys_object_is_the_same_to_the_last_byte(scene: Scene) -> None:
    missing = scene.ask("bo", "GET", f"/api/v1/bookings/{MISSING}")
    for booking in (scene.booking(), scene.displaced()):
        real = scene.ask("bo", "GET", f"/api/v1/bookings/{booking}")
        assert real.status_code == missing.status_code == 404
        assert (list(real.headers), real.get_data()) == (list(missing.headers), missing.get_data())


def test_time_that_is_held_for_a_displaced_booking_is_busy_to_a_rival_and_no_more(scene: Scene) -> None:
    booking = scene.displaced()
    mine = scene.ask("mei", "GET", f"/api/v1/bookings/{booking}").get_json()["displaced"]["offer"]
    query = {"from": mine["starts_at"], "to": mine["ends_at"], "instrument": "BAT-01"}
    told = scene.ask("bo", "GET", "/api/v1/timeline", query_string=query).get_json()
    place = {"instrument": mine["instrument"], "channel": 1, "starts_at": mine["starts_at"], "ends_at": mine["ends_at"]}
    assert told["items"] == [{**place, "kind": "busy"}]


def test_words_reach_their_own_people_and_no_rival_and_those_of_the_laboratory_no_company(scene: Scene) -> None:
    fill(scene)
    chens, bos = harvest(scene, "chen"), harvest(scene, "bo")
    assert marks(bos, "aurora") == {}
    assert marks(chens, "borealis") == {}
    # A harvest that finds nothing proves nothing: each company's own people do read its words.
    own = {"company.name", "person.name", "person.email", "booking.purpose", "booking.answer", "invitation.email"}
    own |= {"usage_record.note", "usage_record.problem", "usage_record.company_name", "ledger.reason"}
    own |= {"usage_objection.text", "usage_objection.answer"}
    own |= {"conduct_entry.objection", "conduct_entry.lift_reason", "restriction.lift_reason"}
    assert own <= set(marks(chens, "aurora"))
    assert "booking.purpose" in marks(bos, "borealis")
    assert any(re.search(rb'"kind": ?"busy"', body) for body in bos.values())
    assert any(re.search(rb'"state": ?"displaced"', body) for body in chens.values())
    # Nor does any company read what the laboratory writes for itself, and its managers do.
    assert marks(chens, "lab") == marks(bos, "lab") == {}
    lis = harvest(scene, "li", "maintenance_api")
    assert set(marks(lis, "lab")) == {f"{table}.{column}" for table, columns in THEIRS.items() for column in columns}
