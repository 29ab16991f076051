"""The geometry of charts that the server draws: bars by month, and a map of the week; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 180  # of the plot; a page stretches it
_STEPS = (1, 2, 2.5, 5, 10)
SHADES = 6


@dataclass(frozen=True)
class Bar:
    """One bar: where it stands, and how high."""

    x: float
    y: float
    width: float
    height: float
    value: float
    before: bool = False


@dataclass(frozen=True)
class Tick:
    """A line across the plot, and the value it stands for."""

    y: float
    value: float


@dataclass(frozen=True)
class Bars:
    """Two bars a group, the year before behind; the axis begins at nothing."""

    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    centres: Sequence[float]


def top(value: float) -> float:
    """The round number an axis ends at: the next of 1, 2, 2.5, 5 times a power of ten."""
    if value <= 0:
        return 1
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(step * power for step in _STEPS if step * power >= value)


def bars(now: Sequence[float], before: Sequence[float]) -> Bars:
    """The bars of values that belong to each other one by one."""
    highest = top(max([*now, *before, 0]))
    group = WIDTH / len(now)
    each = group * 0.34
    drawn = []
    for number, pair in enumerate(zip(before, now, strict=True)):
        for which, value in enumerate(pair):
            height = round(HEIGHT * value / highest, 1)
            x = round(group * (number + 0.5) + (which - 1) * each, 1)
            drawn.append(Bar(x, round(HEIGHT - height, 1), round(each - 1, 1), height, value, before=which == 0))
    ticks = [Tick(round(HEIGHT * (4 - part) / 4, 1), highest * part / 4) for part in range(5)]
    return Bars(drawn, ticks, [round(group * (number + 0.5), 1) for number in range(len(now))])


def shades(values: Sequence[Sequence[int]]) -> list[list[int]]:
    """How dark each cell is: 0 for nothing, 1 for the least there is, SHADES for the most."""
    some = [value for line in values for value in line if value]
    least, span = min(some, default=0), max(some, default=0) - min(some, default=0)
    return [[1 + (SHADES - 1) * (value - least) // max(span, 1) if value else 0 for value in line] for line in values]
