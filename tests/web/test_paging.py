"""Lists by cursor: every row once, whatever is added meanwhile, and no cursor that breaks anything."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from labshare.kernel.db import transaction
from labshare.kernel.errors import Invalid
from labshare.people.models import SignInFailure, Site
from labshare.web.paging import page
from tests.cast import Cast

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
ROW = SignInFailure
WALK = select(ROW.id, ROW.key, ROW.at)


def _add(*rows: tuple[str, datetime]) -> None:
    with transaction() as tx:
        tx.execute(insert(ROW), [{"key": key, "at": at} for key, at in rows])


def _walk(
    order: Any, limit: int, *, newest_first: bool = False, between: Callable[[int], None] | None = None
) -> list[Any]:
    found: list[Any] = []
    cursor, pages = None, 0
    while True:
        one = page(WALK, order, ROW.id, limit, cursor, newest_first=newest_first)
        assert len(one.items) <= limit
        assert one.next is None or len(one.items) == limit
        found += one.items
        pages += 1
        assert pages < 100
        if one.next is None:
            return found
        cursor = one.next
        if between:
            between(pages)


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_walk_meets_every_row_once_whatever_the_ties(app: Flask, newest_first: bool) -> None:
    names = ["Ada", "bo", "Bo", "陈", "", "é", "zz", "a%b", "😀", "'"]
    _add(*((names[at % 10], NOON + timedelta(microseconds=at % 3)) for at in range(23)))
    for order in (ROW.at, ROW.key, ROW.id):
        for limit in (1, 2, 7, 22, 23, 24):
            found = _walk(order, limit, newest_first=newest_first)
            assert sorted(row.id for row in found) == sorted({row.id for row in found})
            assert len(found) == 23, (order.key, limit)
            if order is not ROW.key:  # the engines sort letters differently; each must only keep to its own way
                at = [(getattr(row, order.key), row.id) for row in found]
                assert at == sorted(at, reverse=newest_first)


@pytest.mark.parametrize("newest_first", [False, True])
def test_rows_that_come_meanwhile_neither_hide_nor_double_the_others(app: Flask, newest_first: bool) -> None:
    first = [(f"old {at}", NOON + timedelta(minutes=at // 3)) for at in range(12)]
    _add(*first)

    def more(pages: int) -> None:
        _add(
            (f"early {pages}", NOON - timedelta(days=1)),
            (f"tie {pages}", NOON),
            (f"late {pages}", NOON + timedelta(days=1)),
        )

    found = [
        row.key for row in _walk(ROW.at, 2, newest_first=newest_first, between=lambda at: more(at) if at < 9 else None)
    ]
    assert len(found) == len(set(found))
    assert {key for key, _ in first} <= set(found)
    ahead = "early" if newest_first else "late"
    assert {f"{ahead} {at}" for at in range(1, 5)} <= set(found)


def test_a_list_that_just_fits_has_no_next_page(app: Flask) -> None:
    assert page(WALK, ROW.at, ROW.id, 5, None).next is None
    _add(*(("x", NOON) for _ in range(5)))
    whole = page(WALK, ROW.at, ROW.id, 5, None)
    assert (len(whole.items), whole.next) == (5, None)


def _cursor(value: Any, tie: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([value, tie]).encode()).decode().rstrip("=")


def _raw(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


HOSTILE = [
    "=", "====", "a", "!", "é", "%00", "x" * 10_000, _raw(b""), _raw(b"\xff\xfe"), _raw(b"[1"), _raw(b"null"),
    _raw(b"[]"), _raw(b"[1]"), _raw(b"[1,2,3]"), _raw(b"12"), _raw(b'"ab"'), _raw(b'{"a":1,"b":2}'),
    _raw(b"[" * 50_000), _raw(b"[NaN, 1]"), _raw(b"[1, NaN]"), _raw(b"[%s, 1]" % (b"9" * 5000)),
    _raw(b"[1, %s]" % (b"9" * 5000)), _raw("[1]".encode("utf-16")),
]  # fmt: skip
ODD = [
    None, True, [], {}, 1.5, "", "x", "\x00", "\ud800", 2**31, -(2**31) - 1, 2**63, -(2**63), 2**64, 10**30,
    "2026-11-23", "2026-11-23T04:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-11-23T04:00:00+00:00",
]  # fmt: skip


def test_a_cursor_that_is_not_ours_is_refused_and_never_breaks_a_list(app: Flask) -> None:
    orders = (ROW.at, ROW.key, ROW.id, Site.version)
    for order in orders:
        statement = WALK if order is not Site.version else select(Site.id, Site.version)
        tie = Site.id if order is Site.version else ROW.id
        for cursor in HOSTILE:
            with pytest.raises(Invalid) as told:
                page(statement, order, tie, 5, cursor)
            assert list(told.value.fields) == ["cursor"], cursor[:30]
        for odd in ODD:
            for cursor in (_cursor(odd, 1), _cursor(odd, 2**63 - 1), _cursor(_sound(order), odd)):
                with suppress(Invalid):
                    assert page(statement, order, tie, 5, cursor).items == []


def _sound(order: Any) -> Any:
    return {ROW.at: NOON.isoformat(), ROW.key: "mei"}.get(order, 1)


def test_the_door_answers_422_to_odd_limits_and_cursors(cast: Cast) -> None:
    ada = cast.api("ada")
    for limit, status in (
        (1, 200),
        (200, 200),
        (201, 422),
        (0, 422),
        (-1, 422),
        ("1e1", 422),
        ("", 422),
        ("9" * 30, 422),
    ):
        assert ada.get(f"/companies?limit={limit}").status_code == status, limit
    for cursor in ("x", "%00", "%FF", "%ED%A0%80", _cursor(5, 5), _cursor("a", 2**70), "a" * 4000):
        answer = ada.get(f"/companies?cursor={cursor}")
        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid"), cursor
        assert list(answer.get_json()["errors"]) == ["cursor"]
    browser = cast.browser("ada")
    for path in ("/bookings", "/inbox", "/companies"):
        assert browser.get(f"{path}?cursor=x").status_code == 422, path


def test_a_program_walks_a_list_to_its_end(cast: Cast) -> None:
    ada = cast.api("ada")
    found, cursor = [], ""
    while True:
        body = ada.get(f"/companies?limit=1{cursor}").get_json()
        found += [item["name"] for item in body["items"]]
        if body["next"] is None:
            break
        cursor = f"&cursor={body['next']}"
    with_all = [item["name"] for item in ada.get("/companies").get_json()["items"]]
    assert found == with_all
    assert len(found) == len(set(found)) == 3
