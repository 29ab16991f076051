"""What can be announced of the clockwork; a job has no row of its own, its number is drawn from its name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class JobFact(Event):
    """What every fact about a job says: which one, by its name."""

    OBJECT: ClassVar[str] = "job"
    job: str


@dataclass(frozen=True, kw_only=True)
class JobFailed(JobFact):
    """A period used up its tries; told once a period. The object is the run."""

    OBJECT: ClassVar[str] = "job_run"
    period: datetime
    tries: int
    error: str


@dataclass(frozen=True, kw_only=True)
class JobLate(JobFact):
    """A period has been waiting for too long; told once until the job has caught up."""

    lag_seconds: int


@dataclass(frozen=True, kw_only=True)
class JobPaused(JobFact):
    """From now on nothing starts this job."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class JobResumed(JobFact):
    """It runs again; what it missed is done late."""


@dataclass(frozen=True, kw_only=True)
class ClockJumped(Event):
    """The clock the jobs go by jumped, forward where `seconds` is positive; these jobs stand still until resumed.

    The object is the lead under which it was seen.
    """

    OBJECT: ClassVar[str] = "lease"
    seconds: int
    paused: tuple[str, ...]
