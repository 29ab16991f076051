"""The clockwork process: a ticker that keeps the lead and does what is due, and outlives its database.

APScheduler only ticks: what was done stands in the database, so a tick lost or doubled does no harm. Run it as
`labshare scheduler`, as often as wished; one leads, the others stand by.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from flask import Flask

from labshare import create_app
from labshare.clockwork.job import Job, Run
from labshare.clockwork.lease import Held, LeaseLost, release, take
from labshare.clockwork.services import give_up, run_due, tell_late, watch_clock
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.supervisor import follow_supervisor

log = logging.getLogger("labshare.scheduler")
LAST_WORDS = 25  # seconds the job at hand gets to finish when the process is told to end
LOOK = 30.0  # seconds between looks whether anything is late
STRIDE = 1.0  # seconds a run can grow older by between two looks: a process that was stopped has not hung
ENDED, DIED, HUNG = 0, 1, 3  # how the process ends: told to, its ticker died, a job would not end


class Ticks(BaseTrigger):
    """So many seconds from now on: what was missed is not made up for, however far the clock moved."""

    def __init__(self, seconds: float) -> None:
        self.pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """APScheduler's question."""
        return now + self.pause


class Scheduler:
    """One candidate for the lead: beats to keep it, works while it has it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.holder = f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(4)}"
        self.lasts: int = app.extensions["settings"].lease_seconds
        self.held: Held | None = None
        self.stopping = threading.Event()
        self._at_work = threading.Lock()
        self._at_hand: tuple[Job, Run, Held] | None = None
        self._age = 0.0  # of the run at hand, in seconds this process was awake
        self._looked = self._ticked = time.monotonic()
        self._ticks = {
            "beat": (self.beat, self.lasts / 3),
            "work": (self.work, min(1.0, self.lasts / 3)),
            "look": (self.look, LOOK),
        }
        self._ticker = BackgroundScheduler(
            timezone="UTC",
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(len(self._ticks))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def beat(self) -> None:
        """Take the lead or keep it; while the database is away there is none."""
        self._ticked = time.monotonic()
        with self._outliving_the_database():
            before, self.held = self.held, take(self.holder, self.lasts)
            if self.held is not None and before is None:
                log.info("%s leads, fence %s", self.holder, self.held.fence)

    def work(self) -> None:
        """One tick: see that the clock has not jumped, then do what is due, if this one leads."""
        held = self.held
        if held is None or self.stopping.is_set():
            return
        with self._at_work, self._outliving_the_database(), self._giving_way():
            now = watch_clock(SYSTEM, held)
            if now is not None:
                run_due(now, held, self.stopping.is_set, lambda job, run: self._watched(job, run, held))

    def look(self) -> None:
        """Is anything late? Asked beside the work, so that a job that takes for ever does not hide it."""
        held = self.held
        if held is None or self.stopping.is_set():
            return
        with self._outliving_the_database(), self._giving_way():
            for name in tell_late(SYSTEM, clock.now(), held):
                log.error("job %s is late", name)

    @contextmanager
    def _giving_way(self) -> Iterator[None]:
        try:
            yield
        except LeaseLost:
            self.held = None
            log.warning("%s leads no longer; another one does its work", self.holder)

    @contextmanager
    def _outliving_the_database(self) -> Iterator[None]:
        # Whatever goes wrong in a tick, the next one comes: nothing may reach the ticker's own thread.
        try:
            with self.app.app_context():
                yield
        except Exception:
            self.held = None
            log.exception("a tick failed; the next one tries again")

    @contextmanager
    def _watched(self, job: Job, run: Run, held: Held) -> Iterator[None]:
        self._age, self._at_hand = 0.0, (job, run, held)
        try:
            yield
        finally:
            self._at_hand = None

    def start(self) -> None:
        """Begin to tick, at once and from then on."""
        self.beat()
        for name, (tick, seconds) in self._ticks.items():
            self._ticker.add_job(tick, Ticks(seconds), id=name)
        self._ticker.start()

    def is_ticking(self) -> bool:
        """Is the ticker's thread alive? Its own `running` would say yes either way."""
        thread = self._ticker._thread
        return thread is not None and thread.is_alive()

    def mind(self) -> bool:
        """Look after the ticker, a few times a second: False once a job has hung and the process must end."""
        present = time.monotonic()
        grown, self._looked = min(present - self._looked, STRIDE), present
        # The ticker goes by the wall clock; set back by an hour, it would sleep for one.
        if present - self._ticked > self.lasts and self.is_ticking():
            self._ticked = present
            for name, (_, seconds) in self._ticks.items():
                self._ticker.reschedule_job(name, trigger=Ticks(seconds))
        at_hand, self._age = self._at_hand, self._age + grown
        if at_hand is None or self._age <= at_hand[0].timeout.total_seconds():
            return True
        job, run, held = at_hand
        log.critical("job %s took longer than %s; this process ends so that another takes over", job.name, job.timeout)
        with self._outliving_the_database(), self._giving_way():
            give_up(SYSTEM, job, run, held)
        return False

    def stop(self) -> bool:
        """Finish the job at hand, beating on, then give the lead back; False where the job did not end in time.

        Then it is handed back as it is: begun and not ended, it is redone by whoever leads next.
        """
        self.stopping.set()
        finished = self._at_work.acquire(timeout=LAST_WORDS)
        self._ticker.shutdown(wait=finished)
        if self.held is not None and finished:
            with self._outliving_the_database():
                release(self.held)
        return finished


def run(app: Flask | None = None) -> int:
    """Tick until told to end; not 0 where whoever supervises has to start another."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    told = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    follow_supervisor()
    scheduler = Scheduler(app or create_app())
    scheduler.start()
    while not told.wait(0.25) and scheduler.is_ticking():
        if not scheduler.mind():
            leave(HUNG)
    if not scheduler.stop():
        log.warning("the job at hand did not end in time and is handed back")
        leave(ENDED if told.is_set() else DIED)
    return ENDED if told.is_set() else DIED


def leave(code: int) -> Any:
    """End this process now; Python would wait for the thread of a job that does not end."""
    logging.shutdown()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(run())
