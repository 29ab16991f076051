"""Promise 3: a yes is never lost, and asking twice is asking once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from tests.cast import Cast
from tests.proof import acts, spoiling
from tests.proof.crew import SIZE, Crew, Said, count
from tests.proof.server import LOST, Server
from tests.proof.stage import Stage

pytestmark = pytest.mark.proof
ROUNDS, KILLS = count(100, 20), count(100, 12)
Ran = Callable[..., None]


def asking(code: str, slot: tuple[datetime, datetime], purpose: str) -> dict[str, Any]:
    """The body of a request."""
    start, end = (moment.isoformat() for moment in slot)
    return {"instrument": code, "starts_at": start, "ends_at": end, "purpose": purpose}


def stored(stage: Stage, purpose: str) -> int:
    """How many bookings were made for this purpose."""
    return int(stage.rows("SELECT count(*) FROM booking WHERE purpose = :purpose", purpose=purpose)[0][0])


def token(stage: Stage, name: str) -> str:
    with stage.app.app_context():
        return stage.cast.token(name)


# ---------------------------------------------------------------- one after the other


def test_the_same_key_and_body_get_the_same_bytes_and_one_booking(stage: Stage) -> None:
    stage.instrument("KEY-SAME", channels=4)
    mei, bo, body = token(stage, "mei"), token(stage, "bo"), asking("KEY-SAME", stage.slot(0), "once")
    first, *others = (acts.send(stage.app, mei, "key-1", body) for _ in range(3))
    assert first[0] == 201
    assert others == [first, first]
    assert stored(stage, "once") == 1
    assert acts.send(stage.app, bo, "key-1", body)[0] == 201  # a stranger's key is another key
    assert acts.send(stage.app, mei, "key-2", body)[0] == 201  # and another key is another request
    assert stored(stage, "once") == 3


def test_a_key_used_for_another_request_is_refused(stage: Stage) -> None:
    stage.instrument("KEY-OTHER")
    mei = token(stage, "mei")
    body = asking("KEY-OTHER", stage.slot(0), "this")
    assert acts.send(stage.app, mei, "key-3", body)[0] == 201
    status, said, _busy = acts.send(stage.app, mei, "key-3", body | {"purpose": "that"})
    assert status == 422
    assert b"idempotency_key_reused" in said
    assert (stored(stage, "this"), stored(stage, "that")) == (1, 0)


def test_a_refusal_is_not_kept_and_the_key_serves_once_the_slot_is_free(app: Flask, cast: Cast, stage: Stage) -> None:
    mei, body = cast.token("mei"), asking("SEM-01", stage.slot(0), "mine")
    taken = cast.api("bo").post("/bookings", asking("SEM-01", stage.slot(0), "theirs")).get_json()
    assert acts.send(app, mei, "key-4", body)[0] == 409
    assert cast.api("bo").post(f"/bookings/{taken['id']}/cancel").status_code == 200
    assert acts.send(app, mei, "key-4", body)[0] == 201


# ---------------------------------------------------------------- all at once


def sent_at_once(stage: Stage, crew: Crew, code: str, rounds: int) -> list[list[Said]]:
    """Rounds in which everybody sends the same request under the same key, for an instrument with room for all."""
    stage.instrument(code, channels=SIZE)
    mei = token(stage, "mei")
    return [
        crew.together(
            [(acts.send, mei, f"{code}-{number}", asking(code, stage.slot(number), f"{code}-{number}"))] * crew.size
        )
        for number in range(rounds)
    ]


def answers(said: list[Said]) -> set[tuple[int, bytes]]:
    assert all(one.ok for one in said), said
    return {one.value[:2] for one in said}


def test_sixteen_who_send_one_request_at_once_get_one_answer(stage: Stage, ran: Ran) -> None:
    with Crew(stage.url, stage.folder) as crew:
        all_said = sent_at_once(stage, crew, "KEY-HERD", ROUNDS)
    busy = sum(one.value[2] > 0 for said in all_said for one in said)
    ran(rounds=ROUNDS, processes=SIZE, worst_wait=f"{crew.worst:.3f} s", told_to_wait=busy)
    for number, said in enumerate(all_said):
        found = answers(said)
        assert [status for status, _ in found] == [201], found
        assert stored(stage, f"KEY-HERD-{number}") == 1
    assert stage.breaches() == []


def test_without_looking_the_key_up_the_same_request_gets_other_answers(lone_stage: Stage, ran: Ran) -> None:
    with Crew(lone_stage.url, lone_stage.folder, size=4, spoil=[spoiling.forgetful]) as crew:
        all_said = sent_at_once(lone_stage, crew, "KEY-HERD", 2)
    ran(rounds=2, processes=4)
    assert all({status for status, _ in answers(said)} != {201} for said in all_said)


# ---------------------------------------------------------------- a worker dies


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_a_worker_killed_around_the_commit_neither_loses_nor_doubles_a_booking(
    lone_stage: Stage, ran: Ran, moment: str
) -> None:
    stage = lone_stage
    stage.instrument("KEY-KILL", channels=4)
    mei = token(stage, "mei")
    with Server(stage, workers=4) as server:
        for number in range(KILLS):
            purpose = f"{moment}-{number}"
            body = asking("KEY-KILL", stage.slot(number), purpose)
            server.wait_for(2, 30)
            flag = server.dies_at(moment)
            with pytest.raises(LOST):
                server.post(mei, "/bookings", body, purpose)
            assert not flag.exists()
            assert stored(stage, purpose) == (1 if moment == "after_commit" else 0)
            first, *others = (server.post(mei, "/bookings", body, purpose) for _ in range(2))
            assert first[0] == 201, first
            assert others == [first]
            assert stored(stage, purpose) == 1
    ran(kills=KILLS)
    assert stage.breaches() == []


def test_without_a_key_the_service_would_lie_about_the_askers_own_booking(lone_stage: Stage) -> None:
    lone_stage.instrument("KEY-NONE")
    mei, body = token(lone_stage, "mei"), asking("KEY-NONE", lone_stage.slot(0), "mine")
    with Server(lone_stage, workers=2) as server:
        server.dies_at("after_commit")
        with pytest.raises(LOST):
            server.post(mei, "/bookings", body, "a-key")
        status, said, _ = server.post(mei, "/bookings", body, "another-key")
    assert status == 409
    assert b"slot_taken" in said
