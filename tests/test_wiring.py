"""What every entry of the house's one page owes, whoever added it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask

from labshare import wiring
from labshare.clockwork.job import Job
from labshare.kernel import clock
from labshare.kernel.db import db, snapshot
from labshare.quotas.rules import AHEAD
from tests.booking.conftest import body
from tests.cast import Cast

_OPEN = clock.now() + AHEAD  # so far each of the three accounts stands open, year by year
NEW_YEARS = (_OPEN + timedelta(days=40)).year - _OPEN.year
SWEEPS = [job for job in wiring.JOBS if job.run is not None]
EXPECTED: dict[str, dict[str, int]] = {  # what a run comes to in the laboratory below, forty days late
    "remind_managers": {},  # the time to answer is over: nobody is reminded of it any more
    "expire_requests": {"expired": 1},
    "judge_use": {"assumed": 1},
    "remind_bookers": {},  # the bookings are over
    "open_periods": {"periods": 3 * NEW_YEARS} if NEW_YEARS else {},
    "warn_of_limits": {},  # nobody has a limit
    "recheck_allowances": {},
    "enforce_suspensions": {},
    "reconcile_accounts": {},
    "seed_calendars": {"years": 6},  # two sites in China, and the library knows three years from 2024 on
    "recheck_calendars": {},
    "deliver": {"messages": 3, "mails": 3, "sent": 1, "needless": 2},  # nobody waits for an answer any more
    "tidy_messages": {},  # nothing is told yet
    "tidy_up": {"answers": 1},
    "check": {},
}
LOOKED_AT = {"invariants", "balances", "accounts"}


def a_laboratory_at_work(cast: Cast) -> None:
    """Something of everything: a request, an approved booking, a stored answer, facts nobody was told."""
    key = {"Idempotency-Key": "once"}
    asked = cast.api("mei").post("/bookings", body("09:00", "11:00"), headers=key).json
    cast.api("mei").post("/bookings", body("12:00", "14:00"))
    cast.api("li").post(f"/bookings/{asked['id']}/approve")
    db.session.remove()


def done_by(job: Job, days: int) -> dict[str, int]:
    """What a run so many days from now comes to; what it looked at is not what it did."""
    assert job.run is not None
    counts = job.run(clock.now() + timedelta(days=days)) or {}
    db.session.remove()
    return {name: count for name, count in counts.items() if count and name not in LOOKED_AT}


def test_every_job_has_a_name_and_a_purpose_of_its_own() -> None:
    assert len({job.name for job in wiring.JOBS}) == len(wiring.JOBS) == len({job.purpose.msgid for job in wiring.JOBS})


@pytest.mark.parametrize("job", SWEEPS, ids=lambda job: job.name)
def test_two_at_once_and_forty_days_late_do_what_is_due_once(app: Flask, cast: Cast, job: Job) -> None:
    assert job.name in EXPECTED, f"say in EXPECTED what {job.name} comes to in the laboratory at work"
    a_laboratory_at_work(cast)
    meet = Barrier(2)

    def run() -> dict[str, int]:
        with app.app_context():
            meet.wait(10)
            return done_by(job, days=40)

    with ThreadPoolExecutor(2) as two:
        both = [one.result(60) for one in (two.submit(run), two.submit(run))]
    together = {name: sum(one.get(name, 0) for one in both) for one in both for name in one}
    assert together == EXPECTED[job.name]
    assert done_by(job, days=40) == {}, "done is done"
    with snapshot() as session:
        assert [breach for _name, check in wiring.CHECKS for breach in check(session)] == []
