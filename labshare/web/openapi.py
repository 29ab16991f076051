"""The OpenAPI document, finished: names for operations, plain tags, an example for every body, nothing unused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask

JSON = "application/json"
METHODS = ("get", "post", "put", "patch", "delete")
_REF = "#/components/schemas/"
_PLACEHOLDER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_SAMPLES = {  # what stands for a value whose schema brings no example of its own
    "date-time": "2026-12-01T01:00:00+00:00",
    "date": "2026-12-01",
    "email": "mei@example.com",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "string": "…",
    "null": None,
}

Json = dict[str, Any]


def finished(document: Json, app: Flask, meanings: Mapping[str, str]) -> Json:
    """The document as it is served, made from what flask-smorest gathered; changes what it is given."""
    schemas: Json = document["components"]["schemas"]
    for name, schema in schemas.items():
        schema.setdefault("description", meanings.get(name, ""))
    endpoints = _endpoints(app)
    for path, method, operation in operations(document):
        operation["operationId"] = endpoints[path, method].replace("_api.", "_")
        operation["tags"] = [tag.removesuffix("_api") for tag in operation["tags"]]
        operation["responses"].pop("default", None)  # every status there is, is named
        if body := operation.get("requestBody", {}).get("content", {}).get(JSON):
            body.setdefault("example", example(body["schema"], schemas, brief=True))
        for answer in operation["responses"].values():
            if content := answer.get("content", {}).get(JSON):
                content.setdefault("example", example(content["schema"], schemas))
    for item in document["paths"].values():
        for parameter in item.get("parameters", ()):
            parameter.setdefault("description", _in_path(parameter["name"]))
    for tag in document.get("tags", ()):
        tag["name"] = tag["name"].removesuffix("_api")
    document["components"].pop("responses", None)
    used = _reached(document["paths"], schemas)
    document["components"]["schemas"] = {name: schema for name, schema in schemas.items() if name in used}
    return document


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every operation as (path, method, what is said of it)."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def resolved(schema: Json, schemas: Json) -> Json:
    """The schema itself, where another one only refers to it."""
    return schemas[schema["$ref"].removeprefix(_REF)] if "$ref" in schema else schema


def name_of(schema: Json) -> str | None:
    """The name of the schema referred to, None where it stands here itself."""
    return schema["$ref"].removeprefix(_REF) if "$ref" in schema else None


def example(schema: Json, schemas: Json, *, brief: bool = False) -> Any:
    """A value that fits the schema; `brief` leaves out of objects what is optional and brings no example."""
    schema = resolved(schema, schemas)
    if "example" in schema:
        return schema["example"]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return example(schema[choice][0], schemas, brief=brief)
    if "enum" in schema:
        return next(value for value in schema["enum"] if value not in ("", None))
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        return [example(schema.get("items", {}), schemas, brief=brief)]
    if kind == "object":
        needed = schema.get("required", ())
        return {
            name: example(part, schemas, brief=brief)
            for name, part in schema.get("properties", {}).items()
            if not brief or name in needed or "example" in part
        }
    if kind in ("integer", "number"):
        return schema.get("default") or max(_SAMPLES[kind], schema.get("minimum", 1))
    return _SAMPLES.get(str(schema.get("format", kind)), _SAMPLES[kind])


def _in_path(name: str) -> str:
    return f"The id of the {name.removesuffix('_id')}." if name.endswith("_id") else f"The {name}, as lists give it."


def _endpoints(app: Flask) -> dict[tuple[str, str], str]:
    return {
        (_PLACEHOLDER.sub(r"{\1}", rule.rule), method.lower()): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _reached(node: Any, schemas: Json) -> set[str]:
    """The names of all schemas that a part of the document refers to, directly or through others."""
    found: set[str] = set()
    todo = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict):
            todo += part.values()
            name = part.get("$ref", "").removeprefix(_REF) if isinstance(part.get("$ref"), str) else ""
            if name and name not in found:
                found.add(name)
                todo.append(schemas[name])
    return found
