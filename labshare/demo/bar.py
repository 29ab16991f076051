"""How far the demo is, for whoever waits at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

STAGES = {"companies": (0, 10), "instruments": (10, 5), "year": (15, 30), "bookings": (45, 55)}  # begin, share


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error, as the `progress` of `load`; only its label where nobody looks."""
    with click.progressbar(length=100, label="Demo laboratory", file=sys.stderr) as bar:

        def step(what: str, done: int, of: int) -> None:
            begin, share = STAGES[what]
            bar.update(begin + share * done // max(of, 1) - bar.pos)

        yield step
