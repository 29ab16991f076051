"""The document programs read: sound by the OpenAPI standard, complete, and its examples are true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from labshare import create_app
from labshare.config import Settings
from labshare.web.openapi import JSON, example, operations
from tests.cast import Cast

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application whose database nobody asks: the document is the same on every engine."""
    folder = tmp_path_factory.mktemp("house")
    return create_app(Settings(database_url=f"sqlite:///{folder / 'unused.sqlite3'}", data_dir=folder))


@pytest.fixture(scope="module")
def document(house: Flask) -> dict[str, Any]:
    found = house.test_client().get("/api/v1/openapi.json")
    assert (found.status_code, found.content_type) == (200, JSON)
    return dict(found.get_json())


def self_contained(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The schema with what it refers to, so that a validator needs nothing else."""
    return {"allOf": [schema], "components": document["components"]}


def parameters(document: dict[str, Any], path: str, operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [*document["paths"][path].get("parameters", []), *operation.get("parameters", [])]


def named(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, method, operation in operations(document):
        yield f"{method.upper()} {path}", operation


def test_the_document_is_sound_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [f"{error.instance_path}: {error.message}" for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []


def test_every_schema_is_sound_and_everything_it_refers_to_is_there(document: dict[str, Any]) -> None:
    for name in document["components"]["schemas"]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema_rs.Draft202012Validator(schema)  # raises where a reference leads nowhere


def test_every_route_of_the_json_door_is_documented(house: Flask, document: dict[str, Any]) -> None:
    routes = {
        rule.endpoint.replace("_api.", "_")
        for rule in house.url_map.iter_rules()
        if rule.endpoint.split(".")[0].endswith("_api")
    }
    assert routes == {operation["operationId"] for _, operation in named(document)}


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_group(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in named(document)]
    assert len(names) == len(set(names))
    groups = {tag["name"] for tag in document["tags"] if tag.get("description")}
    for name, operation in named(document):
        assert operation["summary"].strip(), name
        assert set(operation["tags"]) <= groups, name


def test_every_answer_says_what_it_means_and_holds(document: dict[str, Any]) -> None:
    for name, operation in named(document):
        answers = operation["responses"]
        assert {"401", "503"} <= set(answers), name
        assert any(status.startswith("2") for status in answers), name
        for status, answer in answers.items():
            assert answer["description"].strip(), (name, status)
            if status >= "400":
                assert list(answer["content"]) == [PROBLEM], (name, status)
                assert answer["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/ProblemOut"}
            else:
                assert status == "204" or all(content.get("schema") for content in answer["content"].values()), name


def test_every_parameter_says_what_it_is(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for one in parameters(document, path, operation):
            assert one.get("description") or "enum" in one["schema"] or one["name"] in SPEAKING, (
                method,
                path,
                one["name"],
            )
            assert one["schema"].get("type"), (method, path, one["name"])


SPEAKING = {"instrument", "company", "from", "to", "minutes", "state", "year"}


def test_every_path_names_its_parameters(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        given = {one["name"] for one in parameters(document, path, operation) if one["in"] == "path"}
        assert given == {part[1:-1] for part in path.split("/") if part.startswith("{")}, (method, path)


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    for name, operation in named(document):
        answers = [answer.get("content", {}).get(JSON) for answer in operation["responses"].values()]
        for content in (operation.get("requestBody", {}).get("content", {}).get(JSON), *answers):
            if content is not None:
                validator = jsonschema_rs.Draft202012Validator(self_contained(content["schema"], document))
                assert [error.message for error in validator.iter_errors(content["example"])] == [], name


def test_every_body_of_the_document_can_be_read(cast: Cast, document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get(JSON)
        if body is None:
            continue
        names = {one["name"]: one["schema"] for one in parameters(document, path, operation) if one["in"] == "path"}
        address = path.format(**{name: "BAT-01" if name == "code" else 1 for name in names})
        answers = [cast.api(name)._send(method.upper(), address, body["example"]) for name in ("mei", "ada")]
        answer = next((one for one in answers if one.status_code not in (403, 404)), answers[0])
        assert answer.status_code not in (400, 415, 422), (method, path, answer.get_json())


def test_every_field_says_what_it_holds(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field, part in schema["properties"].items():
            assert {"type", "$ref", "anyOf", "enum"} & set(part), f"{name}.{field}"


def test_nothing_unused_stands_in_the_document(document: dict[str, Any]) -> None:
    said = str(document)
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}'" in said, name
    assert "responses" not in document["components"]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": ["string", "null"], "format": "date"}, "2026-12-01"),
        ({"enum": ["", "one"]}, "one"),
        ({"type": "array", "items": {"type": "boolean"}}, [True]),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
    ],
)
def test_an_example_is_made_where_none_is_given(schema: dict[str, Any], value: Any) -> None:
    assert example(schema, {}) == value


def test_what_is_optional_and_brings_no_example_stays_out_of_a_brief_one() -> None:
    parts = {"a": {"type": "string", "example": "x"}, "b": {"type": "integer"}, "c": {"type": "integer"}}
    assert example({"type": "object", "properties": parts, "required": ["c"]}, {}, brief=True) == {"a": "x", "c": 1}
