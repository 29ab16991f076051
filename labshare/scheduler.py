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

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from labshare import create_app
from labshare.clockwork.lease import Held, LeaseLost, release, take
from labshare.clockwork.services import run_due
from labshare.kernel import clock

log = logging.getLogger("labshare.scheduler")
SUPERVISOR = "LABSHARE_SUPERVISOR"  # the process id `labshare serve` hands to its children
LAST_WORDS = 25  # seconds the job at hand gets to finish when the process is told to end


class Scheduler:
    """One candidate for the lead: beats to keep it, works while it has it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.holder = f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(4)}"
        self.lasts: int = app.extensions["settings"].lease_seconds
        self.held: Held | None = None
        self.stopping = threading.Event()
        self._at_work = threading.Lock()
        self._ticker = BackgroundScheduler(
            timezone="UTC",
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def beat(self) -> None:
        """Take the lead or keep it; while the database is away there is none."""
        with self._outliving_the_database():
            before, self.held = self.held, take(self.holder, self.lasts)
            if self.held is not None and before is None:
                log.info("%s leads, fence %s", self.holder, self.held.fence)

    def work(self) -> None:
        """One tick: do what is due, if this one leads."""
        held = self.held
        if held is None or self.stopping.is_set():
            return
        with self._at_work, self._outliving_the_database():
            try:
                run_due(clock.now(), held, self.stopping.is_set)
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

    def start(self) -> None:
        """Begin to tick, at once and from then on."""
        seconds = self.lasts / 3
        now = clock.now()
        self._ticker.add_job(self.beat, "interval", seconds=seconds, next_run_time=now)
        self._ticker.add_job(self.work, "interval", seconds=min(1.0, seconds), id="work", next_run_time=now)
        self._ticker.start()

    def is_ticking(self) -> bool:
        """Is the ticker's thread alive? Its own `running` would say yes either way."""
        thread = self._ticker._thread
        return thread is not None and thread.is_alive()

    def stop(self) -> None:
        """Finish the job at hand, beating on, then give the lead back."""
        self.stopping.set()
        finished = self._at_work.acquire(timeout=LAST_WORDS)
        self._ticker.shutdown(wait=finished)
        if self.held is not None and finished:
            with self._outliving_the_database():
                release(self.held)


def follow_supervisor() -> None:
    """End this process when the one that supervises it is gone, however it went; none named, none followed."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor is None:
        return

    def watch() -> None:
        while os.getppid() == int(supervisor):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="follow-supervisor", daemon=True).start()


def run() -> int:
    """Tick until told to end; 1 where the ticker itself died, so that whoever supervises starts another."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    told = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    follow_supervisor()
    scheduler = Scheduler(create_app())
    scheduler.start()
    while not told.wait(0.5) and scheduler.is_ticking():
        pass
    scheduler.stop()
    return 0 if told.is_set() else 1


if __name__ == "__main__":
    sys.exit(run())
