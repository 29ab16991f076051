"""A week's opening hours as people write them: `08:00-12:00, 13:00-18:00`, seven times, Monday first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from labshare.kernel.errors import N_, Text

Stretch = tuple[int, int]  # [from, to) in minutes of a local day
Stretches = tuple[Stretch, ...]
Week = tuple[Stretches, ...]

DAY = 1440
MOST_STRETCHES = 8  # a day
WHOLE_DAY: Stretches = ((0, DAY),)
ALL_WEEK: Week = (WHOLE_DAY,) * 7
_STRETCH = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?[-–—] ?([0-9]{1,2}):([0-9]{2})", re.ASCII)
_BETWEEN = re.compile(r"[,;，；、]")


class BadHours(Exception):
    """Hours that are none; the message says why."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(str(message))


def parts(said: str) -> list[str]:
    """The stretches of a line, in which they are divided by commas; none in an empty one."""
    return [part.strip() for part in _BETWEEN.split(said)] if said.strip() else []


def read_stretches(said: Sequence[str]) -> Stretches:
    """The stretches of a list of them. Raises BadHours."""
    return sound([_read(part.strip()) for part in said])


def _read(said: str) -> Stretch:
    found = _STRETCH.fullmatch(said)
    if found is None:
        raise BadHours(N_("Write hours as 08:00-12:00, several divided by commas; nothing where it is closed."))
    hour, minute, until_hour, until_minute = map(int, found.groups())
    start, end = hour * 60 + minute, until_hour * 60 + until_minute
    if minute > 59 or until_minute > 59 or end > DAY:
        raise BadHours(N_("A day has the times from 00:00 to 24:00."))
    return start, end


def sound(stretches: Sequence[Stretch]) -> Stretches:
    """The stretches, if they are few, in order and apart from each other; those that touch are one. Raises BadHours."""
    if len(stretches) > MOST_STRETCHES:
        raise BadHours(N_("At most %(most)s stretches a day.", most=MOST_STRETCHES))
    joined: list[Stretch] = []
    for start, end in stretches:
        if not start < end:
            raise BadHours(N_("Hours end after they begin; what passes midnight is two days' hours."))
        if joined and start < joined[-1][1]:
            raise BadHours(N_("The hours of a day must follow each other and not overlap."))
        if joined and start == joined[-1][1]:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return tuple(joined)


def written(stretch: Stretch) -> str:
    """A stretch as it is read: 08:00-12:00."""
    start, end = stretch
    return f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"


def line(stretches: Sequence[Stretch]) -> str:
    """A day's hours in a line, as `parts` takes it apart."""
    return ", ".join(map(written, stretches))
