"""What is remembered of jobs: which period was done, which stand still, which are late, and which scheduler leads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.db import Id, Json, Model, UtcDateTime, guard
from labshare.kernel.errors import N_, Busy, Conflict, Reason

PERIOD_TAKEN = guard("uq_job_run_job_period", lambda: Busy(code="job_running"))


def job_paused() -> Conflict:
    """A paused job stands still, and is not paused again."""
    text = N_("This job is paused.")
    return Conflict(text, code="job_paused", reasons=[Reason("job_paused", text)])


PAUSED = guard("uq_job_pause_job", job_paused)
TOLD_LATE = guard("uq_job_late_job", lambda: Busy(code="job_late"))


class JobRun(Model):
    """One period of one job: finished, failed (with its error), or begun and never ended."""

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("job", "period"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    job: Mapped[str] = mapped_column(String(60))
    period: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=1)
    fence: Mapped[int | None]  # the lead it was begun under; none where a person asked
    result: Mapped[dict[str, int]] = mapped_column(Json)
    error: Mapped[str | None] = mapped_column(Text)
    took: Mapped[float | None] = mapped_column(Float)  # seconds by a clock nobody sets


class JobPause(Model):
    """A job that stands still, since when, why, and who said so; nobody where the clockwork itself did."""

    __tablename__ = "job_pause"
    __table_args__ = (UniqueConstraint("job"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    job: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class JobLateness(Model):
    """A job whose lateness was told; gone once it has caught up, so that the next time is told too."""

    __tablename__ = "job_late"
    __table_args__ = (UniqueConstraint("job"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    job: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Lease(Model):
    """Who leads, until when by the database's clock; `fence` grows whenever the lead changes hands.

    What the leader last knew of its own clock stands here too: on which machine's life, when by the wall clock that
    life began, and how far the wall clock was ahead of the database's.
    """

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    holder: Mapped[str] = mapped_column(String(100))
    fence: Mapped[int]
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    boot: Mapped[str] = mapped_column(String(60), server_default="")
    epoch: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ahead: Mapped[float] = mapped_column(Float, server_default="0")
