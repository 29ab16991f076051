"""Several at once: all begin together, or one is begun beside the test and held at the worst moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from labshare.kernel.db import db
from labshare.kernel.errors import Problem

PATIENCE = 1.5  # seconds; who is made to wait by the other's lock is waited for so long
Do = Callable[[], Any]
Together = Callable[..., list[Any]]


@pytest.fixture
def beside(app: Flask) -> Iterator[Callable[[Do], Any]]:
    """`beside(act)` begins it on a connection of its own; `.result()` is what it gave, or the refusal."""
    with ThreadPoolExecutor(4) as others:

        def begun(act: Do) -> Any:
            def run() -> Any:
                with app.app_context():
                    try:
                        return act()
                    except Problem as problem:
                        return problem.code
                    finally:
                        db.session.remove()

            return others.submit(run)

        yield begun


@pytest.fixture
def together(beside: Callable[[Do], Any]) -> Together:
    """`together(act, act)` does all at once, each on a connection of its own; what each gave, or the refusal's code."""

    def both(*acts: Do) -> list[Any]:
        db.session.remove()
        meet = threading.Barrier(len(acts))

        def met(act: Do) -> Do:
            def run() -> Any:
                meet.wait(10)
                return act()

            return run

        return [one.result(60) for one in [beside(met(act)) for act in acts]]

    return both


def paused(
    patch: pytest.MonkeyPatch, module: Any, name: str, *, before: bool = False
) -> tuple[threading.Event, threading.Event]:
    """The first to come to this function stands still after it, or `before` it: (it is there, it may go on)."""
    there, on, act = threading.Event(), threading.Event(), getattr(module, name)

    def stand_still() -> None:
        if not there.is_set():
            there.set()
            on.wait(PATIENCE)

    def slowly(*values: Any, **more: Any) -> Any:
        if before:
            stand_still()
        done = act(*values, **more)
        if not before:
            stand_still()
        return done

    patch.setattr(module, name, slowly)
    return there, on
