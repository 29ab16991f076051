"""What is told is told: the deliverer is killed again and again, and every message arrives; nothing else does."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from labshare.booking.events import BookingApproved
from labshare.kernel import clock
from labshare.kernel.db import transaction
from labshare.kernel.journal import publish
from labshare.notifications import fanning
from labshare.notifications.jobs import CLAIMED, fan_out
from tests.notifications.conftest import House
from tests.notifications.postman import Postman, postman
from tests.notifications.reading import text_of
from tests.proof.crew import count
from tests.proof.stage import Stage

pytestmark = [pytest.mark.proof, pytest.mark.beside]
FACTS, KILLS = count(500, 40), count(20, 4)
PATIENCE = 120.0
MOMENTS = ("asked", "taken", "any time")  # before the server took the letter, after, and whenever it falls
Ran = Callable[..., None]


class Office:
    """Facts are written here, a mail server takes letters, and processes deliver them until they are killed."""

    def __init__(self, stage: Stage, server: Postman) -> None:
        self.stage, self.server = stage, server
        self.random = random.Random(7)
        self.written = self.ghosts = self.killed = 0
        self.ahead = 0.0
        with stage.app.app_context():
            self.house = House(stage.cast)
            self.fact = self.house.booking("mei")
        self.working: list[subprocess.Popen[str]] = []

    def write(self, number: int) -> None:
        """So many facts, and beside every third one that is rolled back in the end."""
        for _ in range(number):
            self.written += 1
            self._publish(f"fact {self.written}")
            if self.written % 3 == 0:
                self.ghosts += 1
                with pytest.raises(ZeroDivisionError):
                    self._publish(f"ghost {self.ghosts}", fail=True)

    def _publish(self, answer: str, fail: bool = False) -> None:
        with self.stage.app.app_context(), transaction() as tx:
            publish(tx, self.stage.cast.li, BookingApproved(**self.fact, answer=f"[{answer}]"), clock.now())
            if fail:
                tx.write_down()
                raise ZeroDivisionError

    def start(self, *spoil: str) -> subprocess.Popen[str]:
        """One more process that delivers, round after round."""
        command = [sys.executable, "-m", "tests.proof.deliverer", self.stage.url, str(self.stage.folder)]
        process = subprocess.Popen(
            [*command, self.server.address(), *spoil],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        self.working.append(process)
        assert process.stdin is not None
        process.stdin.write(f"{self.ahead}\n" * 500)
        process.stdin.flush()
        return process

    def kill(self, process: subprocess.Popen[str], moment: str) -> None:
        """Let it work, and kill it at that moment of its n-th letter, or a little later."""
        hit, lock, letters = threading.Event(), threading.Lock(), self.random.randint(1, 4)
        left = letters

        def at(now: str) -> None:
            nonlocal left
            with lock:
                left -= now == ("asked" if moment == "asked" else "taken")
                if left <= 0 and not hit.is_set():
                    if moment != "any time":
                        os.kill(process.pid, signal.SIGKILL)
                    hit.set()

        self.server.at = at
        assert hit.wait(PATIENCE), f"no letter came in {PATIENCE:.0f} s"
        if moment == "any time":
            time.sleep(self.random.uniform(0, 0.02))
            os.kill(process.pid, signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
        self.server.at = lambda _moment: None
        self.killed += 1
        self.ahead += CLAIMED.total_seconds() + 1  # or its claims would stand for minutes yet

    def finish(self, *processes: subprocess.Popen[str]) -> None:
        """Wait until each of them finds nothing left to send."""
        for process in processes:
            assert process.stdout is not None
            while (said := process.stdout.readline().strip()) != "0":
                assert said, "the deliverer ended by itself"

    def close(self) -> None:
        for process in self.working:
            process.kill()
            process.communicate()

    # ------------------------------------------------------------ what came of it

    @property
    def arrived(self) -> Counter[str]:
        """How often each message arrived, by what it says."""
        said = (re.search(r"\[((?:fact|ghost) \d+)\]", text_of(taken.mail)) for taken in self.server.taken)
        return Counter(found[1] for found in said if found)

    @property
    def expected(self) -> set[str]:
        return {f"fact {number}" for number in range(1, self.written + 1)}

    @property
    def copies(self) -> int:
        return len(self.server.taken) - len({taken.mail["Message-ID"] for taken in self.server.taken})


@pytest.fixture
def office(lone_stage: Stage) -> Iterator[Office]:
    with postman() as server:
        made = Office(lone_stage, server)
        try:
            yield made
        finally:
            made.close()


def killed_again_and_again(office: Office, *spoil: str) -> None:
    """Facts are written while they are delivered, and the one who delivers is killed."""
    for number in range(KILLS):
        worker = office.start(*spoil)
        office.write(FACTS // KILLS)
        office.kill(worker, MOMENTS[number % 3])
    office.write(FACTS - office.written)
    office.finish(office.start(*spoil))


def test_every_message_arrives_however_often_the_deliverer_is_killed(office: Office, ran: Ran) -> None:
    killed_again_and_again(office)
    arrived = office.arrived
    ran(facts=office.written, rolled_back=office.ghosts, kills=office.killed, copies=office.copies)
    assert set(arrived) == office.expected, "each at least once, and none that was rolled back"
    assert len({taken.mail["Message-ID"] for taken in office.server.taken}) == FACTS
    assert sum(arrived.values()) - FACTS == office.copies, "a second copy is known by its Message-ID"
    rows = office.stage.rows("SELECT count(*), count(DISTINCT journal_id) FROM message")
    assert rows == [(FACTS, FACTS)]
    assert office.stage.rows("SELECT DISTINCT state FROM delivery") == [("sent",)]


def test_two_deliverers_at_once_send_each_message_once(office: Office, ran: Ran) -> None:
    office.write(FACTS)
    began = time.perf_counter()
    office.finish(*[office.start() for _ in range(2)])
    ran(facts=FACTS, deliverers=2, copies=office.copies, seconds=f"{time.perf_counter() - began:.1f}")
    assert set(office.arrived) == office.expected
    assert office.copies == 0
    assert office.stage.rows("SELECT count(*), max(tries) FROM delivery WHERE state = 'sent'") == [(FACTS, 1)]


# ---------------------------------------------------------------- negative controls: without it, the proof fails


def test_without_the_claim_two_deliverers_send_copies(office: Office, ran: Ran) -> None:
    office.write(FACTS)
    office.finish(*[office.start("unclaimed") for _ in range(2)])
    ran(facts=FACTS, deliverers=2, copies=office.copies)
    assert set(office.arrived) == office.expected
    assert office.copies > 0


def test_noted_before_it_is_sent_a_message_is_lost(office: Office, ran: Ran) -> None:
    killed_again_and_again(office, "unnoted")
    lost = office.expected - set(office.arrived)
    ran(facts=FACTS, kills=office.killed, lost=len(lost))
    assert lost


@contextmanager
def keyless(stage: Stage) -> Iterator[None]:
    """The table of messages without any of its keys."""
    stage.raw("ALTER TABLE message RENAME TO message_before")
    stage.raw("CREATE TABLE message AS SELECT * FROM message_before")
    yield
    stage.raw("DROP TABLE message")
    stage.raw("ALTER TABLE message_before RENAME TO message")


def test_without_the_unique_key_what_is_looked_at_again_is_told_again(office: Office, ran: Ran) -> None:
    office.write(10)
    told = []
    with keyless(office.stage), office.stage.app.app_context():
        told += [fan_out(clock.now())["messages"] for _ in range(2)]
    with office.stage.app.app_context():
        told += [fan_out(clock.now())["messages"] for _ in range(2)]
    ran(facts=10, told_without=told[:2], told_with=told[2:])
    assert told == [10, 10, 10, 0]


def test_a_mark_at_the_newest_fact_would_pass_over_one_that_is_committed_late(
    office: Office, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite there is one writer, so nothing is ever committed late."""
    if not office.stage.postgres:
        pytest.skip("one writer")
    for settled, expected in ((fanning.SETTLED, 2), (-fanning.SETTLED, 1)):
        monkeypatch.setattr(fanning, "SETTLED", settled)
        slow = _slow_fact(office)
        next(slow)  # has its number, and is not committed
        with office.stage.app.app_context():
            office.write(1)
            told = fan_out(clock.now())["messages"]
            next(slow, None)
            told += fan_out(clock.now())["messages"]
        ran(settled=settled, told=told)
        assert told == expected


def _slow_fact(office: Office) -> Iterator[None]:
    """A fact in a transaction of somebody else's, who takes their time."""
    engine = sa.create_engine(office.stage.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        newest = "SELECT at, kind, object, object_id, version, company_id, actor_id, data FROM journal"
        copied = f"INSERT INTO journal (at, kind, object, object_id, version, company_id, actor_id, data) {newest} "
        office.write(1)
        with office.stage.app.app_context():
            fan_out(clock.now())
        connection.execute(sa.text(copied + "WHERE kind = 'booking_approved' ORDER BY id DESC LIMIT 1"))
        yield
        connection.commit()
    engine.dispose()
