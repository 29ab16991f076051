"""A job: what happens by itself as time passes, and the periods it is done for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from labshare.kernel.errors import N_, Text

START = datetime(2000, 1, 1, tzinfo=UTC)
TRIES = 3
PAUSE = timedelta(seconds=20)
ABANDONED = timedelta(minutes=15)


@dataclass(frozen=True)
class Job:
    """Something done once in every period; `run(now)` acts once however often it is called, and says what it did.

    `every` is whole minutes. What `run` hands back are counts by name, the zeros left out by whoever shows them;
    `preview(now)` says what a run would do, and does nothing. `links` leads from a count to the rows it counts: the
    endpoint of a page and its arguments. A `destructive` job takes something from somebody because time has passed;
    it stands still when the clock itself is in doubt. One that takes longer than `timeout` is ended.
    """

    name: str
    purpose: Text
    every: timedelta
    run: Callable[[datetime], Mapping[str, int] | None]
    preview: Callable[[datetime], Mapping[str, int]] | None = None
    links: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    destructive: bool = False
    timeout: timedelta = timedelta(minutes=5)

    def period(self, now: datetime) -> datetime:
        """Start of the period the moment lies in, counted in UTC, so that no clock change doubles or skips one."""
        return now - (now - START) % self.every

    def schedule(self) -> Text:
        """How often, in words."""
        minutes = int(self.every / timedelta(minutes=1))
        if minutes == 1:
            return N_("every minute")
        if minutes == 60:
            return N_("every hour")
        if minutes == 1440:
            return N_("every day")
        if minutes % 60 == 0:
            return N_("every %(n)s hours", n=minutes // 60)
        return N_("every %(n)s minutes", n=minutes)


@dataclass(frozen=True)
class Run:
    """A job's latest run, and the latest period that was finished."""

    period: datetime
    started_at: datetime
    finished_at: datetime | None
    tries: int
    fence: int | None
    result: Mapping[str, int]
    error: str | None
    done: datetime | None


def is_due(job: Job, last: Run | None, now: datetime) -> bool:
    """Must the leader do the present period now? It asks between jobs, so nothing of its own is under way.

    A failed run is tried again, later each time; one whose scheduler never came back is redone at once.
    """
    if last is None or last.period < job.period(now):
        return True
    if last.finished_at is not None:
        return False
    if last.error is None:
        return last.fence is not None or now - last.started_at >= ABANDONED
    return last.tries < TRIES and now - last.started_at >= PAUSE * 4 ** (last.tries - 1)


def lag(job: Job, last: Run | None, now: datetime) -> timedelta:
    """How long a period has been waiting to be finished; zero where nothing waits."""
    waiting_since = last.done + job.every if last is not None and last.done else job.period(now)
    return max(timedelta(0), now - waiting_since)


def in_a_line(failure: Exception) -> str:
    """An error in its first line alone: the rest of a database error quotes what people wrote."""
    words = str(failure).splitlines()
    return f"{type(failure).__name__}: {words[0][:200]}" if words else type(failure).__name__
