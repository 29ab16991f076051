"""Whatever arrives at a JSON door that writes: a clear refusal, the same on both engines, and nothing changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from labshare.web.openapi import JSON, operations
from tests.doors.scene import ROLES, Scene
from tests.doors.table import COLUMNS, TABLE

DEEP = 100_000
# Whole bodies that are no JSON object, and what each is told.
RAW: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "null": (b"null", 400),
    "a list": (b"[]", 400),
    "a string": (b'"a"', 400),
    "a number": (b"1", 400),
    "half an object": (b'{"a": ', 400),
    "two objects": (b"{}{}", 400),
    "NaN": (b'{"a": NaN}', 400),
    "Infinity": (b'{"a": Infinity}', 400),
    "minus Infinity": (b'{"a": -Infinity}', 400),
    "1e400": (b'{"a": 1e400}', 400),
    "2 to the 63": (b'{"a": 9223372036854775808}', 400),
    "a very long number": (b'{"a": ' + b"9" * 5000 + b"}", 400),
    "a key twice": (b'{"a": 1, "a": 2}', 400),
    "a deep list": (b'{"a": ' + b"[" * DEEP + b"]" * DEEP + b"}", 400),
    "a deep object": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, 400),
    "a deep opening": (b"[" * DEEP, 400),
    "not UTF-8": (b'{"a": "\xff\xfe"}', 400),
    "a surrogate written out": (b'{"a": "\xed\xa0\x80"}', 400),
    "a byte order mark": (b"\xef\xbb\xbf{}", 400),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), 400),
    "a comment": (b'{"a": 1 /* one */}', 400),
    "a bare NUL": (b'{"a": "\x00"}', 400),
}
TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""]
# Values that no field takes, by what the field holds.
NEVER: dict[str, list[Any]] = {
    "string": [1, 1.5, True, None, [], {}, ["a"], {"a": "b"}, "\x00", "a\x00b", "\ud800", "x\udfff", "\udc00\ud800"],
    "integer": [True, False, None, "", "1", "one", [], [1], {}, 1.5, -1, 2**53, -(2**53), "1e3", "0x10", "１２x"],
    "number": [None, "", "one", [], {}, [1.5], -1, "NaN", "Infinity", "-inf"],
    "boolean": ["perhaps", None, 2, [], {}, "", "[]"],
    "array": [None, "", "a", 1, True, {}, {"0": "a"}],
    "object": [None, "", "a", 1, True, []],
    "date-time": [
        *(None, 1, True, [], {}, "", "tomorrow", "2026-12-01", "2026-12-01T09:00:00", "2026-12-01 09:00:00+08:00"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2101-01-01T00:00:00Z", "1999-12-31T23:59:59Z"),
        *("2026-02-30T00:00:00Z", "2026-12-01T25:00:00Z", "2026-12-01T09:00:00+25:00", "2026-12-01T09:00:00Z\x00"),
        *("２０２６-12-01T09:00:00Z", "2026-W49-2T09:00:00Z", "20261201T090000Z", "T", "-2026-12-01T09:00:00Z"),
    ],
}


def writing(scene: Scene) -> Iterator[tuple[Rule, str, str, dict[str, Any], dict[str, Any]]]:
    """Every JSON door that takes a body: route, method, somebody who may, a good body, its fields' schemas."""
    document = scene.ask(None, "GET", "/api/v1/openapi.json").get_json()
    said = {operation["operationId"]: operation for _, _, operation in operations(document)}
    for rule in scene.app.url_map.iter_rules():
        content = said.get(rule.endpoint.replace("_api.", "_"), {}).get("requestBody", {}).get("content", {}).get(JSON)
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH"} if content else ():
            schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            marks = dict(zip(COLUMNS, TABLE[rule.endpoint, method], strict=True))
            who = next(ROLES[column] for column in COLUMNS if marks[column] == "+")
            yield rule, method, who, content["example"], schema["properties"]


def wrong(answer: TestResponse, expected: int, what: str) -> list[str]:
    """What is not as it should be in a refusal."""
    if answer.status_code != expected:
        return [f"{what}: {answer.status_code} instead of {expected}"]
    if answer.content_type != "application/problem+json":
        return [f"{what}: told as {answer.content_type}"]
    said = answer.get_json()
    return [] if said["code"] and said["status"] == expected and said["title"] else [f"{what}: says {said}"]


def send(scene: Scene, who: str, method: str, path: str, body: bytes, content_type: str = JSON) -> TestResponse:
    return scene.ask(who, method, path, data=body, content_type=content_type)


def walked(scene: Scene, hostile: Any) -> list[str]:
    """What is wrong with the answers to hostile(path, method, who, good, fields), and what they changed."""
    found = []
    for rule, method, who, good, fields in writing(scene):
        path = scene.path(rule)
        scene.cast.token(who)
        before = scene.contents()
        for what, body, content_type, expected in hostile(good, fields):
            answer = send(scene, who, method, path, body, content_type)
            found += wrong(answer, expected, f"{method} {rule.rule} with {what}")
        after = scene.contents()
        found += [f"{method} {rule.rule} changed {table}" for table in before if before[table] != after[table]]
    return found


def test_what_is_no_json_object_is_refused(scene: Scene) -> None:
    def hostile(_good: Any, _fields: Any) -> Iterator[tuple[str, bytes, str, int]]:
        for what, (body, expected) in RAW.items():
            yield what, body, JSON, expected

    assert walked(scene, hostile) == []


def test_what_does_not_say_it_is_json_is_refused(scene: Scene) -> None:
    def hostile(good: Any, _fields: Any) -> Iterator[tuple[str, bytes, str, int]]:
        for content_type in TYPES:
            yield f"type {content_type!r}", json.dumps(good).encode(), content_type, 415
        yield "a form", b"purpose=x&instrument=SEM-01", "application/x-www-form-urlencoded", 415

    assert walked(scene, hostile) == []


def test_a_body_over_the_limit_is_refused_unread(scene: Scene) -> None:
    limit = scene.app.extensions["settings"].body_limit

    def hostile(_good: Any, _fields: Any) -> Iterator[tuple[str, bytes, str, int]]:
        yield "too much", b'{"purpose": "' + b"x" * limit + b'"}', JSON, 413

    assert walked(scene, hostile) == []


def test_a_field_nobody_knows_is_refused_by_name(scene: Scene) -> None:
    def hostile(good: Any, _fields: Any) -> Iterator[tuple[str, bytes, str, int]]:
        for name in ("nonsense", "__proto__", "id", "state", "company_id", "", "\x00", "price", "a" * 5000):
            if name not in _fields:
                yield f"unknown {name[:20]!r}", json.dumps({**good, name: 1}).encode(), JSON, 422

    assert walked(scene, hostile) == []


def test_a_value_no_field_takes_is_refused(scene: Scene) -> None:
    def hostile(good: Any, fields: Any) -> Iterator[tuple[str, bytes, str, int]]:
        for name, schema in fields.items():
            for value in never(schema):
                yield f"{name} = {value!r}", json.dumps({**good, name: value}).encode(), JSON, 422

    assert walked(scene, hostile) == []


def never(schema: dict[str, Any]) -> Iterator[Any]:
    """Values the field may not take; none of them larger than a JSON number can be."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    for kind in kinds[:1]:
        for value in NEVER.get(schema.get("format", kind), NEVER[kind]):
            if value is None and "null" in kinds:
                continue
            if value == "" and schema.get("minLength", 0) == 0 and kind == "string":
                continue
            if (
                isinstance(value, int)
                and not isinstance(value, bool)
                and schema.get("minimum", 0) <= value <= schema.get("maximum", value)
            ):
                continue
            yield value
        if kind == "string" and "maxLength" in schema:
            yield "x" * (schema["maxLength"] + 1)
        if "enum" in schema:
            yield "no such choice"
        for edge, step in (("minimum", -1), ("maximum", 1)):
            if kind == "integer" and edge in schema and abs(schema[edge] + step) < 2**53:
                yield schema[edge] + step


def test_a_slot_that_ends_before_it_begins_is_refused(scene: Scene) -> None:
    def hostile(good: Any, _fields: Any) -> Iterator[tuple[str, bytes, str, int]]:
        if "starts_at" in good:
            for start, end in (("10", "10"), ("11", "10"), ("10", "09")):
                slot = {"starts_at": f"2026-12-01T{start}:00:00Z", "ends_at": f"2026-12-01T{end}:00:00Z"}
                yield f"{start} to {end}", json.dumps({**good, **slot}).encode(), JSON, 422

    assert walked(scene, hostile) == []


def test_a_number_that_names_no_row_is_a_missing_thing(scene: Scene) -> None:
    found = []
    for rule, method, who, good, _fields in writing(scene):
        if not {name for name in rule.arguments if name.endswith("_id")}:
            continue
        path = re.sub("<id:[a-z_]+>", "{}", rule.rule)
        for value in (
            "0",
            2**31,
            2**63 - 1,
            2**63,
            2**64,
            "9" * 18,
            "9" * 5000,
            "-1",
            "1.5",
            "1e3",
            "one",
            "１",
            "%00",
        ):
            found += wrong(
                scene.ask(who, method, path.format(value), good), 404, f"{method} {path} for {str(value)[:30]}"
            )
    assert found == []


def test_there_are_doors_to_knock_at(app: Flask, scene: Scene) -> None:
    assert {rule.endpoint for rule, *_ in writing(scene)} >= {
        "bookings_api.request",
        "bookings_api.move",
        "instruments_api.add",
    }


def test_a_refusal_that_is_none_is_noticed(scene: Scene) -> None:
    answer = scene.ask("mei", "GET", "/api/v1/me")
    assert wrong(answer, 422, "me") == ["me: 200 instead of 422"]
    assert wrong(answer, 200, "me") == ["me: told as application/json"]
