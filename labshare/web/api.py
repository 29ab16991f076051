"""The JSON doors' frame: OpenAPI 3.1 from the schemas, problems on every door, and answers kept for retries."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import flask_smorest
from flask import Flask, Response, request
from marshmallow import Schema, fields

from labshare.kernel.errors import N_, Invalid
from labshare.kernel.retry import Retry
from labshare.web.bodies import Parser
from labshare.web.guard import IdConverter, actor

_View = TypeVar("_View", bound=Callable[..., Any])
BASE = "/api/v1"
KEY = "Idempotency-Key"

MEANING = {
    400: "The body is not valid JSON",
    401: "No token, or one that is no longer valid",
    403: "The actor may not do this",
    404: "No such thing, or none the actor may know of",
    409: "Not possible as things stand; every reason is listed",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "A field breaks its form",
    429: "Too many tries",
    503: "Busy; nothing was changed, try again",
}


class ReasonOut(Schema):
    """One rule that says no."""

    code = fields.String(required=True, metadata={"example": "slot_taken"})
    message = fields.String(required=True)
    waivable_by = fields.String(allow_none=True, metadata={"description": "The role that may set the rule aside."})


class ProblemOut(Schema):
    """A refusal as RFC 9457 writes it, with a code for programs."""

    type = fields.String(metadata={"example": "about:blank"})
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"example": "slot_taken"})
    title = fields.String(required=True)
    detail = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.Raw(), metadata={"description": "Messages by field."})
    reasons = fields.List(fields.Nested(ReasonOut), metadata={"description": "With 409: every rule that says no."})
    alternatives = fields.List(fields.Dict(), metadata={"description": "With 409: the nearest slots that pass."})
    failed = fields.List(fields.Dict(), metadata={"description": "With `not_all`: which could not be, and why."})


class Blueprint(flask_smorest.Blueprint):
    """A slice's JSON door."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(f"{name}_api", __name__, url_prefix=BASE, description=description)

    def arguments(self, schema: type[Schema], **rest: Any) -> Callable[[_View], _View]:
        """Read a request by this schema; it is made once, for making one costs as much as using it."""
        return super().arguments(schema(), **rest)

    def refuses(self, *statuses: int) -> Callable[[_View], _View]:
        """Document the refusals of a route; 401 and 503 go without saying."""

        def document(view: _View) -> _View:
            told = view
            for status in sorted({401, 503, *statuses}):
                told = self.alt_response(
                    status,
                    schema=ProblemOut,
                    content_type="application/problem+json",
                    description=MEANING[status],
                )(told)
            return _told(view, told)

        return document

    def changes(
        self,
        status: int,
        schema: type[Schema],
        *,
        body: type[Schema] | None = None,
        refuses: tuple[int, ...] = (),
    ) -> Callable[[_View], _View]:
        """A POST that changes something: its body, its answer, its refusals and its Idempotency-Key.

        The view gets `retry` (None without a key) and hands it to its use case, which stores the answer.
        """
        said = (403, 404, 409, 422, *((400, 413, 415) if body else ()), *refuses)

        shape = schema()

        def render(result: Any) -> str:
            return json.dumps(shape.dump(result), separators=(",", ":"))

        def decorate(view: _View) -> _View:
            @wraps(view)
            def answered(*args: Any, **values: Any) -> Response:
                retry = _retry(status, render)
                result = view(*args, retry=retry, **values)
                text = retry.body if retry is not None and retry.body is not None else render(result)
                return Response(text, status, content_type="application/json")

            done: Any = _told(answered, self.response(status, schema)(answered))
            done = self.refuses(*said)(done)
            if body is not None:
                done = self.arguments(body, error_status_code=422)(done)
            return _told(done, self.doc(parameters=[_KEY_PARAMETER])(done))

        return decorate


def _told(view: Any, documented: Any) -> Any:
    """The view with the documents of its wrapper but not the wrapper: ten layers would be walked on every request."""
    view._apidoc = documented._apidoc
    return view


_KEY_PARAMETER = {
    "in": "header",
    "name": KEY,
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "Ask again with the same key and body and get the same answer; nothing is done twice.",
}


_KEY_FORM = re.compile("[!-~]{1,255}")


def _retry(status: int, render: Callable[[Any], str]) -> Retry | None:
    key = request.headers.get(KEY)
    if key is None:
        return None
    if not _KEY_FORM.fullmatch(key):
        raise Invalid(fields={KEY: [N_("Must be 1 to 255 visible ASCII characters.")]})
    return retry_for(key, request.get_data(cache=True), status, render)


def retry_for(key: str, body: bytes, status: int, render: Callable[[Any], str]) -> Retry:
    """A retry of this request: the same person, address and body mean the same request."""
    said = b"\0".join([request.method.encode(), request.path.encode(), body])
    return Retry(actor().person_id or 0, key, hashlib.sha256(said).hexdigest(), status, render)


class Api(flask_smorest.Api):
    """The API; problems are answered by web/errors.py alone."""

    def _register_error_handlers(self) -> None:
        pass


def init_app(app: Flask) -> Api:
    """Gather the OpenAPI document; web/docs.py serves it."""
    app.config.update(
        API_TITLE="LabShare",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=BASE,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": "Book instrument time at a shared laboratory."},
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
            "security": [{"token": []}],
        },
    )
    api = Api(app)
    api.register_converter(IdConverter, lambda _: {"type": "integer", "minimum": 0, "maximum": 10**18 - 1})
    return api
