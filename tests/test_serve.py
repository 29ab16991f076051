"""`labshare serve`: one command opens the whole house, and leaves nothing running when it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from labshare.config import Settings
from labshare.serve import Refused, prepare
from labshare.webserver import NotSound, application, faults
from tests.guards import drop_overlap_guard

PATIENCE = 45.0  # a busy machine starts processes slowly
WORKERS = 2  # each of them reads the whole application; what is asked here, more than one can show


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, port: int) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LABSHARE_")}
    ours |= {"LABSHARE_LEASE_SECONDS": "3", "LABSHARE_WORKERS": str(WORKERS)}
    return {**ours, "LABSHARE_DATA_DIR": str(folder), "LABSHARE_PORT": str(port)}


def readiness(port: int) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return json.load(answer)  # type: ignore[no-any-return]
    except (urllib.error.URLError, OSError):
        return None


def ticks(port: int) -> dict[str, Any] | None:
    """The readiness of a house whose scheduler has begun its work."""
    found = readiness(port)
    return found if found and found["scheduler"]["heartbeat_age_seconds"] is not None else None


def wait_for(what: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE} s in vain for {what}")


def children_of(pid: int) -> list[int]:
    """Every process below this one."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        parents[int(entry.parent.name)] = int(fields[1])
    below, found = [pid], []
    while below:
        above = below.pop()
        mine = [child for child, parent in parents.items() if parent == above]
        found += mine
        below += mine
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@contextmanager
def served(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "labshare.cli", "serve"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    keeper = subprocess.Popen(command, env=environment(folder, port), **pipes)
    family: list[int] = []
    try:
        wait_for(lambda: readiness(port) or keeper.poll() is not None)
        family = children_of(keeper.pid)
        yield keeper
        if keeper.poll() is None:
            keeper.terminate()
            keeper.wait(PATIENCE)
    finally:
        assert keeper.stdout is not None
        keeper.stdout.close()
        for pid in [*([keeper.pid] if keeper.poll() is None else []), *family]:
            if is_running(pid) and "labshare" in command_of(pid):
                os.kill(pid, signal.SIGKILL)


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


def test_one_command_opens_the_house_and_ending_it_leaves_nothing_running(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port) as keeper:
        ready = wait_for(lambda: ticks(port))
        assert ready["checks"] == {"database": "ok", "migrations": "ok", "overlap_guard": "ok"}
        everybody = 2 + WORKERS  # gunicorn, its workers, and the scheduler
        family = wait_for(lambda: len(found := children_of(keeper.pid)) == everybody and found)
        keeper.send_signal(signal.SIGINT)
        assert keeper.wait(PATIENCE) == 0
        assert keeper.stdout is not None
        assert f"LabShare is ready: http://127.0.0.1:{port}/" in keeper.stdout.read()
    assert [pid for pid in family if is_running(pid)] == []


def test_a_dead_scheduler_is_replaced_and_a_dead_web_server_ends_the_house(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port) as keeper:
        [old] = [pid for pid in children_of(keeper.pid) if "labshare.scheduler" in command_of(pid)]
        os.kill(old, signal.SIGKILL)

        def another() -> list[int]:
            found = [pid for pid in children_of(keeper.pid) if "labshare.scheduler" in command_of(pid)]
            return [pid for pid in found if pid != old]

        [new] = wait_for(another)
        assert readiness(port) is not None, "pages are served all the while"
        web = next(pid for pid in children_of(keeper.pid) if "gunicorn" in command_of(pid))
        os.kill(web, signal.SIGKILL)
        assert keeper.wait(PATIENCE) == 1
        wait_for(lambda: not is_running(new))


def test_a_keeper_that_is_killed_takes_its_children_with_it(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port) as keeper:
        wait_for(lambda: ticks(port))  # the scheduler watches its parent once it runs
        family = children_of(keeper.pid)
        keeper.kill()
        keeper.wait(PATIENCE)
        wait_for(lambda: not any(map(is_running, family)))


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "labshare.cli", "serve"]
        done = subprocess.run(
            command, env=environment(tmp_path, port), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"Cannot listen at port {port} on 127.0.0.1: Address already in use. Choose another with LABSHARE_PORT."
    ]


def test_without_the_overlap_guard_the_house_stays_shut(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(app) == []
    drop_overlap_guard()
    assert "ex_claim_overlap" in faults(app)[0]
    settings: Settings = app.extensions["settings"]
    monkeypatch.setenv("LABSHARE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("LABSHARE_DATA_DIR", str(settings.data_dir))
    with pytest.raises(NotSound, match="double booking"):
        application()
    monkeypatch.setenv("LABSHARE_PORT", str(free_port()))
    with pytest.raises(Refused, match="double booking"):
        prepare(Settings.from_env(), demo=False)


def test_gunicorn_by_itself_refuses_a_database_that_was_never_prepared(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gunicorn", "-c", "python:labshare.webserver"]
    done = subprocess.run(
        command, env=environment(tmp_path, free_port()), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode != 0
    assert "run `labshare upgrade`" in done.stderr
