"""A real scheduler process with jobs of the drill's own and its pauses shortened; flags say what goes wrong.

python -m tests.proof.ticking FOLDER URL [SPOIL…]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from labshare import create_app, scheduler
from labshare.clockwork import job as jobs
from labshare.clockwork.job import Job
from labshare.clockwork.services import running
from labshare.config import Settings
from labshare.kernel import clock
from labshare.kernel.db import Transaction, rows, transaction
from labshare.kernel.errors import N_

LEASE = 2  # seconds
PAUSE = timedelta(seconds=0.05)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
NOTE = sa.text("INSERT INTO drill (job, period, pid) VALUES (:job, :period, :pid)")


class Flags:
    """What shall go wrong: a file by name, and in it how often or for how long."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, value: float = 1) -> None:
        fresh = self.folder / f".{name}"
        fresh.write_text(str(value))
        fresh.replace(self.folder / name)

    def get(self, name: str) -> float:
        try:
            return float((self.folder / name).read_text() or 0)
        except FileNotFoundError:
            return 0

    def drop(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def now(self) -> datetime:
        """The machine's clock, set as the flag says."""
        return datetime.now(UTC) + timedelta(seconds=self.get("clock"))


class Drill:
    """The jobs: three of periods, a sweep that takes rows up one by one, and one that takes something away."""

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        text = N_("A job of the drill")
        self.jobs = (
            Job("tally", text, SECOND, each=self.each("tally")),
            Job("hourly", text, HOUR, each=self.each("hourly")),
            Job("daily", text, DAY, each=self.each("daily")),
            Job("sweep", text, SECOND, self.sweep, timeout=SECOND),
            Job("reaper", text, SECOND, self.reap, destructive=True),
        )

    def each(self, name: str) -> Callable[[Transaction, datetime, datetime], Mapping[str, int]]:
        """One row a period; the table itself would not mind two."""

        def once(tx: Transaction, period: datetime, _now: datetime) -> Mapping[str, int]:
            tx.execute(NOTE, {"job": name, "period": int(period.timestamp()), "pid": os.getpid()})
            if name == "tally":
                time.sleep(self.flags.get("slow"))
                if left := self.flags.get("fail"):
                    self.flags.put("fail", left - 1)
                    raise OSError("the pump is dry")
            return {"noted": 1}

        return once

    def sweep(self, _now: datetime) -> Mapping[str, int]:
        """Take up what is due, each in a transaction of its own and by compare-and-swap."""
        done = 0
        for (number,) in rows(sa.select(sa.column("id")).select_from(sa.table("drill_due")).where(sa.text("done = 0"))):
            with transaction() as tx:
                taken = sa.text("UPDATE drill_due SET done = 1 WHERE id = :id AND done = 0")
                if tx.execute(taken, {"id": number}).rowcount:
                    tx.execute(NOTE, {"job": "sweep", "period": number, "pid": os.getpid()})
                    done += 1
        while self.flags.get("hang"):
            time.sleep(0.05)
        return {"taken": done}

    def reap(self, now: datetime) -> Mapping[str, int]:
        """Note how many minutes the moment it goes by lies beside the machine's clock."""
        with transaction() as tx:
            moved = round((now - datetime.now(UTC)) / timedelta(minutes=1))
            tx.execute(NOTE, {"job": "reaper", "period": moved, "pid": os.getpid()})
        return {}


def built(folder: Path, url: str) -> Flask:
    """The application with the drill's jobs, by the drill's clock."""
    flags = Flags(folder)
    app = create_app(Settings(database_url=url, data_dir=folder, lease_seconds=LEASE))
    app.extensions["jobs"] = Drill(flags).jobs
    return app


def lingering(flags: Flags) -> Callable[..., Any]:
    """Between beginning a run and doing it, some time may pass: there a leader is stopped without holding a lock."""
    watched = scheduler.Scheduler._watched

    @contextmanager
    def linger(self: scheduler.Scheduler, job: Job, *rest: Any) -> Iterator[None]:
        with watched(self, job, *rest):
            if job.name == "tally" and (seconds := flags.get("linger")):
                flags.put("lingers", os.getpid())
                time.sleep(seconds)
            yield

    return linger


def unfenced() -> None:
    """Nobody asks whether this lead, and this try, still stand."""
    running.confirm = lambda *_: None  # type: ignore[assignment]  # that is the point
    running._is_ours = lambda *_: True  # type: ignore[assignment]


def main(folder: Path, url: str, *spoil: str) -> int:
    """Run until told to end."""
    flags = Flags(folder)
    with (folder / "schedulers.log").open("ab") as said:
        os.dup2(said.fileno(), sys.stderr.fileno())
    clock.source = flags.now
    jobs.PAUSE = PAUSE
    scheduler.Scheduler._watched = lingering(flags)  # type: ignore[method-assign]
    if "unfenced" in spoil:
        unfenced()
    return scheduler.run(built(folder, url))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
