"""Keeping a process alive: whoever starts one that dies starts another, and neither outlives the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping

import click

SUPERVISOR = "LABSHARE_SUPERVISOR"  # the process id a supervisor hands to its children
SCHEDULER = (sys.executable, "-m", "labshare.scheduler")
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before another is started; twice as long each time
SETTLED = 60.0  # seconds after which one that dies is no longer a sequel of the one before
END_WITHIN = 40.0  # seconds a child gets to end in good order


class Child:
    """A process of ours, in a session of its own: Ctrl-C is for its keeper, who ends it in good order."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str] | None = None, **more: str) -> None:
        self.command = command
        self.environment = {**(environment or os.environ), SUPERVISOR: str(os.getpid()), **more}
        self._pause, self._restart_at = FIRST_PAUSE, 0.0
        self._start()

    def _start(self) -> None:
        self._born = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            self.command, env=self.environment, start_new_session=True, stdin=subprocess.DEVNULL
        )

    @property
    def ended(self) -> int | None:
        """How it ended, None while it lives."""
        return self.process.poll()

    def keep(self, called: str) -> None:
        """Start another where this one died, after a pause; to be called a few times a second."""
        if self.ended is None:
            return
        present = time.monotonic()
        if self._restart_at == 0.0:
            click.echo(f"The {called} ended by itself ({self.ended}); starting another.", err=True)
            if present - self._born > SETTLED:
                self._pause = FIRST_PAUSE
            self._restart_at = present + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        elif present >= self._restart_at:
            self._restart_at = 0.0
            self._start()

    def tell(self) -> None:
        """Tell it to end."""
        if self.ended is None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Wait for its end until that moment of time.monotonic(), then end it."""
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def end(*children: Child) -> None:
    """End them all, in good order where they can."""
    for child in children:
        child.tell()
    until = time.monotonic() + END_WITHIN
    for child in children:
        child.wait(until)


def supervise(command: tuple[str, ...] = SCHEDULER) -> int:
    """Keep one process alive until told to end; 0, or what it ended with where it was not its time."""
    told = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: told.set())
    follow_supervisor()
    child = Child(command)
    try:
        while not told.wait(0.2):
            child.keep("scheduler")
    finally:
        end(child)
    return 0


def follow_supervisor() -> None:
    """End this process when the one that supervises it is gone, however it went; none named, none followed."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor is None:
        return

    def watch() -> None:
        while os.getppid() == int(supervisor):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="follow-supervisor", daemon=True).start()
