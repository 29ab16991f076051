"""The JSON door explained to people: /api/docs, made on the server from the OpenAPI document."""

from __future__ import annotations

import json
import shlex
from copy import deepcopy
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import flask_smorest
from flask import Blueprint, Flask, Response, current_app, render_template

from labshare.web.api import BASE, KEY
from labshare.web.guard import public
from labshare.web.openapi import JSON, Json, finished, name_of, operations, resolved

blueprint = Blueprint("docs", __name__)

REFUSAL = {
    "type": "about:blank",
    "status": 409,
    "code": "slot_taken",
    "title": "This is not possible as things stand",
    "detail": "Somebody else holds this time.",
    "reasons": [{"code": "slot_taken", "message": "Somebody else holds this time.", "waivable_by": None}],
    "alternatives": [
        {
            "instrument": {"code": "SEM-01", "name": "Scanning electron microscope"},
            "starts_at": "2026-12-01T03:00:00+00:00",
            "ends_at": "2026-12-01T05:00:00+00:00",
        }
    ],
}


@dataclass(frozen=True)
class Field:
    """One parameter or field: its name, what it holds, and whether it must be there."""

    name: str
    kind: str
    needed: bool
    text: str
    where: str = ""
    refers_to: str | None = None


@dataclass(frozen=True)
class Answer:
    """What an operation answers with one status."""

    status: str
    phrase: str
    text: str
    schema: str | None
    content_type: str


@dataclass(frozen=True)
class Operation:
    """One call as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Field]
    body: str | None
    fields: list[Field]
    sent: str | None
    told: str | None
    answers: list[Answer]
    curl: str


@dataclass(frozen=True)
class Group:
    """The calls of one slice."""

    name: str
    text: str
    operations: list[Operation]


@blueprint.get("/api/docs")
@public
def page() -> str:
    """Every call with its parameters, body, examples and answers."""
    document = current_app.extensions["openapi"].document
    schemas = document["components"]["schemas"]
    return render_template(
        "docs.html",
        groups=_groups(document),
        schemas={
            name: (schema.get("description", ""), fields_of(schema, schemas))
            for name, schema in sorted(schemas.items())
        },
        base=_address(),
        document=f"{BASE}/openapi.json",
        key=KEY,
        refusal=_pretty(REFUSAL),
    )


def _openapi() -> Response:
    return Response(current_app.extensions["openapi"].text, content_type=JSON)


class Document:
    """The finished document, written once: every blueprint is known by the time somebody asks."""

    def __init__(self, app: Flask, api: flask_smorest.Api) -> None:
        self._app, self._api = app, api
        self._document: Json | None = None

    @property
    def document(self) -> Json:
        if self._document is None:
            known = self._api.ma_plugin.converter.refs.items()
            meanings = {name: (key[0].__doc__ or "").strip().partition("\n")[0] for key, name in known}
            self._document = finished(deepcopy(self._api.spec.to_dict()), self._app, meanings)
        return self._document

    @property
    def text(self) -> str:
        return json.dumps(self.document, ensure_ascii=False)


def init_app(app: Flask, api: flask_smorest.Api) -> None:
    """Open the page and the document, both in the open."""
    app.extensions["openapi"] = Document(app, api)
    app.view_functions["api-docs.openapi_json"] = public(_openapi)
    app.register_blueprint(blueprint)


# ---------------------------------------------------------------- from the document to what the page shows


def _groups(document: Json) -> list[Group]:
    schemas = document["components"]["schemas"]
    by_tag: dict[str, list[Operation]] = {}
    for path, method, said in operations(document):
        shared = document["paths"][path].get("parameters", [])
        by_tag.setdefault(said["tags"][0], []).append(_operation(path, method, said, shared, schemas))
    texts = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    return [Group(name, text, by_tag[name]) for name, text in texts.items() if name in by_tag]


def _operation(path: str, method: str, said: Json, shared: list[Json], schemas: Json) -> Operation:
    content = said.get("requestBody", {}).get("content", {}).get(JSON)
    sent = content["example"] if content else None
    answers = [_answer(status, answer) for status, answer in sorted(said["responses"].items())]
    told = next(
        (
            answer["content"][JSON]["example"]
            for answer in said["responses"].values()
            if JSON in answer.get("content", {})
        ),
        None,
    )
    parameters = [*shared, *said.get("parameters", [])]
    return Operation(
        id=said["operationId"],
        method=method,
        path=path,
        summary=said.get("summary", ""),
        text=said.get("description", ""),
        parameters=[
            _field(one["name"], one["schema"], one["required"], one.get("description", ""), one["in"])
            for one in parameters
        ],
        body=name_of(content["schema"]) if content else None,
        fields=fields_of(resolved(content["schema"], schemas), schemas) if content else [],
        sent=_pretty(sent) if content else None,
        told=_pretty(told) if told is not None else None,
        answers=answers,
        curl=_curl(path, method, sent, any(one["name"] == KEY for one in parameters)),
    )


def _answer(status: str, answer: Json) -> Answer:
    contents: Json = answer.get("content", {})
    kind = next(iter(contents), "")
    schema: Json = contents[kind].get("schema", {}) if kind else {}
    phrase = HTTPStatus(int(status)).phrase
    text = answer["description"]
    return Answer(status, phrase, text if text != phrase else "", name_of(schema), kind)


def fields_of(schema: Json, schemas: Json) -> list[Field]:
    """The fields of an object's schema, in the order they are written."""
    needed = schema.get("required", ())
    return [
        _field(name, part, name in needed, resolved(part, schemas).get("description", "") if "$ref" not in part else "")
        for name, part in schema.get("properties", {}).items()
    ]


def _field(name: str, schema: Json, needed: bool, text: str, where: str = "") -> Field:
    inner = schema.get("items", schema)
    for part in inner.get("anyOf", ()):
        inner = part if "$ref" in part else inner
    return Field(name, kind_of(schema), needed, text, where, name_of(inner))


def kind_of(schema: Json) -> str:
    """What a schema holds, in a few words: `integer 1 to 200`, `list of string`, `string or null`."""
    if "$ref" in schema:
        return str(name_of(schema))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(kind_of(one) for one in choices)
    if "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    kind = schema.get("type", "any value")
    if kind == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    kinds = kind if isinstance(kind, list) else [kind]
    words = " or ".join(str(schema.get("format", one)) if one == "string" else one for one in kinds)
    return words + _range(schema)


def _range(schema: Json) -> str:
    for low, high, unit in (("minimum", "maximum", ""), ("minLength", "maxLength", " characters")):
        if high in schema:
            return f", {schema.get(low, 0)} to {schema[high]}{unit}"
        if low in schema:
            return f", at least {schema[low]}{unit}"
    return ""


def _curl(path: str, method: str, sent: Any, keyed: bool) -> str:
    parts = ["curl"] if method == "get" else [f"curl -X {method.upper()}"]
    parts.append(shlex.quote(_address() + path))
    parts.append('-H "Authorization: Bearer $TOKEN"')
    if keyed:
        parts.append(f'-H "{KEY}: $(uuidgen)"')
    if sent is not None:
        parts.append(f"-H 'Content-Type: {JSON}'")
        parts.append(f"-d {shlex.quote(json.dumps(sent, ensure_ascii=False))}")
    return " \\\n  ".join([" ".join(parts[:2]), *parts[2:]])


def _address() -> str:
    return str(current_app.extensions["settings"].base_url)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
