"""What is remembered of jobs: which period was done, and which scheduler leads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.db import Id, Json, Model, UtcDateTime, guard
from labshare.kernel.errors import Busy

PERIOD_TAKEN = guard("uq_job_run_job_period", lambda: Busy(code="job_running"))


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


class Lease(Model):
    """Who leads, until when by the database's clock; `fence` grows whenever the lead changes hands."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    holder: Mapped[str] = mapped_column(String(100))
    fence: Mapped[int]
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
