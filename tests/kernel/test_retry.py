"""Asking twice is asking once: whose key it is, what it said, and what it was told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import insert, select

from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import Invalid
from labshare.kernel.retry import Answer, Replayed, Retry
from labshare.people.models import SignInFailure
from tests.kernel.happenings import NOON


def _ask(retry: Retry | None) -> str:
    """A use case that changes one row and hands on its result."""
    with transaction(retry=retry) as tx:
        tx.execute(insert(SignInFailure).values(key="done", at=NOON))
        return tx.done("the result")


def _done() -> int:
    return len(rows(select(SignInFailure.id)))


MEI = Retry(person_id=7, key="k-1", fingerprint="aaa", status=201, render=lambda result: f"<{result}>")


def test_the_second_time_the_same_answer_comes_and_nothing_is_done(app: Flask) -> None:
    first = replace(MEI)
    assert _ask(first) == "the result"
    assert first.body == "<the result>"
    for _ in range(2):
        with pytest.raises(Replayed) as told:
            _ask(replace(MEI, render=lambda _: "rendered anew"))
        assert (told.value.status, told.value.body) == (201, "<the result>")
    assert _done() == 1


def test_the_same_key_of_somebody_else_is_another_key(app: Flask) -> None:
    _ask(replace(MEI))
    _ask(replace(MEI, person_id=8))
    assert _done() == 2
    assert replace(MEI).lock_key != replace(MEI, person_id=8).lock_key
    assert replace(MEI, person_id=1, key="1:x").lock_key != replace(MEI, person_id=11, key=":x").lock_key


def test_one_key_for_two_requests_is_refused_by_its_name(app: Flask) -> None:
    _ask(replace(MEI))
    with pytest.raises(Invalid) as told:
        _ask(replace(MEI, fingerprint="bbb"))
    assert (told.value.status, told.value.code) == (422, "idempotency_key_reused")
    assert list(told.value.fields) == ["Idempotency-Key"]
    assert _done() == 1


def test_what_fails_keeps_no_answer_so_that_it_may_be_tried_again(app: Flask) -> None:
    def fail(result: object) -> str:
        raise LookupError("cannot be written")

    with pytest.raises(LookupError):
        _ask(replace(MEI, render=fail))
    assert (_done(), rows(select(Answer.key))) == (0, [])
    _ask(replace(MEI))
    assert (_done(), len(rows(select(Answer.key)))) == (1, 1)


def test_without_a_key_twice_is_twice(app: Flask) -> None:
    _ask(None)
    _ask(None)
    assert (_done(), rows(select(Answer.key))) == (2, [])


def test_locks_of_keys_fit_the_database_and_lie_above_those_of_instruments() -> None:
    for number in range(200):
        key = replace(MEI, key=f"k{number}").lock_key
        assert 1 << 61 <= key < 1 << 63
