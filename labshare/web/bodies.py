"""Reading what the world sends: strict JSON, strict parameters, clean strings; every fault is named by its field."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

from flask import Request, request
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from marshmallow.exceptions import SCHEMA
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from labshare.kernel.errors import N_, Invalid, Problem

MARSHMALLOW = (  # what marshmallow says of its own accord, marked here so that it is translated
    N_("Missing data for required field."),
    N_("Unknown field."),
    N_("Field may not be null."),
    N_("Not a valid string."),
    N_("Not a valid integer."),
    N_("Not a valid number."),
    N_("Not a valid boolean."),
    N_("Not a valid date."),
    N_("Not a valid list."),
    N_("Invalid input type."),
    N_("Special numeric values (nan or infinity) are not permitted."),
    N_("Not a time with date and offset, as in 2026-12-01T09:00:00+08:00."),
)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)
BIGGEST = 2**53  # beyond it a JSON number no longer names one integer
DEEPEST = 40
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
RFC3339 = re.compile(  # with the seconds left out if one likes, as people and browsers do
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class Sent(dict[str, Any]):
    """A JSON object, told apart from the fields of a form or an address, where every value is text."""


class Malformed(Problem):
    """The body is not the JSON object it should be (400)."""

    status, code, title = 400, "malformed", N_("The body is not valid JSON")


def strict_json(raw: bytes) -> Any:
    """Parse JSON as RFC 8259 has it; raises Malformed for NaN, duplicate keys, huge numbers and deep nests."""
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_sized,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Malformed(N_("The body could not be read as JSON.")) from error
    _shallow(value, 0)
    return value


def _once(pairs: list[tuple[str, Any]]) -> Sent:
    found = Sent(pairs)
    if len(found) != len(pairs):
        raise Malformed(N_("The body names a key twice."))
    return found


def _no_constant(name: str) -> Any:
    raise Malformed(N_("%(name)s is not a JSON number.", name=name))


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Malformed(N_("A number is too large."))
    return value


def _sized(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > BIGGEST:
        raise Malformed(N_("A number is too large."))
    return int(digits)


def _shallow(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise Malformed(N_("The body is nested too deeply."))
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _shallow(item, depth + 1)


class Parser(FlaskParser):
    """webargs, strict: unknown fields are refused wherever they stand."""

    DEFAULT_UNKNOWN_BY_LOCATION = dict.fromkeys(("json", "query", "form", "path", "headers"), RAISE)

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002 - webargs' signature
        raw = req.get_data(cache=True)
        if not raw and not req.content_type:
            return {}  # a move needs no body: POST …/cancel
        if not req.is_json:
            raise UnsupportedMediaType
        value = strict_json(raw)
        if not isinstance(value, dict):
            raise Malformed(N_("The body must be a JSON object."))
        return value

    def handle_error(self, error: ValidationError, *_rest: Any, **_values: Any) -> Any:
        raise Invalid(fields=flat(error.messages)) from error


def flat(messages: Any) -> dict[str, Any]:
    """Field -> messages, without the location webargs puts around them."""
    if isinstance(messages, dict) and len(messages) == 1:
        where, inner = next(iter(messages.items()))
        if where in ("json", "query", "form") and isinstance(inner, dict):
            return flat(inner)
    if isinstance(messages, dict):
        return {("body" if key == SCHEMA else str(key)): value for key, value in messages.items()}
    return {"body": messages}


def load(schema: Schema, values: Any) -> Any:
    """Load a form's values by the schema the JSON door uses; raises Invalid with its fields."""
    try:
        return schema.load(values, unknown=RAISE)
    except ValidationError as error:
        raise Invalid(fields=flat(error.normalized_messages())) from error


def form(*names: str) -> dict[str, str]:
    """The named form fields as they were sent, stripped, the empty ones left out."""
    return {name: value for name in names if (value := request.form.get(name, "").strip())}


# ---------------------------------------------------------------- fields


class OneOf(validate.OneOf):
    """One of these words; what marshmallow would say of others is said in the reader's language."""

    def __call__(self, value: Any) -> Any:
        try:
            return super().__call__(value)
        except ValidationError as error:
            choices = ", ".join(str(one) for one in self.choices if one != "")
            raise ValidationError([N_("Must be one of: %(choices)s", choices=choices)]) from error


class Length(validate.Length):
    """So many characters or items at least and at most, said in the reader's language."""

    def __call__(self, value: Any) -> Any:
        try:
            return super().__call__(value)
        except ValidationError as error:
            short = self.min is not None and len(value) < self.min
            fault = N_("Please fill this in.") if short else N_("Too long: at most %(n)s.", n=self.max)
            raise ValidationError([fault]) from error


class Line(fields.String):
    """One line of text: no control characters, line separators or lone surrogates; stripped; 1 to `most` characters."""

    def __init__(self, most: int = 200, *, least: int = 1, lines: bool = False, **rest: Any) -> None:
        self.most, self.least, self.lines = most, least, lines
        super().__init__(validate=Length(min=least, max=most), **rest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> str:
        text = super()._deserialize(value, attr, data, **rest)
        kept = text if self.lines else text.strip()
        self._sized(kept)
        for sign in text:
            kind = unicodedata.category(sign)
            if kind in ("Cs", "Zl", "Zp") or sign == "\x00" or (kind == "Cc" and not (self.lines and sign in "\n\r\t")):
                raise ValidationError([N_("Contains a character that cannot be stored.")])
        return kept

    def _sized(self, text: str) -> None:
        if len(text) < self.least or (not text.strip() and self.least):
            raise ValidationError([N_("Please fill this in.")])
        if len(text) > self.most:
            raise ValidationError([N_("Must be at most %(n)s characters.", n=self.most)])


class Prose(Line):
    """Text of several lines, stored as written; only NUL and lone surrogates are refused."""

    def __init__(self, most: int = 2000, **rest: Any) -> None:
        super().__init__(most, lines=True, **rest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> str:
        text = fields.String._deserialize(self, value, attr, data, **rest)
        self._sized(text)
        if _UNSTORABLE.search(text):
            raise ValidationError([N_("Contains a character that cannot be stored.")])
        return text


class Moment(fields.AwareDateTime):
    """An RFC 3339 time with offset, in the years 2000 to 2100; read into UTC."""

    default_error_messages = {
        "invalid": "Not a time with date and offset, as in 2026-12-01T09:00:00+08:00.",
        "invalid_awareness": "Not a time with date and offset, as in 2026-12-01T09:00:00+08:00.",
    }

    def __init__(self, **rest: Any) -> None:
        super().__init__(format="iso", **rest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> datetime:
        if not isinstance(value, str) or not RFC3339.fullmatch(value.upper()):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            moment = super()._deserialize(value.upper(), attr, data, **rest)
            inside = EARLIEST <= moment < LATEST
        except OverflowError as error:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from error
        if not inside:
            raise ValidationError([N_("Must lie in the years 2000 to 2100.")])
        return moment.astimezone(UTC)


class Flag(fields.Boolean):
    """true or false and nothing else; in an address as a word."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(truthy={True, "true"}, falsy={False, "false"}, **rest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> bool:
        if not isinstance(value, bool) and (isinstance(data, Sent) or not isinstance(value, str)):
            raise self.make_error("invalid", input=value)
        return bool(super()._deserialize(value, attr, data, **rest))


class Day(fields.Date):
    """A day of the years 2000 to 2100."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day: date = super()._deserialize(value, attr, data, **rest)
        if not EARLIEST.year <= day.year < LATEST.year:
            raise ValidationError([N_("Must lie in the years 2000 to 2100.")])
        return day


class Whole(fields.Integer):
    """A whole number from `low` to `high`; in JSON never a boolean or a string, but 2.0 is 2."""

    def __init__(self, low: int, high: int, **rest: Any) -> None:
        self.low, self.high = low, high
        super().__init__(validate=validate.Range(low, high), **rest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> int:
        if isinstance(value, bool) or (isinstance(value, str) and isinstance(data, Sent)):
            raise self.make_error("invalid", input=value)
        if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise self.make_error("invalid", input=value)
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid", input=value)
        number = int(super()._deserialize(value, attr, data, **rest))
        if not self.low <= number <= self.high:
            raise ValidationError([N_("Must be from %(low)s to %(high)s.", low=self.low, high=self.high)])
        return number
