"""`labshare scheduler` keeps a ticker alive, passes on that it shall end, and neither outlives the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare import supervisor
from labshare.clockwork.models import Lease
from labshare.kernel.db import rows
from labshare.supervisor import Child, end
from tests.test_serve import PATIENCE, children_of, environment, is_running, wait_for

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
DEAF = (sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, lambda *_: None); print(flush=True)\n"
        "while True: time.sleep(1)")  # fmt: skip


@contextmanager
def keeping(app: Flask, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    url = app.extensions["settings"].database_url
    keeper = subprocess.Popen(
        [sys.executable, "-m", "labshare.cli", "scheduler"],
        env={**environment(folder, 1), "LABSHARE_DATABASE_URL": url, "LABSHARE_LEASE_SECONDS": "1"},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield keeper
    finally:
        if keeper.poll() is None:
            keeper.terminate()
            keeper.wait(PATIENCE)


def ticker(keeper: subprocess.Popen[bytes]) -> int:
    [found] = wait_for(lambda: children_of(keeper.pid))
    return int(found)


def test_a_dead_ticker_is_replaced_and_both_end_when_told_to(app: Flask, tmp_path: Path) -> None:
    with keeping(app, tmp_path) as keeper:
        old = ticker(keeper)
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: [pid for pid in children_of(keeper.pid) if pid != old and is_running(pid)])
        new = ticker(keeper)
        keeper.terminate()
        assert keeper.wait(PATIENCE) == 0
        assert not is_running(new)


def test_a_ticker_follows_its_keeper_even_where_that_was_killed(app: Flask, tmp_path: Path) -> None:
    with keeping(app, tmp_path) as keeper:
        child = ticker(keeper)
        wait_for(lambda: rows(sa.select(Lease.holder))[0].holder)  # it runs
        keeper.kill()
        keeper.wait(PATIENCE)
        wait_for(lambda: not is_running(child))


def test_one_that_dies_again_and_again_is_started_ever_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.2)
    child = Child((sys.executable, "-c", ""))
    pauses = []
    for _ in range(4):
        wait_for(lambda: child.ended is not None)
        before = child.process
        began = time.monotonic()
        child.keep("sleeper")
        wait_for(lambda before=before: child.keep("sleeper") or child.process is not before)
        pauses.append(time.monotonic() - began)
    end(child)
    assert pauses[1] >= 0.1
    assert pauses[2] >= 0.2
    assert pauses[3] < 5


def test_whoever_does_not_listen_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "END_WITHIN", 0.5)
    polite, deaf = Child(SLEEPER), Child(DEAF)
    time.sleep(0.5)
    end(polite, deaf)
    assert polite.ended == -signal.SIGTERM
    assert deaf.ended in (-signal.SIGKILL, -signal.SIGTERM)
