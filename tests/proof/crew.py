"""So many processes with the application each, which meet at a barrier and then act at once."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from flask import Flask

from labshare import create_app
from labshare.config import Settings
from labshare.kernel.errors import Problem

FULL = os.environ.get("LABSHARE_PROOF") == "full"
SIZE = 16
PATIENCE = 90.0  # seconds; whoever has not answered by then never will

Act = Callable[..., Any]
Task = tuple[Any, ...]  # an act, and what it is called with after the application
Spoil = Callable[[Flask], None]

# The fork server imports the application and opens no connection; so a new process costs a fork, and shares nothing.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["pytest", "labshare.wiring", "tests.proof.acts"])


def count(full: int, reduced: int) -> int:
    """How many rounds this run does."""
    return full if FULL else reduced


@dataclass(frozen=True)
class Said:
    """What one of the crew was told, and how long that took in seconds."""

    ok: bool
    value: Any  # what the act returned
    status: int
    code: str  # a refusal's code, or what went wrong
    reasons: tuple[str, ...]
    seconds: float


class Crew:
    """Processes that each hold the application on one database; a context manager that ends them all.

    `spoil` is done to the application of each: how a proof takes a guard away, without a switch in the product.
    """

    def __init__(self, url: str, folder: Path, size: int = SIZE, spoil: Iterable[Spoil] = ()) -> None:
        self.size = size
        self.barrier = _processes.Barrier(size)
        self.worst = 0.0
        self.pipes: list[Connection] = []
        self.members = []
        for _ in range(size):
            ours, theirs = _processes.Pipe()
            member = _processes.Process(
                target=_work, args=(theirs, self.barrier, url, folder, tuple(spoil)), daemon=True
            )
            self.pipes.append(ours)
            self.members.append((member, theirs))

    def __enter__(self) -> Crew:
        for member, theirs in self.members:
            member.start()
            theirs.close()
        for pipe in self.pipes:
            self._hear(pipe)
        return self

    def together(self, tasks: Sequence[Task]) -> list[Said]:
        """Everybody does their task at the same moment; what each was told, in order."""
        if len(tasks) != self.size:
            raise ValueError(f"{self.size} processes need as many tasks, not {len(tasks)}")
        for pipe, task in zip(self.pipes, tasks, strict=True):
            pipe.send(task)
        said = [self._hear(pipe) for pipe in self.pipes]
        self.worst = max([self.worst, *(one.seconds for one in said)])
        return said

    @staticmethod
    def _hear(pipe: Connection) -> Any:
        if not pipe.poll(PATIENCE):
            raise TimeoutError(f"one of the crew said nothing for {PATIENCE:.0f} s")
        return pipe.recv()

    def __exit__(self, *_error: object) -> None:
        for pipe in self.pipes:
            pipe.close()  # whoever waits for a task hears that there is none
        until = time.monotonic() + 5
        for member, _theirs in self.members:
            member.join(max(0.1, until - time.monotonic()))
            if member.is_alive():
                member.kill()
                member.join()
            member.close()


def _work(pipe: Connection, barrier: Barrier, url: str, folder: Path, spoil: Sequence[Spoil]) -> None:
    app = create_app(Settings(database_url=url, data_dir=folder))
    for take_away in spoil:
        take_away(app)
    gc.freeze()  # or the first full collection of all sixteen, at the same moment, copies every shared page
    pipe.send("here")
    while True:
        try:
            act, *values = pipe.recv()
        except EOFError:
            return
        barrier.wait(PATIENCE)
        pipe.send(_told(app, act, values))


def _told(app: Flask, act: Act, values: list[Any]) -> Said:
    began = time.perf_counter()
    ok, value, status, code, reasons = False, None, 500, "", ()
    try:
        with app.app_context():
            value = act(app, *values)
        ok, status = True, 200
    except Problem as problem:
        status, code = problem.status, problem.code
        reasons = tuple(reason.code for reason in problem.reasons)
    except Exception as error:
        code = f"{type(error).__name__}: {error}"[:500]
    return Said(ok, value, status, code, reasons, time.perf_counter() - began)
