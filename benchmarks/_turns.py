"""What is compared is asked in turns, so that a busy moment of the machine falls on all of it alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

REPEATS, WARM_UP = 60, 10


def in_turns(asked: dict[Any, Callable[[], None]]) -> dict[Any, float]:
    """The median milliseconds of each."""
    times: dict[Any, list[float]] = {which: [] for which in asked}
    for number in range(REPEATS + WARM_UP):
        for which, ask in asked.items():
            began = time.perf_counter()
            ask()
            if number >= WARM_UP:
                times[which].append(time.perf_counter() - began)
    return {which: statistics.median(some) * 1000 for which, some in times.items()}
