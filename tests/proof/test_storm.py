"""Promises 1 and 3 at the open door: many clients, few slots, and a worker killed every 0.4 s.

Clients keep a history in which no answer is not a refusal: ok, fail, or unknown. What they were told is then held
against what the database says.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.proof.crew import count
from tests.proof.server import LOST, Server
from tests.proof.stage import HALF, Stage

pytestmark = pytest.mark.proof
SECONDS, CLIENTS, WORKERS = count(60, 6), count(24, 12), 4
EVERY = 0.4  # seconds from kill to kill
INSTRUMENTS = [f"STORM-{number}" for number in range(4)]
SLOTS = count(1200, 240)  # starts to choose from, so that about every third asker comes too late
TRIES_FOR = 40  # seconds until a client gives up on one request
Ran = Callable[..., None]


@dataclass(frozen=True)
class Asked:
    """One request as the client remembers it."""

    key: str
    move: str  # "book" or "cancel"
    outcome: str  # "ok", "fail" or "unknown"
    booking: int | None
    seconds: float


@dataclass
class Client:
    """Asks and cancels until the time is up; asks again with the same key until it knows."""

    server: Server
    token: str
    name: str
    until: float
    history: list[Asked] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    again: int = 0

    def run(self) -> None:
        chance, mine, number = random.Random(self.name), [], 0
        while time.monotonic() < self.until:
            number += 1
            key = f"{self.name}-{number}"
            if mine and chance.random() < 0.25:
                self.ask(key, "cancel", f"/bookings/{mine.pop()}/cancel", {})
                continue
            start = self.server.stage.begins + chance.randrange(SLOTS) * HALF
            end = start + chance.choice((1, 2, 3)) * HALF
            body = {"instrument": chance.choice(INSTRUMENTS), "purpose": key}
            body |= {"starts_at": start.isoformat(), "ends_at": end.isoformat()}
            booking = self.ask(key, "book", "/bookings", body)
            if booking is not None:
                mine.append(booking)

    def ask(self, key: str, move: str, path: str, body: dict[str, Any]) -> int | None:
        """One request, as often as it takes; the booking's id where the answer was yes."""
        began = time.monotonic()
        outcome, booking = "unknown", None
        while time.monotonic() < began + TRIES_FOR:
            try:
                status, said, again = self.server.post_json(self.token, path, body, key)
            except LOST:
                self.again += 1
                time.sleep(0.02)
                continue
            if status == 503 and again.isdecimal():
                self.again += 1
                time.sleep(0.1)
                continue
            if status in (200, 201):
                outcome, booking = "ok", int(said["id"])
            elif status == 409:
                outcome = "fail"
            else:
                self.wrong.append(f"{move} {key}: {status} {said}")
            break
        self.history.append(Asked(key, move, outcome, booking, time.monotonic() - began))
        return booking


def kill_some(server: Server, until: float) -> int:
    """A worker chosen at random is killed every so often, as long as there is another; how many."""
    chance, kills = random.Random(1), 0
    while time.monotonic() < until:
        time.sleep(EVERY)
        ready = server.workers()
        if len(ready) > 1:
            server.kill(chance.choice(ready))
            kills += 1
    return kills


def test_no_yes_is_lost_and_nothing_is_doubled_while_workers_die(lone_stage: Stage, ran: Ran) -> None:
    stage = lone_stage
    for code in INSTRUMENTS:
        stage.instrument(code)
    with stage.app.app_context():
        tokens = [stage.cast.token(name) for name in ("mei", "chen", "bo")]
    with Server(stage, WORKERS) as server:
        until = time.monotonic() + SECONDS
        clients = [Client(server, tokens[one % 3], f"client-{one}", until) for one in range(CLIENTS)]
        threads = [threading.Thread(target=client.run, daemon=True) for client in clients]
        for thread in threads:
            thread.start()
        kills = kill_some(server, until)
        for thread in threads:
            thread.join(TRIES_FOR + 30)
        assert not any(thread.is_alive() for thread in threads)

    asked = [one for client in clients for one in client.history]
    told = Counter(f"{one.move}_{one.outcome}" for one in asked)
    worst = max(one.seconds for one in asked)
    again = sum(client.again for client in clients)
    ran(seconds=SECONDS, clients=CLIENTS, kills=kills, asked_again=again, worst=f"{worst:.2f} s", **told)
    assert [wrong for client in clients for wrong in client.wrong] == []
    assert kills >= SECONDS / EVERY / 8
    assert told["book_ok"] > 0
    assert told["book_fail"] > 0
    holds_true(stage, asked)
    assert stage.breaches() == []
    if not stage.postgres:
        assert stage.rows("PRAGMA integrity_check") == [("ok",)]


def holds_true(stage: Stage, asked: list[Asked]) -> None:
    """What the clients were told is what the database says; whoever asked until they knew does know."""
    made = stage.rows("SELECT purpose, id, state FROM booking")
    assert max(Counter(purpose for purpose, _, _ in made).values()) == 1, "a key made two bookings"
    by_key = {purpose: (number, state) for purpose, number, state in made}
    state_of = {number: state for _, number, state in made}
    assert [one for one in asked if one.outcome == "unknown"] == []
    for one in asked:
        if one.move == "cancel":
            assert one.booking is not None, f"a booking of one's own could not be cancelled: {one}"
            assert state_of[one.booking] == "cancelled", one
        elif one.outcome == "ok":
            assert by_key[one.key][0] == one.booking, one
        else:
            assert one.key not in by_key, one
    assert set(by_key) <= {one.key for one in asked}
