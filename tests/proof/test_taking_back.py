"""Time the laboratory takes back: what is shown is what happens, and all of it happens or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.booking import displacement, outcomes
from labshare.booking import services as booking
from labshare.booking.services import offering
from labshare.booking.services.asking import Draft
from labshare.instruments.models import Claim
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, rows, snapshot
from labshare.kernel.errors import Conflict
from labshare.kernel.slots import Slot
from labshare.maintenance import rules, services
from labshare.maintenance.planner import Consequences
from labshare.maintenance.selection import Wanted
from labshare.maintenance.services import breaking, keeping
from labshare.people import queries as people
from tests.cast import Cast
from tests.maintenance.conftest import Lab
from tests.proof import acts, spoiling
from tests.proof.breaking import COMMIT, answered, broken_everywhere, defect, fingerprint, planted, severed
from tests.proof.crew import FULL, Crew
from tests.proof.crowd import BOOKINGS, CODES, COMPANIES, Crowd
from tests.proof.stage import Stage

pytestmark = [pytest.mark.proof, pytest.mark.beside]
KILLS = 6  # in a reduced run, spread over the statements
MOST = 150  # statements of one change
Ran = Callable[..., None]
Act = Callable[[], Any]


@pytest.fixture
def crowd(cast: Cast) -> Crowd:
    return Crowd(cast)


@pytest.fixture
def lab(app: Flask, cast: Cast) -> Iterator[Lab]:
    back, made = clock.source, Lab(app, cast)
    clock.source = lambda: made.now
    yield made
    clock.source = back


def breaches(app: Flask) -> list[str]:
    with snapshot() as session:
        return [found for _, check in app.extensions["checks"] for found in check(session)]


# ---------------------------------------------------------------- what is shown is what happens

_STATES = sa.text("SELECT id, state FROM booking")
_HELD = sa.text(
    "SELECT c.company_id, sum(b.held) FROM balance b JOIN allowance a ON a.id = b.allowance_id "
    "JOIN account c ON c.id = a.account_id WHERE a.minutes IS NULL AND c.company_id IS NOT NULL GROUP BY c.company_id"
)


def asked(statement: Any) -> dict[Any, Any]:
    return {row[0]: row[1] for row in db.session.connection().execute(statement)}


def held() -> dict[int, float]:
    """The hours every company's account holds."""
    return {number: minutes / 60 for number, minutes in asked(_HELD).items()}


def what_happened(before: dict[int, str]) -> dict[int, str]:
    """The bookings whose state is another than it was, and what it is now."""
    return {number: state for number, state in asked(_STATES).items() if before.get(number) != state}


def given_back(before: dict[int, float]) -> dict[int, float]:
    """The hours every company has got back, if any."""
    now = held()
    return {number: hours - now[number] for number, hours in before.items() if hours != now[number]}


def hours_of(shown: Consequences) -> dict[int, float]:
    """The hours that are shown to go back, by company: those that are held, for what is over quota holds none."""
    found: Counter[int] = Counter()
    for line in shown.lines:
        found[line.booking.company_id] += 0 if line.booking.over_quota else line.booking.slot.minutes
    return {number: minutes / 60 for number, minutes in found.items() if minutes}


def test_over_thirty_bookings_of_twelve_companies_preview_and_result_agree_line_by_line(
    app: Flask, crowd: Crowd, ran: Ran
) -> None:
    li = crowd.cast.li
    shown = services.preview(li, crowd.plan()).consequences
    states, hours = asked(_STATES), held()
    done = services.plan(li, crowd.plan())
    assert [line.booking for line in shown.lines] == [line.booking for line in done.consequences.lines]
    assert shown.companies == done.consequences.companies
    assert (shown.places, shown.reasons) == (done.consequences.places, [])
    assert sorted(line.booking.id for line in shown.lines) == crowd.bookings
    assert {line.booking.state for line in shown.lines} == {"requested", "approved"}
    assert any(line.booking.over_quota for line in shown.lines)
    assert (len(shown.lines), len(shown.companies)) == (BOOKINGS, COMPANIES)

    window = done.windows[0].id
    assert what_happened(states) == dict.fromkeys(crowd.bookings, "displaced")
    assert given_back(hours) == hours_of(shown)
    assert [one.booking.id for one in outcomes.by_cause(displacement.Cause("maintenance", window))] == [
        line.booking.id for line in shown.lines
    ]
    assert claims("maintenance") == {
        (place.instrument_id, place.channel, place.slot.start, place.slot.end, window) for place in shown.places
    }
    assert not claims("booking")
    assert not claims("offer"), "the time that was held is needed after all"
    free = Counter(
        booking.check(li, Draft(one.instrument.code, one.slot, "", line.booking.company_id)).allowed
        for line in shown.lines
        for one in line.nearest
    )
    assert free.keys() == {True}, "every time that is shown can be had"
    ran(bookings=BOOKINGS, companies=COMPANIES, nearest_slots=free[True])
    assert breaches(app) == []


def claims(kind: str) -> set[tuple[Any, ...]]:
    columns = (Claim.instrument_id, Claim.channel, Claim.starts_at, Claim.ends_at, Claim.owner_id)
    return {tuple(row) for row in rows(sa.select(*columns).where(Claim.kind == kind))}


def test_where_nobody_may_be_hit_all_thirty_are_named_and_nothing_happens(crowd: Crowd) -> None:
    before = fingerprint()
    draft = crowd.plan(when_hit=rules.REFUSE)
    shown = services.preview(crowd.cast.li, draft).consequences
    with pytest.raises(Conflict) as refused:
        services.plan(crowd.cast.li, draft)
    assert list(shown.reasons) == list(refused.value.reasons)
    assert [(one.code, f"{BOOKINGS} " in str(one.message)) for one in shown.reasons] == [("bookings_hit", True)]
    assert fingerprint() == before


def test_pieces_that_are_shown_to_fit_around_thirty_bookings_are_those_that_are_taken(
    app: Flask, crowd: Crowd, ran: Ran
) -> None:
    draft = crowd.plan(when_hit=rules.FIT)
    shown = services.preview(crowd.cast.li, draft).consequences
    states, hours, before = asked(_STATES), held(), claims("booking") | claims("offer")
    done = services.plan(crowd.cast.li, draft)
    assert shown.places == done.consequences.places
    assert {one[:4] for one in claims("maintenance")} == {
        (place.instrument_id, place.channel, place.slot.start, place.slot.end) for place in shown.places
    }
    assert (shown.lines, what_happened(states), given_back(hours)) == ([], {}, {})
    assert claims("booking") | claims("offer") == before
    ran(bookings=BOOKINGS, pieces=len(shown.places))
    assert breaches(app) == []


def test_what_retiring_and_suspending_are_shown_to_do_is_what_they_do(app: Flask, crowd: Crowd) -> None:
    li, ada, states, hours = crowd.cast.li, crowd.cast.ada, asked(_STATES), held()
    shown = services.preview_withdrawal(li, "CROWD-B")
    done = services.withdraw(li, "CROWD-B")
    assert len(shown.lines) == BOOKINGS // 3
    assert [line.booking for line in shown.lines] == [line.booking for line in done.lines]
    assert what_happened(states) == {line.booking.id: "displaced" for line in shown.lines}
    assert given_back(hours) == hours_of(shown)

    states, hours, company = asked(_STATES), held(), crowd.company(5)
    shown = services.preview_suspension(ada, company)
    done = services.suspend(ada, company, "The bill is open")
    assert [line.booking for line in shown.lines] == [line.booking for line in done.lines]
    assert what_happened(states) == {line.booking.id: "cancelled" for line in shown.lines}
    assert given_back(hours) == hours_of(shown)
    assert people.company(ada, company).state == "suspended"
    assert breaches(app) == []


# ---------------------------------------------------------------- all of it or nothing


def planned(crowd: Crowd) -> Act:
    return partial(services.plan, crowd.cast.li, crowd.plan())


def fitted(crowd: Crowd) -> Act:
    return partial(services.plan, crowd.cast.li, crowd.plan(when_hit=rules.FIT))


def changed(crowd: Crowd) -> Act:
    """A window that frees what it displaced, and hits others."""
    early = Slot(crowd.begins, crowd.begins + timedelta(hours=6))
    window = services.plan(crowd.cast.li, services.Draft(Wanted(CODES), early, "repair")).windows[0]
    later = Slot(early.start + timedelta(hours=4), early.end + timedelta(hours=6))
    return partial(services.change, crowd.cast.li, window.id, {"note": "Later"}, later)


def cancelled(crowd: Crowd) -> Act:
    window = services.plan(crowd.cast.li, crowd.plan()).windows[0]
    return partial(services.cancel, crowd.cast.li, window.id)


def withdrawn(crowd: Crowd) -> Act:
    return partial(services.withdraw, crowd.cast.li, "CROWD-A")


def narrowed(crowd: Crowd) -> Act:
    return partial(services.withdraw, crowd.cast.li, "CROWD-C", 1)


def suspended(crowd: Crowd) -> Act:
    return partial(services.suspend, crowd.cast.ada, crowd.company(5), "The bill is open")


def accepted(crowd: Crowd) -> Act:
    return partial(booking.accept, crowd.people[4], crowd.offered)


def accepted_elsewhere(crowd: Crowd) -> Act:
    wish = booking.Wish("CROWD-C", Slot(crowd.begins + timedelta(hours=40), crowd.begins + timedelta(hours=41)))
    return partial(booking.accept, crowd.people[4], crowd.offered, wish)


def declined(crowd: Crowd) -> Act:
    return partial(booking.decline, crowd.people[4], crowd.offered)


def lapsed(crowd: Crowd) -> Act:
    return partial(offering.lapse, SYSTEM, crowd.offered, crowd.now + timedelta(days=3))


def offered(crowd: Crowd) -> Act:
    services.plan(crowd.cast.li, crowd.plan())
    return partial(offering.make_offer, SYSTEM, crowd.bookings[0], crowd.now)


CHANGES = (
    *(planned, fitted, changed, cancelled, withdrawn, narrowed),
    *(suspended, accepted, accepted_elsewhere, declined, lapsed, offered),
)


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_breaks_at_whichever_statement_nothing_has_happened(
    app: Flask, crowd: Crowd, ran: Ran, change: Callable[[Crowd], Act]
) -> None:
    act = change(crowd)
    statements = broken_everywhere(lambda: answered(act), defect, {500}, MOST)
    ran(bookings=BOOKINGS, broken_before=f"each of {statements} statements")
    assert statements >= 6
    assert breaches(app) == []


def broken(lab: Lab) -> Act:
    """An outage that ends a use, and displaces who comes after it."""
    running = lab.book(lab.cast.mei, 1, 3)
    lab.book(lab.cast.bo, 5)
    lab.book(lab.cast.mei, 8, approved=False)
    lab.go(1.2)
    booking.check_in(lab.cast.mei, running.id)
    lab.go(2.3)
    return partial(services.report, lab.cast.li, "SEM-01", "No vacuum")


def extended(lab: Lab) -> Act:
    lab.book(lab.cast.bo, 30)
    outage = services.report(lab.cast.li, "SEM-01", "No vacuum")
    return partial(breaking.extend, SYSTEM, outage.id, lab.go(23.5))


def repaired(lab: Lab) -> Act:
    lab.book(lab.cast.bo, 8)
    outage = services.report(lab.cast.li, "SEM-01", "No vacuum")
    lab.go(3)
    return partial(services.repaired, lab.cast.li, outage.id, "New pump")


def opened(lab: Lab) -> Act:
    window = lab.plan(24, 2, "SEM-01", "BAT-01").windows[0]
    return partial(keeping.open_window, SYSTEM, window.id, lab.go(24))


def closed(lab: Lab) -> Act:
    window = lab.plan(24, 2, "SEM-01", "BAT-01").windows[0]
    keeping.open_window(SYSTEM, window.id, lab.go(24))
    return partial(keeping.close_window, SYSTEM, window.id, lab.go(26))


def ended_early(lab: Lab) -> Act:
    lab.book(lab.cast.bo, 26)
    window = lab.plan(24, 4, "SEM-01", "BAT-01").windows[0]
    keeping.open_window(SYSTEM, window.id, lab.go(24))
    lab.go(25)
    return partial(services.cancel, lab.cast.li, window.id)


@pytest.mark.parametrize("change", [broken, extended, repaired, opened, closed, ended_early])
def test_whatever_breaks_as_an_instrument_breaks_down_or_works_again_nothing_has_happened(
    app: Flask, lab: Lab, ran: Ran, change: Callable[[Lab], Act]
) -> None:
    act = change(lab)
    statements = broken_everywhere(lambda: answered(act), defect, {500}, MOST)
    ran(broken_before=f"each of {statements} statements")
    assert statements >= 6
    assert breaches(app) == []


@pytest.mark.parametrize("change", [planned, accepted])
def test_a_session_ended_by_the_administrator_leaves_nothing_of_it(
    app: Flask, crowd: Crowd, ran: Ran, change: Callable[[Crowd], Act]
) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no session that somebody else could end")
    act = change(crowd)
    ran(severed_before=f"each of {broken_everywhere(lambda: answered(act), severed, {503}, MOST)} statements")


@pytest.mark.own_app  # its engine stays spoiled
@pytest.mark.parametrize("change", CHANGES)
def test_without_its_transaction_what_breaks_does_leave_a_trace(
    app: Flask, crowd: Crowd, change: Callable[[Crowd], Act]
) -> None:
    act = change(crowd)
    spoiling.untransacted(db.engine)
    with pytest.raises(AssertionError, match=r"INSERT|UPDATE|DELETE|COMMIT"):
        broken_everywhere(lambda: answered(act), defect, {500}, MOST)


# ---------------------------------------------------------------- the process is killed


def begin(stage: Stage) -> tuple[tuple[str, ...], datetime, datetime, int]:
    """The crowd on the stage: what is planned, and how many statements that takes."""
    with stage.app.app_context():
        crowd = Crowd(stage.cast)
        with planted(COMMIT, defect) as fate:
            answer = answered(planned(crowd))
        assert (answer.status_code, fate.struck) == (500, True)
        db.session.remove()
        return CODES, crowd.slot.start, crowd.slot.end, len(fate.seen)


def test_a_process_killed_in_the_middle_of_saving_a_window_leaves_nothing_of_it(lone_stage: Stage, ran: Ran) -> None:
    stage = lone_stage
    *draft, statements = begin(stage)
    with stage.app.app_context():
        before = fingerprint()
    step = 1 if FULL else max(1, statements // KILLS)
    kills = [*range(2, statements, step), statements]  # the last is the commit
    for at in kills:
        with Crew(stage.url, stage.folder, 1) as crew, pytest.raises((EOFError, ConnectionResetError)):
            crew.together([(acts.plan_and_die, stage.li, *draft, at)])
        with stage.app.app_context():
            assert fingerprint() == before, at
    with Crew(stage.url, stage.folder, 1) as crew:
        (said,) = crew.together([(acts.plan_and_die, stage.li, *draft, 0)])
    assert (said.ok, said.value) == (True, BOOKINGS)
    ran(killed_before=f"{len(kills)} of {statements} statements")
    assert stage.breaches() == []
    if not stage.postgres:
        assert stage.rows("PRAGMA integrity_check") == [("ok",)]
