"""What happens to accounts by itself: periods, warnings, lowered limits, suspended companies, the nightly look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import beyond
from labshare.booking import services as bookings
from labshare.booking.jobs import ENFORCE_SUSPENSIONS, EXPIRE_REQUESTS, RECHECK_ALLOWANCES, RECONCILE_ACCOUNTS
from labshare.booking.models import Booking
from labshare.clockwork.job import Job, Unsound
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, rows
from labshare.kernel.errors import Forbidden
from labshare.kernel.journal import Entry
from labshare.people.models import Company
from labshare.people.services import companies, import_companies
from labshare.quotas import queries, services, watch
from labshare.quotas.allowances import Caps
from labshare.quotas.jobs import OPEN_PERIODS, WARN_OF_LIMITS
from labshare.quotas.models import ASK, Account, Balance, Line
from labshare.quotas.rules import AHEAD
from tests.beside import Together
from tests.booking.conftest import body
from tests.booking.test_checks import plant
from tests.cast import Cast
from tests.people.test_importing import CYGNUS, DRACO, HEADER
from tests.quotas.conftest import Books, limit
from tests.quotas.test_account import ask

DAY = timedelta(days=1)


def run(job: Job, now: datetime | None = None) -> dict[str, int]:
    """What a run comes to, nothing left out but what is none."""
    assert job.run is not None
    return {name: count for name, count in (job.run(now or clock.now()) or {}).items() if count}


def told(kind: str) -> list[dict[str, Any]]:
    db.session.rollback()
    return [data for (data,) in rows(sa.select(Entry.data).where(Entry.kind == kind).order_by(Entry.id))]


def count(model: Any) -> int:
    return int(rows(sa.select(sa.func.count()).select_from(model))[0][0])


def state(number: int) -> tuple[str, bool, int]:
    """A booking's state, whether it is over quota, and what it was charged."""
    db.session.rollback()
    [found] = rows(sa.select(Booking.state, Booking.over_quota, Booking.charge).where(Booking.id == number))
    return tuple(found)


def two_at_once(together: Together, job: Job, now: datetime) -> dict[str, int]:
    """What two runs that begin together come to."""
    both = together(*[lambda: run(job, now)] * 2)
    return {name: sum(one.get(name, 0) for one in both) for one in both for name in one}


def soon() -> datetime:
    """When the bookings' period runs, whatever day it is today."""
    return clock.now() + 2 * DAY


# ---------------------------------------------------------------- what each of them owes


def _follow(cast: Cast, books: Books) -> datetime:
    services.set_default(cast.ada, [limit(100)], Caps())
    return clock.now()


def _new_year(cast: Cast, books: Books) -> datetime:
    last: date = rows(sa.select(sa.func.max(Balance.ends_on)))[0][0]
    return datetime(last.year, 1, 2, tzinfo=UTC) - AHEAD


def _near(cast: Cast, books: Books) -> datetime:
    for company, who in ((cast.aurora, "mei"), (cast.borealis, "bo")):
        books.allow(limit(2), company=company)
        ask(cast, *(("09:00", "11:00") if who == "mei" else ("12:00", "14:00")), who=who)
    return soon()


def _lowered(cast: Cast, books: Books) -> datetime:
    books.allow(limit(10))
    for hour in (9, 11, 13):
        ask(cast, f"{hour:02}:00", f"{hour + 1:02}:00")
    books.allow(limit(0))
    return clock.now()


def _suspended(cast: Cast, books: Books) -> datetime:
    for hour in (9, 11, 13):
        ask(cast, f"{hour:02}:00", f"{hour + 1:02}:00")
    companies.suspend_company(cast.ada, cast.aurora, "Unpaid.")
    return clock.now()


Scene = Callable[[Cast, Books], datetime]
SCENES: dict[str, tuple[Job, Scene, dict[str, int]]] = {
    "a default that has changed": (OPEN_PERIODS, _follow, {"accounts": 3}),
    "a year that comes within reach": (OPEN_PERIODS, _new_year, {"accounts": 3, "periods": 3}),
    "limits nearly used": (WARN_OF_LIMITS, _near, {"warned": 2}),
    "a lowered limit": (RECHECK_ALLOWANCES, _lowered, {"over_quota": 3}),
    "a suspended company": (ENFORCE_SUSPENSIONS, _suspended, {"released": 3}),
}


@pytest.mark.parametrize("what", SCENES)
class TestEveryJob:
    """What each of them owes: once when run twice, late rather than never, and two at once are harmless."""

    def test_acts_once_when_run_twice(self, cast: Cast, books: Books, what: str) -> None:
        job, scene, expected = SCENES[what]
        due = scene(cast, books)
        assert job.preview is not None
        foretold = {name: number for name, number in job.preview(due).items() if number}
        assert foretold.items() <= expected.items(), "a dry run says what a run does"
        assert foretold
        assert run(job, due) == expected
        assert run(job, due) == {}
        assert not any(job.preview(due).values())

    def test_catches_up_after_a_day_of_downtime(self, cast: Cast, books: Books, what: str) -> None:
        job, scene, expected = SCENES[what]
        assert run(job, scene(cast, books) + DAY) == expected

    def test_two_at_once_are_harmless(self, together: Together, cast: Cast, books: Books, what: str) -> None:
        job, scene, expected = SCENES[what]
        due = scene(cast, books)
        done = two_at_once(together, job, due)
        looked = {"accounts"}  # how many it looked at, not what it did
        assert {**done, **{name: expected[name] for name in looked & expected.keys()}} == expected
        assert run(job, due) == {}


def test_people_cannot_do_what_only_the_clock_does(cast: Cast, books: Books) -> None:
    _lowered(cast, books)
    [(number, balance), *_] = beyond.requests_to_pass()
    for act in (
        lambda: services.open_account(cast.ada, cast.aurora, clock.now()),
        lambda: services.warn(cast.ada, cast.aurora, balance, 80, clock.now()),
        lambda: bookings.pass_to_manager(cast.ada, number, balance, clock.now()),
        lambda: bookings.release_suspended(cast.ada, number, clock.now()),
    ):
        with pytest.raises(Forbidden):
            act()


# ---------------------------------------------------------------- periods and the default


def test_periods_open_over_the_new_year_and_with_them_the_next_one_can_be_booked(cast: Cast, books: Books) -> None:
    books.allow(limit(10), limit(5, period="week"))
    last = rows(sa.select(sa.func.max(Balance.ends_on)))[0][0]
    later = datetime(last.year, 12, 30, tzinfo=UTC)
    run(OPEN_PERIODS, later)
    opened = sa.select(Balance.starts_on).order_by(Balance.starts_on)
    years = [one for (one,) in rows(opened.where(Balance.minutes == 600))]
    assert years == [date(year, 1, 1) for year in range(years[0].year, (later + 832 * DAY).year + 1)]
    weeks = [one for (one,) in rows(opened.where(Balance.minutes == 300))]
    assert {(after - before).days for before, after in pairwise(weeks)} == {7}, "without a gap"
    assert weeks[-1] + 7 * DAY > (later + 832 * DAY).date()
    assert run(OPEN_PERIODS, later) == {}


def test_a_changed_default_is_carried_once_to_those_who_follow_it_and_to_nobody_else(cast: Cast, books: Books) -> None:
    books.allow(limit(7), company=cast.borealis)
    ask(cast)
    services.set_default(cast.ada, [limit(1)], Caps(company=3))
    assert run(OPEN_PERIODS) == {"accounts": 2}
    assert books.stand() == {"account": (2, 0), "all year": (2, 0)}, "what was asked for before counts in it"
    assert queries.allowances_of(SYSTEM, cast.aurora).caps == Caps(company=3)
    assert [item.terms.minutes for item in queries.allowances_of(SYSTEM, cast.borealis).items] == [420]
    assert [one["follows"] for one in told("allowances_set")] == [False, True, True]
    assert run(OPEN_PERIODS) == {}
    services.set_default(cast.ada, [limit(9)], Caps())
    assert run(OPEN_PERIODS) == {"accounts": 2}


def test_companies_that_are_imported_have_their_accounts_and_nothing_is_left_to_open(cast: Cast, books: Books) -> None:
    services.set_default(cast.ada, [limit(7)], Caps())
    run(OPEN_PERIODS)
    import_companies(SYSTEM, HEADER + CYGNUS + DRACO)
    assert count(Account) == 3 + 2 + 1, "those of the cast, these, and the default"
    for (company,) in rows(sa.select(Company.id).where(Company.id.not_in(cast.companies.values()))):
        assert books.stand(company) == {"account": (0, 0), "all year": (0, 0)}
    assert run(OPEN_PERIODS) == {}


@pytest.fixture
def bare(cast: Cast) -> None:
    """Mei has asked for two hours, and there are no accounts, as in a house that has just been upgraded."""
    ask(cast)
    without_guard()
    plant(*(f"DELETE FROM {table}" for table in ("ledger", "balance", "allowance")))
    plant("DELETE FROM account WHERE company_id IS NOT NULL")


@pytest.mark.unsound  # it takes away what every company has
def test_a_company_without_account_gets_one_that_counts_what_it_booked(cast: Cast, books: Books, bare: None) -> None:
    answer = cast.api("mei").post("/bookings", body("12:00", "13:00"))
    assert (answer.status_code, answer.json["code"]) == (503, "account_not_open")
    assert run(OPEN_PERIODS)["accounts"] == 3
    assert books.stand() == {"account": (2, 0)}
    assert books.lines() == [("hold", 2)]
    assert run(OPEN_PERIODS) == {}


@pytest.mark.unsound
def test_two_that_open_accounts_at_once_open_each_once(
    together: Together, cast: Cast, books: Books, bare: None
) -> None:
    assert two_at_once(together, OPEN_PERIODS, clock.now())["periods"] == 3
    assert count(Account) == 4
    assert books.stand() == {"account": (2, 0)}


def without_guard() -> None:
    """Let lines of the ledger be taken away."""
    if db.engine.dialect.name == "postgresql":
        plant("DROP TRIGGER ledger_append_only ON ledger")
    else:
        plant("DROP TRIGGER ledger_append_only_update", "DROP TRIGGER ledger_append_only_delete")


# ---------------------------------------------------------------- warnings


def test_80_and_100_per_cent_are_told_once_for_each_limit(cast: Cast, books: Books) -> None:
    books.allow(limit(5))
    ask(cast, "09:00", "12:30")
    assert run(WARN_OF_LIMITS, soon()) == {}, "70 per cent"
    ask(cast, "13:00", "13:30")
    assert run(WARN_OF_LIMITS, soon()) == {"warned": 1}
    ask(cast, "14:00", "15:00")
    assert run(WARN_OF_LIMITS, soon()) == {"warned": 1}
    assert run(WARN_OF_LIMITS, soon()) == {}
    assert [(one["percent"], one["spoken_for"], one["limit"]) for one in told("allowance_nearly_used")] == [
        (80, 240, 300),
        (100, 300, 300),
    ]


def test_of_a_limit_filled_by_one_booking_the_highest_is_told_and_the_lower_is_noted(cast: Cast, books: Books) -> None:
    books.allow(limit(2))
    ask(cast)
    [(company, balance, percent)] = watch.to_warn(soon())
    assert percent == 100
    assert run(WARN_OF_LIMITS, soon()) == {"warned": 1}
    assert [one["percent"] for one in told("allowance_nearly_used")] == [100]
    assert not services.warn(SYSTEM, company, balance, 80, soon()), "who was about to tell the lower is late"
    assert [one["percent"] for one in told("allowance_nearly_used")] == [100]


def test_after_the_limit_changed_one_is_warned_again(cast: Cast, books: Books) -> None:
    books.allow(limit(2))
    ask(cast)
    assert run(WARN_OF_LIMITS, soon()) == {"warned": 1}
    books.allow(limit(2.5))
    assert run(WARN_OF_LIMITS, soon()) == {"warned": 1}
    [near] = watch.near_limit(soon(), 80)
    services.extend(cast.ada, cast.aurora, near.id, 600, "Half a day more.")
    assert run(WARN_OF_LIMITS, soon()) == {}
    services.extend(cast.ada, cast.aurora, near.id, -600, "After all not.")
    assert run(WARN_OF_LIMITS, soon()) == {}, "of this limit one was told"


# ---------------------------------------------------------------- a lowered limit


def test_of_a_lowered_limit_the_newest_requests_are_passed_on_until_the_rest_fits(cast: Cast, books: Books) -> None:
    books.allow(limit(10))
    numbers = [ask(cast, f"{hour:02}:00", f"{hour + 1:02}:00") for hour in (9, 11, 13, 15)]
    cast.api("li").post(f"/bookings/{numbers[3]}/approve")
    books.allow(limit(2.5))
    assert RECHECK_ALLOWANCES.preview is not None
    assert RECHECK_ALLOWANCES.preview(clock.now()) == {"over_quota": 2, "approved": 1}
    before = count(Entry)
    assert run(RECHECK_ALLOWANCES) == {"over_quota": 2}
    assert [state(number) for number in numbers] == [
        ("requested", False, 0),
        ("requested", True, 0),
        ("requested", True, 0),
        ("approved", False, 0),
    ]
    assert books.stand() == {"account": (2, 0), "all year": (2, 0)}
    assert count(Entry) == before + 2 == before + len(told("booking_over_quota"))
    assert run(RECHECK_ALLOWANCES) == {}


def test_what_is_approved_beyond_a_lowered_limit_is_listed_and_never_dropped(cast: Cast, books: Books) -> None:
    books.allow(limit(10, "instrument", cast.sem))
    numbers = [ask(cast, f"{hour:02}:00", f"{hour + 1:02}:00") for hour in (9, 11, 13)]
    for number in numbers[:2]:
        cast.api("li").post(f"/bookings/{number}/approve")
    ask(cast, "16:00", "17:00", instrument="BAT-01")
    books.allow(limit(0.5, "instrument", cast.sem))
    for _ in range(2):
        assert RECHECK_ALLOWANCES.run is not None
        done = RECHECK_ALLOWANCES.run(clock.now())
    assert done == {"over_quota": 0, "approved": 2}
    listed = rows(beyond.approved(cast.li, clock.now()))
    assert {row.id for row in listed} == set(numbers[:2])
    assert rows(beyond.approved(cast.bo, clock.now())) == [], "a rival's"
    assert state(numbers[2]) == ("requested", True, 0)
    [standing] = watch.beyond_limit()
    services.extend(cast.ada, cast.aurora, standing.id, 90, "They were there first.")
    assert RECHECK_ALLOWANCES.run(clock.now()) == {"over_quota": 0, "approved": 0}


def test_what_was_waived_before_does_not_count_as_lowered(cast: Cast, books: Books) -> None:
    """Two hours stand over the limit by a waiver; lowered by one hour more, one request of an hour makes up for it."""
    books.allow(limit(4, then=ASK))
    first, second = (ask(cast, f"{hour:02}:00", f"{hour + 1:02}:00") for hour in (9, 11))
    over = ask(cast, "13:00", "17:00")
    waived = {"waive": ["quota_exceeded"], "reason": "They were promised it."}
    assert cast.api("li").post(f"/bookings/{over}/approve", waived).status_code == 200
    books.allow(limit(3, then=ASK))
    assert run(RECHECK_ALLOWANCES)["over_quota"] == 1
    assert [state(number)[1] for number in (first, second)] == [False, True]
    assert run(RECHECK_ALLOWANCES).get("over_quota", 0) == 0


def test_a_request_passed_on_keeps_its_time_and_is_approved_by_a_waiver_alone(cast: Cast, books: Books) -> None:
    number = ask(cast)
    books.allow(limit(1, then=ASK))
    run(RECHECK_ALLOWANCES)
    li, bo = cast.api("li"), cast.api("bo")
    assert li.post(f"/bookings/{number}/approve").json["code"] == "quota_exceeded"
    seen = li.get(f"/bookings/{number}").json
    taken = {name: seen[name] for name in ("starts_at", "ends_at")} | {"instrument": "SEM-01", "purpose": "Mine"}
    assert bo.post("/bookings", taken).json["code"] == "slot_taken"
    waived = {"waive": ["quota_exceeded"], "reason": "It was asked for before."}
    assert li.post(f"/bookings/{number}/approve", waived).status_code == 200
    assert books.stand() == {"account": (2, 0), "all year": (2, 0)}


def test_where_room_was_made_meanwhile_nothing_is_passed_on(cast: Cast, books: Books) -> None:
    _lowered(cast, books)
    [(number, balance), *_] = beyond.requests_to_pass()
    services.extend(cast.ada, cast.aurora, balance, 600, "It was a slip.")
    assert not bookings.pass_to_manager(SYSTEM, number, balance, clock.now())
    assert state(number) == ("requested", False, 0)


def test_what_a_withdrawn_allowance_was_lowered_to_concerns_nobody(cast: Cast, books: Books) -> None:
    _lowered(cast, books)
    [(number, balance), *_] = beyond.requests_to_pass()
    books.allow()
    assert beyond.requests_to_pass() == []
    assert not bookings.pass_to_manager(SYSTEM, number, balance, clock.now())


def test_two_that_pass_on_different_requests_at_once_pass_on_no_more_than_need_be(
    together: Together, cast: Cast, books: Books
) -> None:
    books.allow(limit(10))
    numbers = [ask(cast, f"{hour:02}:00", f"{hour + 1:02}:00") for hour in (9, 11, 13, 15)]
    books.allow(limit(3))
    [(_, balance)] = beyond.requests_to_pass()
    now = clock.now()
    passed = [lambda number=number: bookings.pass_to_manager(SYSTEM, number, balance, now) for number in numbers]
    assert sum(together(*passed)) == 1


# ---------------------------------------------------------------- suspended companies


def test_a_suspended_companys_bookings_are_taken_back_without_charge_however_late(cast: Cast, books: Books) -> None:
    books.allow(limit(10), company=cast.borealis)
    requested, approved = ask(cast), ask(cast, "12:00", "13:00")
    theirs = ask(cast, "15:00", "16:00", who="bo")
    cast.api("li").post(f"/bookings/{approved}/approve")
    companies.suspend_company(cast.ada, cast.aurora, "Unpaid.")
    shortly_before = clock.now() + 30 * timedelta(hours=1)
    assert run(ENFORCE_SUSPENSIONS, shortly_before) == {"released": 2}
    assert state(requested) == state(approved) == ("cancelled", False, 0)
    assert state(theirs) == ("requested", False, 0)
    assert books.stand() == {"account": (0, 0)}
    assert [(one["was"], one["charge"], one["why"]) for one in told("booking_cancelled")] == [
        ("requested", 0, "company_suspended"),
        ("approved", 0, "company_suspended"),
    ]
    assert cast.api("bo").post("/bookings", body("09:00", "11:00")).status_code == 201, "the time is free"
    companies.reactivate_company(cast.ada, cast.aurora)
    assert state(requested) == ("cancelled", False, 0)


def test_what_a_suspended_company_is_using_or_has_used_stays(cast: Cast, books: Books) -> None:
    number = ask(cast)
    companies.suspend_company(cast.ada, cast.aurora, "Unpaid.")
    assert run(ENFORCE_SUSPENSIONS, clock.now() + 5 * DAY) == {}
    assert state(number)[0] == "requested"
    run(EXPIRE_REQUESTS, clock.now() + 5 * DAY)


def test_a_company_that_was_taken_back_meanwhile_keeps_its_bookings(cast: Cast) -> None:
    number = ask(cast)
    assert not bookings.release_suspended(SYSTEM, number, clock.now())
    assert state(number)[0] == "requested"


# ---------------------------------------------------------------- the nightly look


PLANTED = {
    "a balance that holds more than its lines": "UPDATE balance SET held = held + 7 WHERE held > 0",
    "a line nobody's booking asked for": (
        "INSERT INTO ledger (balance_id, kind, minutes, booking_id, at, reason) "
        "SELECT balance_id, 'use', 5, booking_id, at, '' FROM ledger"
    ),
}


@pytest.mark.unsound
@pytest.mark.parametrize("what", PLANTED)
def test_the_nightly_look_finds_what_differs_says_so_and_repairs_nothing(cast: Cast, books: Books, what: str) -> None:
    books.allow(limit(10))
    ask(cast)
    sound = RECONCILE_ACCOUNTS.run(clock.now()) if RECONCILE_ACCOUNTS.run else None
    assert sound == {"balances": count(Balance), "differences": 0}
    plant(PLANTED[what])
    before = books.stand(), count(Line), count(Entry)
    for _ in range(2):
        with pytest.raises(Unsound, match=r"\d+ differences: (balance|booking) \d+") as found:
            run(RECONCILE_ACCOUNTS)
        assert found.value.counts["differences"] >= 2
    assert (books.stand(), count(Line), count(Entry)) == before


@pytest.mark.unsound
def test_the_jobs_page_shows_what_differs(cast: Cast, books: Books) -> None:
    ask(cast)
    plant("UPDATE balance SET used = used + 1 WHERE held > 0")
    cast.api("ada").post("/jobs/reconcile_accounts/run")
    [line] = [one for one in cast.api("ada").get("/jobs").json["items"] if one["name"] == "reconcile_accounts"]
    assert "1 minutes used, but its lines add up to 0" in str(line["last_result"])
    assert "minutes used, but its lines add up to 0" in cast.browser("ada").get("/jobs").text
