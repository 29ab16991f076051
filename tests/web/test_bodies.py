"""What the world sends: hostile JSON, odd text, strange times and numbers that are none."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields

from labshare.kernel.errors import Invalid
from labshare.web.bodies import Length, Line, Malformed, Moment, OneOf, Prose, Sent, Whole, flat, load, strict_json
from tests.cast import Cast


class Sheet(Schema):
    """One field of every kind."""

    line = Line(10)
    note = Prose(10)
    at = Moment()
    count = Whole(1, 500)
    inner = fields.Nested(lambda: Sheet())


def read(**values: Any) -> Any:
    """What a JSON body of these values is read as."""
    return load(Sheet(), Sent(values))


def faults(**values: Any) -> dict[str, Any]:
    with pytest.raises(Invalid) as told:
        read(**values)
    return told.value.fields


# ---------------------------------------------------------------- JSON

HOSTILE = [
    b"", b" ", b"{", b"{'a': 1}", b'{"a": 1,}', b'{"a": 1} x', b"nul", b"\x00", b'{"a": 01}', b'{"a": +1}',
    b'{"a": .5}', b'{"a": NaN}', b'{"a": Infinity}', b'[-Infinity]', b'{"a": 1e400}', b'{"a": -1e400}',
    b'{"a": 9007199254740993}', b'{"a": %d}' % 2**63, b'{"a": -%d}' % 2**64, b'{"a": %s}' % (b"9" * 5000),
    b'{"a": 1, "a": 1}', b'{"x": {"a": 1, "\\u0061": 2}}', b'[{"x": [{"a": 1, "b": 2, "a": 3}]}]',
    b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b"[" * 60 + b"]" * 60,
    b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}', b'{"a": "\xc0\xaf"}', b'\xef\xbb\xbf{"a": 1}', b'{"a": "\x00"}',
    '{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-32-le"),
]  # fmt: skip


def test_hostile_json_is_refused_and_breaks_nothing() -> None:
    for raw in HOSTILE:
        with pytest.raises(Malformed) as told:
            strict_json(raw)
        assert told.value.status == 400, raw[:40]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_honest_json_is_read_as_it_was_meant(value: Any) -> None:
    assert strict_json(json.dumps(value).encode()) == value
    assert strict_json(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value


@given(st.binary(max_size=60))
def test_whatever_bytes_come_they_are_read_or_refused(raw: bytes) -> None:
    with suppress(Malformed):
        strict_json(raw)


def test_the_door_says_400_415_or_422_to_bodies_that_are_none(cast: Cast) -> None:
    chen = cast.api("chen")

    def answer(data: bytes, content_type: str = "application/json") -> tuple[int, str]:
        told = chen.post("/bookings", data=data, content_type=content_type)
        assert told.content_type == "application/problem+json"
        return told.status_code, told.get_json()["code"]

    for raw in HOSTILE:
        assert answer(raw) == (400, "malformed"), raw[:40]
    for raw in (b"[]", b"null", b'"text"', b"1"):
        assert answer(raw) == (400, "malformed")
    assert answer(b"a=1", "application/x-www-form-urlencoded") == (415, "unsupported_media_type")
    assert answer(b"{}", "text/plain") == (415, "unsupported_media_type")
    assert answer(b'{"\\ud800": 1}') == (422, "invalid")
    assert answer(b'{"purpose": "\\ud800", "instrument": "\\u0000"}') == (422, "invalid")
    assert answer(b" " * (1 << 20) + b"{}") == (413, "too_large")


# ---------------------------------------------------------------- text

UNSTORABLE = ["\x00", "a\x00", "\ud800", "a\udfffb"]
NO_LINE = ["a\nb", "a\rb", "a\tb", "a\x1bb", "a\x7fb", "a\x85b", "a\u2028b", "a\u2029b"]


def test_a_line_is_stripped_and_holds_one_line() -> None:
    assert read(line="  SEM 扫描 😀\u3000")["line"] == "SEM 扫描 😀"
    for text in UNSTORABLE + NO_LINE:
        assert "line" in faults(line=text), repr(text)
    for text in ("", "   ", "\u3000", "x" * 11, None, 5, True, ["x"], {"x": 1}):
        assert "line" in faults(line=text), text
    assert len(read(line="😀" * 10)["line"]) == 10


def test_prose_is_kept_as_it_was_written() -> None:
    for text in (" a\r\n\tb ", "a\x1b", "a\u2028b", "e\u0301"):
        assert read(note=text)["note"] == text
    for text in [*UNSTORABLE, "", " \n ", "x" * 11, None, 5]:
        assert "note" in faults(note=text), repr(text)


def test_a_lone_surrogate_is_json_and_still_no_text() -> None:
    value = strict_json(b'{"line": "\\ud800"}')
    assert value == {"line": "\ud800"}
    assert "line" in faults(**value)
    assert read(**strict_json(b'{"line": "\\ud83d\\ude00"}')) == {"line": "😀"}  # a pair is a character


# ---------------------------------------------------------------- moments

NINE = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
AT_NINE = [
    "2026-12-01T09:00:00+08:00", "2026-12-01T09:00+08:00", "2026-12-01T01:00:00Z", "2026-12-01t01:00:00z",
    "2026-12-01T01:00Z", "2026-12-01T09:00:00.000+08:00", "2026-12-01T01:00:00.000000000Z", "2026-12-01T01:00:00-00:00",
    "2026-11-30T15:00:00-10:00", "2026-12-01T06:45:00+05:45",
]  # fmt: skip
NO_MOMENT = [
    "", "2026", "2026-12-01", "09:00", "2026-12-01T09:00:00", "2026-12-01T09:00", "2026-12-01 09:00+08:00",
    "2026-12-01 09:00:00Z", "20261201T0900+0800", "20261201T090000Z", "2026-W49-2T09:00+08:00", "2026-335T09:00:00Z",
    "2026-12-01T09+08:00", "2026-12-01T0900+08:00", "2026-12-01T09:00:00+0800", "2026-12-01T09:00:00+08",
    "2026-12-01T23:59:60Z", "2026-12-01T24:00:00Z", "2026-12-01T09:60:00Z", "2026-02-29T09:00:00Z",
    "2026-12-01T09:00:00,5Z", "2026-12-01T09:00:00.Z", "2026-12-01T09:00:00+24:00", "2026-12-01T09:00:00+08:00:30",
    "2026-12-01T09:00:00 +08:00", " 2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z\n", "2026-13-01T09:00:00Z",
    "2026-12-01T09:00:00Z[Asia/Shanghai]",
    "２０２６-12-01T09:00:00Z", "2026-12-01T09:00:00−08:00", "+2026-12-01T09:00:00Z", "-2026-12-01T09:00:00Z",
    "1764550800", "now", "2026-12-01T09:00:00Z" + "0" * 9999, None, 0, 1764550800, 1.5, True, [], {},
]  # fmt: skip
OUT_OF_BOUNDS = [
    "1999-12-31T23:59:59Z", "2000-01-01T00:00:00+00:01", "2101-01-01T00:00:00Z", "2100-12-31T23:59:59-00:01",
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999Z",
]  # fmt: skip


def test_a_moment_is_a_time_with_its_offset_and_is_read_into_utc() -> None:
    for text in AT_NINE:
        found = read(at=text)["at"]
        assert (found, found.tzinfo) == (NINE, UTC), text
    assert read(at="2026-12-01T01:00:00.1234567Z")["at"] == NINE + timedelta(microseconds=123456)


def test_what_is_no_moment_is_refused_by_its_field() -> None:
    for value in NO_MOMENT:
        assert list(faults(at=value)) == ["at"], value


def test_moments_lie_in_this_century() -> None:
    for text in OUT_OF_BOUNDS:
        [message] = faults(at=text)["at"]
        assert "2000 to 2100" in str(message), text
    for text in ("2000-01-01T00:00:00Z", "2100-12-31T23:59:59.999999Z", "0000-01-01T00:00:00Z"):
        if text.startswith("0000"):  # Python has no such year
            assert "at" in faults(at=text)
        else:
            assert read(at=text)


@given(
    st.datetimes(datetime.fromisoformat("2000-01-02"), datetime.fromisoformat("2100-12-30")),
    st.integers(-1439, 1439),
)
def test_every_moment_comes_back_whatever_offset_it_is_written_with(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=UTC)
    sign, away = "-" if minutes < 0 else "+", abs(minutes)
    written = f"{(naive + timedelta(minutes=minutes)).isoformat()}{sign}{away // 60:02d}:{away % 60:02d}"
    assert read(at=written)["at"] == moment


# ---------------------------------------------------------------- numbers


def test_a_whole_number_in_json_is_a_number_and_whole() -> None:
    assert [read(count=value)["count"] for value in (1, 500, 2.0, 1e2)] == [1, 500, 2, 100]
    assert type(read(count=2.0)["count"]) is int
    for value in (0, 501, -1, 1.5, 1e300, 2**53, True, False, "5", "", None, [1], {}):
        assert list(faults(count=value)) == ["count"], value
    assert faults(inner=Sent(count="5"))["inner"].keys() == {"count"}


def test_in_a_form_or_an_address_a_whole_number_is_its_digits() -> None:
    assert load(Sheet(), {"count": "12"}) == {"count": 12}
    for text in (
        "",
        " 5",
        "5 ",
        "+5",
        "--5",
        "5.0",
        "1e2",
        "0x5",
        "1_0",
        "１２",
        "٣",
        "²",
        "9" * 19,
        "9" * 5000,
        "true",
    ):
        with pytest.raises(Invalid):
            load(Sheet(), {"count": text})


def test_a_fault_is_named_by_its_field_wherever_it_stood() -> None:
    assert faults(unknown=1) == {"unknown": ["Unknown field."]}
    assert list(faults(inner=Sent(line="", nope=1))["inner"]) == ["line", "nope"]
    assert flat({"json": {"_schema": ["Invalid input type."]}}) == {"body": ["Invalid input type."]}
    assert flat(["whole"]) == {"body": ["whole"]}
    with pytest.raises(ValidationError):
        Sheet().load({"line": ""})


def test_an_address_is_read_as_strictly_as_a_body(cast: Cast, app: Flask) -> None:
    chen = cast.api("chen")
    for limit, status in (("1", 200), ("200", 200), ("0", 422), ("201", 422), ("1.0", 422), ("-1", 422), ("x", 422)):
        assert chen.get(f"/companies?limit={limit}").status_code == status, limit
    told = chen.get("/companies?colour=red")
    assert (told.status_code, told.get_json()["errors"]) == (422, {"colour": ["Unknown field."]})


# ---------------------------------------------------------------- what others would have said in English


class Wish(Schema):
    """Fields whose faults marshmallow itself would name."""

    kind = fields.String(validate=OneOf(("", "company", "agency")))
    secret = fields.String(validate=Length(min=1, max=3))


def test_what_marshmallow_would_say_is_said_in_sentences_that_can_be_translated() -> None:
    with pytest.raises(Invalid) as told:
        load(Wish(), {"kind": "club", "secret": ""})
    assert {field: str(faults[0]) for field, faults in told.value.fields.items()} == {
        "kind": "Must be one of: company, agency",
        "secret": "Please fill this in.",
    }
    with pytest.raises(Invalid) as told:
        load(Wish(), {"secret": "abcd"})
    assert str(told.value.fields["secret"][0]) == "Too long: at most 3."
    assert load(Wish(), {"kind": "", "secret": "abc"}) == {"kind": "", "secret": "abc"}
