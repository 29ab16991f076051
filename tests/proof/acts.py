"""What the crew does: each act is a use case in somebody's name, as a door would call it."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import Flask

from labshare.booking import queries, services
from labshare.booking.answering import Word
from labshare.booking.jobs.offering import lapse_offers
from labshare.booking.jobs.waitlist import offer_freed_time
from labshare.booking.services import offering
from labshare.booking.services.answering_many import Chosen
from labshare.booking.services.asking import Draft
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import Problem
from labshare.kernel.slots import Slot
from labshare.maintenance import services as maintenance
from labshare.maintenance.selection import Wanted
from labshare.people import access
from labshare.quotas import services as quotas
from labshare.quotas.rules import Terms
from tests.proof.breaking import planted

BUSY_TRIES = 20


def _actor(person_id: int) -> Actor:
    actor = access.by_id(person_id)
    assert actor is not None
    return actor


def ask(_app: Flask, person_id: int, code: str, start: datetime, end: datetime, purpose: str = "a race") -> int:
    """Ask for time; the booking's id."""
    return services.request(_actor(person_id), Draft(code, Slot(start, end), purpose)).id


def move(
    _app: Flask, person_id: int, booking_id: int, start: datetime, end: datetime, version: int | None = None
) -> str:
    """Move a booking; the word for it."""
    services.move(_actor(person_id), booking_id, Slot(start, end), version)
    return "move"


def approve(_app: Flask, person_id: int, booking_id: int, version: int | None = None) -> str:
    """Approve a booking; the word for it."""
    services.approve(_actor(person_id), booking_id, version=version)
    return "approve"


def reject(_app: Flask, person_id: int, booking_id: int, version: int | None = None) -> str:
    """Reject a booking; the word for it."""
    services.reject(_actor(person_id), booking_id, "not now", version)
    return "reject"


def offer(
    _app: Flask, person_id: int, booking_id: int, start: datetime, end: datetime, version: int | None = None
) -> str:
    """Say yes to another time than a booking asks for; the word for it."""
    services.offer(_actor(person_id), booking_id, Slot(start, end), "rather then", version=version)
    return "offer"


def answer_many(_app: Flask, person_id: int, bookings: Sequence[int], move: str, whole: bool) -> list[tuple[int, str]]:
    """Answer many at once; which, and the state or the code of each."""
    chosen = [Chosen(number) for number in bookings]
    found = services.answer_many(_actor(person_id), chosen, move, Word("so be it", ("quota_exceeded",)), whole)
    return [(one.booking_id, one.problem.code if one.problem else one.state) for one in found]


def cancel(_app: Flask, person_id: int, booking_id: int, version: int | None = None) -> str:
    """Cancel a booking; the word for it."""
    services.cancel(_actor(person_id), booking_id, version)
    return "cancel"


def check_in(_app: Flask, person_id: int, booking_id: int) -> str:
    """Check in; the word for it."""
    services.check_in(_actor(person_id), booking_id)
    return "check_in"


def judge(_app: Flask, booking_id: int) -> str | None:
    """Let the clock judge a booking; the word for what it did, None where there was nothing to do."""
    return services.judge(SYSTEM, booking_id, clock.now())


def hold(_app: Flask, instrument_ids: tuple[int, ...], times: int) -> int:
    """Lock these instruments in the order given, so many times; how often."""
    for _ in range(times):
        with transaction(lock=instrument_ids) as tx:
            tx.execute(sa.select(sa.literal(1)))
            time.sleep(0.001)
    return times


def grab(_app: Flask, instrument_ids: tuple[int, ...], times: int) -> int:
    """Lock these instruments one by one as they are named, as nobody should; how often."""
    for _ in range(times):
        with transaction() as tx:
            for number in instrument_ids:
                tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": number})
                time.sleep(0.001)
    return times


def send(app: Flask, token: str, key: str, body: dict[str, Any]) -> tuple[int, bytes, int]:
    """POST /bookings under a key, again as told while it is busy; status, bytes, and how often it was busy."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    for busy in range(BUSY_TRIES):
        answer = app.test_client().post("/api/v1/bookings", json=body, headers=headers)
        if answer.status_code != 503:
            return answer.status_code, answer.data, busy
        assert answer.headers["Retry-After"].isdecimal()
        assert answer.get_json()["code"] in ("retry_in_progress", "busy")
        time.sleep(0.05)
    return answer.status_code, answer.data, BUSY_TRIES


# ---------------------------------------------------------------- the account of hours


def ask_each(_app: Flask, person_id: int, wishes: Sequence[tuple[str, datetime, datetime]]) -> list[str]:
    """Ask for one slot after the other; what each was answered: "ok", or the status and code of the refusal."""
    actor = _actor(person_id)
    return [
        _answered(services.request, actor, Draft(code, Slot(start, end), "a race for hours"))
        for code, start, end in wishes
    ]


def cancel_each(_app: Flask, person_id: int, bookings: Sequence[int]) -> list[str]:
    """Cancel one booking after the other; what each was answered."""
    actor = _actor(person_id)
    return [_answered(services.cancel, actor, booking) for booking in bookings]


def allow_each(_app: Flask, person_id: int, company_id: int, sets: Sequence[Sequence[Terms]], times: int) -> list[str]:
    """Give the company one set of allowances after the other, round and round; what each was answered."""
    actor, found = _actor(person_id), []
    for number in range(times):
        found.append(_answered(quotas.set_allowances, actor, company_id, sets[number % len(sets)]))
        time.sleep(0.02)
    return found


def answer_each(_app: Flask, person_id: int, times: int, seed: int) -> list[str]:
    """Answer whatever waits, yes with the hours waived, plainly yes, or no; what each was answered."""
    actor, chance, found = _actor(person_id), random.Random(seed), []
    for _ in range(times):
        waiting = [row.id for row in rows(queries.waiting(actor))]
        if not waiting:
            time.sleep(0.02)
            continue
        booking, way = chance.choice(waiting), chance.randrange(3)
        if way == 0:
            found.append(_answered(services.reject, actor, booking, "not now"))
        else:
            waived = {"waive": ["quota_exceeded"]} if way == 1 else {}
            found.append(_answered(partial(services.approve, **waived), actor, booking, "go on"))
    return found


def live(_app: Flask, person_id: int, wishes: Sequence[tuple[str, datetime, datetime]], seed: int) -> list[str]:
    """Ask for slots, and between them move or cancel what one has; what each was answered."""
    actor, chance, mine, found = _actor(person_id), random.Random(seed), [], []
    for code, start, end in wishes:
        way = chance.random()
        if mine and way < 0.3:
            found.append(_answered(services.cancel, actor, mine.pop(chance.randrange(len(mine)))))
        elif mine and way < 0.5:
            found.append(_answered(services.move, actor, chance.choice(mine), Slot(start, end)))
        else:
            found.append(_answered(services.request, actor, Draft(code, Slot(start, end), "in between"), keep=mine))
    return found


def _answered(do: Callable[..., Any], *values: Any, keep: list[int] | None = None) -> str:
    try:
        done = do(*values)
    except Problem as problem:
        return f"{problem.status} {problem.code}"
    if keep is not None:
        keep.append(done.id)
    return "ok"


# ---------------------------------------------------------------- maintenance


def plan_and_die(
    _app: Flask, person_id: int, codes: Sequence[str], start: datetime, end: datetime, statement: int
) -> int:
    """Plan a window, and be killed before its n-th statement; for 0 live on, and say how many bookings it displaced."""
    with planted(statement, _killed):
        done = maintenance.plan(_actor(person_id), maintenance.Draft(Wanted(tuple(codes)), Slot(start, end), "repair"))
    return len(done.consequences.lines)


def _killed(_connection: sa.Connection) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def plan(_app: Flask, person_id: int, codes: Sequence[str], start: datetime, end: datetime) -> int:
    """Plan a window; its id."""
    draft = maintenance.Draft(Wanted(tuple(codes)), Slot(start, end), "repair")
    return maintenance.plan(_actor(person_id), draft).windows[0].id


def report(_app: Flask, person_id: int, code: str) -> str:
    """Report an outage; the word for it."""
    maintenance.report(_actor(person_id), code, "a race")
    return "report"


def make_offer(_app: Flask, booking_id: int) -> str | None:
    """Let the clock hold another time for a displaced booking; the word for it, None where there was nothing to do."""
    return "offer" if offering.make_offer(SYSTEM, booking_id, clock.now()) else None


def accept(_app: Flask, person_id: int, booking_id: int, wish: services.Wish | None = None) -> str:
    """Take the time that is held, or another; the word for it."""
    services.accept(_actor(person_id), booking_id, wish)
    return "accept"


def decline(_app: Flask, person_id: int, booking_id: int) -> str:
    """Do without another time; the word for it."""
    services.decline(_actor(person_id), booking_id)
    return "decline"


def lapse(_app: Flask, booking_id: int, now: datetime) -> str | None:
    """Let the clock give the time back that is held; the word for it, None where there was nothing to do."""
    return "lapse" if offering.lapse(SYSTEM, booking_id, now) else None


def ask_who_waits(_app: Flask) -> int | None:
    """Let the clock hold freed time for those who wait; how many it asked, None where there was nobody to ask."""
    return offer_freed_time(clock.now())["offered"] or None


def pass_on(_app: Flask, now: datetime) -> str | None:
    """Let what is held lapse, and ask the next; the word for it, None where others were faster."""
    lapsed = lapse_offers(now)["lapsed"]
    offer_freed_time(clock.now())
    return "pass_on" if lapsed else None


def suspend(_app: Flask, person_id: int, company_id: int) -> str:
    """Suspend a company; the word for it."""
    maintenance.suspend(_actor(person_id), company_id, "a race")
    return "suspend"
