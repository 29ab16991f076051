"""How figures follow from sums and facts, and when a year may be issued, objected to and closed; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TOP = 10  # so many companies count for the concentration


def share(part: int, whole: int) -> float | None:
    """Part over whole, never cut off; None where there is no whole."""
    return part / whole if whole else None


def hours(minutes: int | None) -> float | None:
    """Whole minutes / 60, unrounded."""
    return None if minutes is None else minutes / 60


@dataclass(frozen=True)
class Concentration:
    """How much of all effective minutes the companies with most of them have."""

    companies: int
    minutes: int
    share: float | None


def concentration(minutes: Iterable[int]) -> Concentration:
    """Of the ten companies that used most."""
    some = sorted((one for one in minutes if one > 0), reverse=True)
    top = some[:TOP]
    return Concentration(len(top), sum(top), share(sum(top), sum(some)))


def growth(now: int, before: int) -> float | None:
    """By which part more than the year before; None where there was nothing."""
    return share(now - before, before)


def of_whole(values: Mapping[Any, int]) -> dict[Any, float | None]:
    """Each one's part of all of them."""
    whole = sum(values.values())
    return {key: share(value, whole) for key, value in values.items()}
