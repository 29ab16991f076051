"""What a run of tests that was killed has left in memory, the next one removes; and nobody else's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import memory


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
def test_what_the_dead_left_is_removed_and_the_livings_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SHARED", tmp_path)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, alive = tmp_path / f"labshare-{ended.pid}-x", tmp_path / f"labshare-{os.getppid()}-x"
    strange = tmp_path / "labshare-somebody-else"
    for folder in (dead, alive, strange):
        folder.mkdir()
    made = memory.new_folder()
    assert not dead.exists()
    assert alive.exists()
    assert strange.exists()
    assert made.name.startswith(f"labshare-{os.getpid()}-")
    shutil.rmtree(made)


def test_where_there_is_little_room_tests_go_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SHARED", tmp_path)
    monkeypatch.setattr(memory, "ROOM", 1 << 60)
    made = memory.new_folder()
    assert tmp_path not in made.parents
    shutil.rmtree(made)
