"""What every entry of the house's one page owes, whoever added it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from flask import Flask

from labshare import wiring
from labshare.booking.jobs.offering import make_offers
from labshare.clockwork.job import Job
from labshare.clockwork.words import COUNTED
from labshare.kernel import clock
from labshare.kernel.db import db, snapshot
from labshare.quotas.rules import AHEAD
from tests.booking.conftest import at, body
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
    "keep_windows": {"opened": 1, "closed": 2, "extended": 1},
    "remind_of_windows": {"reminded": 1},
    "warn_of_upkeep": {"warned": 1},
    "lapse_offers": {"lapsed": 1},
    "make_offers": {"offered": 1},  # for what was to be yesterday; of what is long over nobody thinks any more
    "offer_freed_time": {"over": 1},  # what Bo waited for has come and gone
    "forgive_late_cancels": {},  # nobody cancelled late; see tests/booking/test_takeover.py
    "seed_calendars": {"years": 6},  # two sites in China, and the library knows three years from 2024 on
    "recheck_calendars": {},
    "remind_of_statements": {},  # no year is issued; see tests/usage/test_jobs.py
    "close_years": {},
    "count_heat": {},  # nothing was used yet
    "deliver": {"messages": 8, "mails": 8, "sent": 5, "needless": 3},  # nobody waits for an answer any more
    "tidy_messages": {},  # nothing is told yet
    "tidy_up": {"answers": 1},
    "check": {},
}
LOOKED_AT = {"invariants", "balances", "accounts"}


def a_laboratory_at_work(cast: Cast) -> None:
    """Something of everything: a request, an approved booking, a stored answer, facts nobody was told, maintenance."""
    key = {"Idempotency-Key": "once"}
    asked = cast.api("mei").post("/bookings", body("09:00", "11:00"), headers=key).json
    cast.api("mei").post("/bookings", body("12:00", "14:00"))
    cast.api("li").post(f"/bookings/{asked['id']}/approve")
    assert cast.api("bo").post("/waitlist", body("09:00", "11:00")).status_code == 201
    _maintained(cast)
    db.session.remove()


def _maintained(cast: Cast) -> None:
    """Two bookings of Bo's displaced, one of them offered another time; windows, an outage, and what falls due."""
    li, then = cast.api("li"), clock.now() + timedelta(days=40)

    def plan(start: datetime, end: datetime) -> None:
        slot = {"starts_at": start.isoformat(), "ends_at": end.isoformat()}
        said = {"instruments": ["BAT-01"], "kind": "repair", **slot}
        assert li.post("/maintenance-windows", said).status_code == 201

    for days in (3, 39):
        assert cast.api("bo").post("/bookings", body("09:00", "10:00", "BAT-01", days)).status_code == 201
        plan(at("09:00", days), at("10:00", days))
        if days == 3:
            assert make_offers(clock.now()) == {"offered": 1}
    plan(then - timedelta(hours=1), then + timedelta(hours=1))
    plan(then + timedelta(hours=12), then + timedelta(hours=13))
    assert li.post("/outages", {"instrument": "BAT-01"}).status_code == 201
    assert li.put("/instruments/SEM-01/upkeep", {"kind": "calibration", "every_days": 30}).status_code == 200


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


@pytest.mark.parametrize("job", [job for job in wiring.JOBS if job.links], ids=lambda job: job.name)
def test_what_a_job_counts_has_words(job: Job) -> None:
    assert set(job.links) <= set(COUNTED)
