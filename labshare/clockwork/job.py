"""A job: what happens by itself as time passes, for which period it is due, and how late it is; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zlib import crc32

from labshare.kernel.db import Transaction
from labshare.kernel.errors import N_, Text

START = datetime(1999, 12, 31, 18, tzinfo=UTC)  # what is done once a day is done at two in the morning in Chengdu
TRIES = 4  # once, and three times more
PAUSE = timedelta(seconds=20)  # before the first retry; four times as long before each further one
AGAIN = timedelta(hours=1)  # between tries of a period that others wait behind, once its tries are used up
ABANDONED = timedelta(minutes=15)
LATE = timedelta(minutes=5)
HUNG = "took longer than"  # how the error of a run that had to be ended begins

Counts = Mapping[str, int]
Sweep = Callable[[datetime], Counts | None]
Each = Callable[[Transaction, datetime, datetime], Counts | None]


@dataclass(frozen=True)
class Job:
    """Something that happens by itself, once in every period; it says what it did in counts by name.

    A sweep has `run(now)`: it does whatever is due by now, so that one run makes up for any number of missed ones, and
    acts once however often it is called. A job of periods has `each(tx, period, now)` instead: every period is done,
    in order, in one transaction with the note that it was. `every` is whole minutes.
    `preview(now)` says what a run would do, and does nothing. `links` leads from a count to the rows it counts: the
    endpoint of a page and its arguments. A `destructive` job takes something from somebody because time has passed;
    it stands still when the clock itself is in doubt. One that takes longer than `timeout` is ended.
    """

    name: str
    purpose: Text
    every: timedelta
    run: Sweep | None = None
    preview: Callable[[datetime], Counts] | None = None
    links: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    destructive: bool = False
    timeout: timedelta = timedelta(minutes=5)
    each: Each | None = None

    def __post_init__(self) -> None:
        if (self.run is None) == (self.each is None):
            raise ValueError(f"{self.name}: a job has either `run` or `each`")

    @property
    def number(self) -> int:
        """What facts about the job are filed under."""
        return crc32(self.name.encode())

    def period(self, now: datetime) -> datetime:
        """Start of the period the moment lies in, counted in UTC, so that no clock change doubles or skips one."""
        return now - (now - START) % self.every

    def following(self, period: datetime) -> datetime:
        """Start of the period after this one."""
        return self.period(period) + self.every

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
    """A job's latest run, the latest period that was finished, and when the oldest run on record began."""

    id: int
    period: datetime
    started_at: datetime
    finished_at: datetime | None
    tries: int
    fence: int | None
    result: Counts
    error: str | None
    took: float | None = None
    done: datetime | None = None
    oldest: datetime | None = None

    @property
    def is_lost(self) -> bool:
        """Begun by a scheduler and never ended; whoever leads now asks, and has nothing of its own under way."""
        return self.finished_at is None and self.error is None and self.fence is not None

    @property
    def is_hung(self) -> bool:
        """Did it have to be ended?"""
        return self.error is not None and self.error.startswith(HUNG)


def tried(last: Run | None, period: datetime) -> int:
    """How often this period was tried: a run that took its process down with it counts for the next period too."""
    if last is None or last.finished_at is not None:
        return 0
    return last.tries if last.period == period or last.is_lost or last.is_hung else 0


def due(job: Job, last: Run | None, now: datetime) -> datetime | None:
    """Start of the period the leader must do now, or None; it asks between jobs.

    A failed run is tried again, later each time; one whose scheduler never came back is redone at once.
    """
    present = job.period(now)
    if last is None:
        return present
    if last.finished_at is not None:
        following = job.following(last.period)
        if following > present:
            return None
        return present if job.each is None else following
    period = present if job.each is None else last.period
    retries = tried(last, period)
    if retries == 0 or _waited(job, last, retries, now):
        return period
    return None


def _waited(job: Job, last: Run, tries: int, now: datetime) -> bool:
    if tries >= TRIES:
        if job.each is None or last.is_lost:
            return False
        pause = AGAIN
    elif last.error is not None:
        pause = PAUSE * 4 ** (tries - 1)
    else:
        pause = timedelta(0) if last.fence is not None else ABANDONED
    # A start in the future was noted by a clock that has gone back since: nobody waits for it to come round.
    return not timedelta(0) <= now - last.started_at < pause


def is_given_up(last: Run | None) -> bool:
    """Was the last run begun as often as may be, and did its process end every time?"""
    return last is not None and last.is_lost and last.tries >= TRIES


def lag(job: Job, last: Run | None, now: datetime) -> timedelta:
    """How long a period has been waiting to be finished; zero where nothing waits."""
    if last is None:
        return timedelta(0)
    waiting_since = job.following(last.done) if last.done is not None else last.oldest or last.started_at
    return max(timedelta(0), now - waiting_since)


def is_late(job: Job, lag: timedelta) -> bool:
    """Has a period waited so long that somebody should know?"""
    return lag > max(2 * job.every, LATE)


def in_words(time: timedelta) -> Text:
    """A length of time as people say it, in its largest unit."""
    seconds = int(time.total_seconds())
    if seconds < 120:
        return N_("%(n)s s", n=seconds)
    if seconds < 2 * 3600:
        return N_("%(n)s min", n=seconds // 60)
    if seconds < 2 * 86400:
        return N_("%(n)s h", n=seconds // 3600)
    return N_("%(n)s days", n=seconds // 86400)


class Unsound(Exception):
    """A job looked and found what must not be; what it counted is kept with the failure."""

    def __init__(self, said: str, counts: Counts) -> None:
        self.counts = dict(counts)
        super().__init__(said)


def in_a_line(failure: Exception) -> str:
    """An error in its first line alone: the rest of a database error quotes what people wrote."""
    words = str(failure).splitlines()
    return f"{type(failure).__name__}: {words[0][:200]}" if words else type(failure).__name__
