"""The clockwork of maintenance: twice, by two at once or days late, it comes to what one run on time comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare import wiring
from labshare.booking.models import Booking, Displacement
from labshare.instruments.models import Claim, Instrument
from labshare.kernel import clock
from labshare.kernel.db import db, rows, snapshot
from labshare.kernel.journal import Entry
from labshare.kernel.slots import Slot, union
from labshare.maintenance import services
from labshare.maintenance.models import Outage, UpkeepWarning, Window
from labshare.quotas.models import Line
from tests.cast import Cast
from tests.conftest import Databases
from tests.maintenance.conftest import Lab

NAMES = ("keep_windows", "remind_of_windows", "warn_of_upkeep", "lapse_offers", "make_offers")  # in the house's order
JOBS = {job.name: job for job in wiring.JOBS}
BEGINS, ENDS = 0.5, 100.0  # hours; in between the clockwork may be away, for more than three days
MOMENTS = (BEGINS, 8.0, 24.0, 30.0, 33.5, 34.0, 48.0, 60.0, 62.0, ENDS)
Run = Callable[[Flask, datetime], None]


def done(now: datetime) -> list[dict[str, int]]:
    """Every job once; what each did."""
    found = []
    for name in NAMES:
        job = JOBS[name]
        assert job.run is not None
        found.append({word: count for word, count in (job.run(now) or {}).items() if count})
        db.session.remove()
    return found


def once(_app: Flask, now: datetime) -> None:
    done(now)


def twice(_app: Flask, now: datetime) -> None:
    done(now)
    assert not any(done(now)), "done is done"


def two_at_once(app: Flask, now: datetime) -> None:
    meet = Barrier(2)

    def one_of_two() -> None:
        with app.app_context():
            meet.wait(10)
            done(now)

    with ThreadPoolExecutor(2) as two:
        for one in (two.submit(one_of_two), two.submit(one_of_two)):
            one.result(60)


@pytest.fixture
def lived(app: Flask, databases: Databases) -> Iterator[Callable[..., dict[str, Any]]]:
    """`lived(once, MOMENTS)` lets the laboratory live from its beginning; what stands in the end."""
    back = clock.source

    def live(run: Run, moments: tuple[float, ...], **how: bool) -> dict[str, Any]:
        db.session.remove()
        db.engine.dispose()
        databases.renew()
        app.extensions.pop("instrument_ids", None)
        lab = Lab(app, Cast(app))
        clock.source = lambda: lab.now
        a_laboratory(lab)
        for hours in moments:
            run(app, lab.go(hours))
        with snapshot() as session:
            assert [found for _, check in app.extensions["checks"] for found in check(session)] == []
        return what_stands(**how)

    yield live
    clock.source = back


def a_laboratory(lab: Lab) -> None:
    """Windows that begin, and one that does not; two whom one hits; an outage nobody ends; an upkeep that falls due."""
    services.set_upkeep(lab.cast.li, "BAT-01", "calibration", 1, None)
    lab.book(lab.cast.mei, 31)
    lab.book(lab.cast.bo, 33, approved=False)
    lab.book(lab.cast.mei, 12, code="BAT-01")
    lab.book(lab.cast.mei, 110, code="BAT-01")
    lab.plan(30, 4, "SEM-01", "BAT-01")
    lab.plan(60, 2, "SEM-01")
    lab.plan(180, 8, "SEM-01")
    services.report(lab.cast.li, "BAT-01", "No current")


def what_stands(*, to_the_letter: bool) -> dict[str, Any]:
    """Everything these jobs change; `to_the_letter` with every fact that was told and every version."""
    asked: dict[str, Any] = {
        "windows": sa.select(Window.id, Window.state, Window.starts_at, Window.ends_at),
        "outages": sa.select(Outage.id, Outage.state, Outage.claimed_until),
        "instruments": sa.select(Instrument.code, Instrument.state),
        "bookings": sa.select(Booking.id, Booking.state, Booking.version),
        "displaced": sa.select(Displacement.booking_id, Displacement.cause, Displacement.state, Displacement.was),
        "warned": sa.select(UpkeepWarning.upkeep_id, UpkeepWarning.since),
        "hours": sa.select(Line.booking_id, Line.balance_id, Line.kind, sa.func.sum(Line.minutes)).group_by(
            Line.booking_id, Line.balance_id, Line.kind
        ),
    }
    if to_the_letter:
        asked["told"] = sa.select(Entry.object, Entry.object_id, Entry.kind, Entry.version, Entry.at)
        asked["versions"] = sa.select(Window.id, Window.version, Window.reminded_of)
        offer = (Displacement.instrument_id, Displacement.starts_at, Displacement.answer_by, Displacement.version)
        asked["offers"] = sa.select(Displacement.booking_id, *offer)
    found: dict[str, Any] = {name: sorted(map(str, rows(statement))) for name, statement in asked.items()}
    return found | {"taken": taken()}


def taken() -> dict[tuple[Any, ...], list[Slot]]:
    """Whose time is whose; into how many pieces it was taken is no matter."""
    columns = (Claim.instrument_id, Claim.channel, Claim.kind, Claim.owner_id, Claim.starts_at, Claim.ends_at)
    found: dict[tuple[Any, ...], list[Slot]] = {}
    for *whose, start, end in rows(sa.select(*columns)):
        found.setdefault(tuple(whose), []).append(Slot(start, end))
    return {whose: union(slots) for whose, slots in found.items()}


Lived = Callable[..., dict[str, Any]]


def test_on_time_windows_open_and_close_offers_lapse_and_an_outage_goes_on(lived: Lived) -> None:
    """What the others are held against is worth it: every job has something to do."""
    stands = lived(once, MOMENTS, to_the_letter=True)
    kinds = {one.split(", ")[2].strip("'") for one in stands["told"]}
    assert {
        *("window_opened", "window_closed", "window_coming_up"),
        *("outage_extended", "offer_made", "offer_lapsed", "upkeep_overdue", "booking_displaced"),
    } <= kinds, sorted(kinds)
    assert [one.split(", ")[1] for one in stands["windows"]] == ["'done'", "'done'", "'planned'"]
    assert len(stands["displaced"]) == 4


@pytest.mark.parametrize("run", [twice, two_at_once])
def test_whoever_else_runs_them_they_come_to_what_one_run_comes_to_to_the_letter(lived: Lived, run: Run) -> None:
    assert lived(run, MOMENTS, to_the_letter=True) == lived(once, MOMENTS, to_the_letter=True)


@pytest.mark.parametrize("run", [once, twice, two_at_once])
def test_after_more_than_three_days_of_downtime_it_stands_as_if_they_had_run_on_time(lived: Lived, run: Run) -> None:
    assert timedelta(hours=ENDS - BEGINS) > timedelta(days=3)
    late = lived(run, (BEGINS, ENDS), to_the_letter=False)
    assert late == lived(once, MOMENTS, to_the_letter=False)
