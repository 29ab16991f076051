"""What a booking takes of its company's account, from asking to the usage record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from labshare.booking.jobs.using import judge_use
from labshare.booking.queries import Seen
from labshare.booking.services import deciding
from labshare.instruments import services as keeping
from labshare.instruments.models import Instrument
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import Busy, Conflict, Forbidden, NotFound
from labshare.people.models import Company
from labshare.people.services import companies
from labshare.people.sessions import Browser
from labshare.quotas import account, queries, services
from labshare.quotas.allowances import Caps, open_periods
from labshare.quotas.models import ASK, REFUSE, Account, Balance
from labshare.quotas.queries import Standing
from labshare.quotas.rules import Terms
from tests.booking.conftest import Turn, at, body
from tests.booking.test_asking import codes
from tests.booking.test_using import at_work, booked, do
from tests.cast import Cast
from tests.quotas.conftest import Books, limit


def ask(cast: Cast, start: str = "09:00", end: str = "11:00", who: str = "mei", **more: object) -> int:
    made = cast.api(who).post("/bookings", body(start, end, **more))
    assert made.status_code == 201, made.json
    return int(made.json["id"])


# ---------------------------------------------------------------- held, used, given back


def test_a_request_holds_its_hours_in_every_allowance_it_falls_under(cast: Cast, books: Books) -> None:
    books.allow(
        *(limit(10), limit(8, period="month"), limit(6, "category", cast.category, "quarter")),
        *(limit(5, "instrument", cast.sem, "week"), limit(5, "instrument", cast.bat), limit(9, "site", cast.west)),
    )
    ask(cast)
    assert books.stand() == {
        "account": (2, 0), "all year": (2, 0), "all month": (2, 0), "category quarter": (2, 0),
        "instrument week": (2, 0), "instrument year": (0, 0), "site year": (0, 0),
    }  # fmt: skip
    assert books.lines() == [("hold", 2)]


def test_what_is_rejected_cancelled_or_expired_is_given_back(cast: Cast, books: Books) -> None:
    books.allow(limit(10))
    rejected, cancelled = ask(cast), ask(cast, "12:00", "13:00")
    do(cast, rejected, "reject", {"reason": "No."}, "li")
    do(cast, cancelled, "cancel")
    assert books.stand() == {"account": (0, 0), "all year": (0, 0)}
    assert books.lines() == [("hold", 2), ("hold", 1), ("release", 2), ("release", 1)]


def test_what_is_used_is_what_the_usage_record_says(cast: Cast, books: Books, turn: Turn) -> None:
    books.allow(limit(10))
    number = booked(cast, "09:00", "11:00")
    turn("09:00")
    do(cast, number, "check-in")
    assert books.stand()["all year"] == (2, 0), "held until it is over"
    turn("10:30")
    do(cast, number, "check-out")
    assert books.stand() == {"account": (0, 1.5), "all year": (0, 1.5)}
    assert books.lines(number) == [("hold", 2), ("release", 2), ("use", 1.5)]


def test_seconds_of_a_use_are_rounded_down(cast: Cast, books: Books) -> None:
    number = booked(cast, "09:00", "11:00")
    with time_machine.travel(at("09:00") + timedelta(seconds=10), tick=False):
        do(cast, number, "check-in")
    with time_machine.travel(at("10:00") + timedelta(seconds=5), tick=False):
        do(cast, number, "check-out")
    assert books.stand()["account"] == (0, 59 / 60)


def test_overtime_beyond_the_limit_is_granted_by_a_line_and_makes_no_room(cast: Cast, books: Books, turn: Turn) -> None:
    books.allow(limit(3))
    number = booked(cast, "09:00", "11:00", instrument="BAT-01")
    later = booked(cast, "20:00", "21:00", instrument="BAT-01")
    turn("09:00")
    do(cast, number, "check-in")
    turn("12:00")
    do(cast, number, "check-out")
    assert books.stand()["all year"] == (1, 3)
    refused = cast.api("mei").post("/bookings", body("21:00", "21:30", instrument="BAT-01"))
    assert codes(refused) == ["quota_exceeded"]
    do(cast, later, "cancel", who="li")
    assert books.stand()["all year"] == (0, 3)
    assert codes(cast.api("mei").post("/bookings", body("21:00", "21:30", instrument="BAT-01"))) == ["quota_exceeded"]


def test_a_correction_is_a_new_line_with_the_difference(cast: Cast, books: Books, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("12:00")
    used = {"starts_at": at("09:00", 0).isoformat(), "ends_at": at("10:00", 0).isoformat()}
    assert do(cast, number, "usage", used, "li").status_code == 200
    longer = used | {"ends_at": at("10:30", 0).isoformat(), "reason": "The log says so."}
    assert do(cast, number, "usage", longer, "li").status_code == 200
    assert books.lines(number) == [("hold", 2), ("release", 2), ("use", 1), ("correction", 0.5)]
    shorter = used | {"ends_at": at("09:30", 0).isoformat(), "reason": "Another log."}
    do(cast, number, "usage", shorter, "li")
    assert books.lines(number)[-1] == ("correction", -1)
    assert books.stand()["account"] == (0, 0.5)


# ---------------------------------------------------------------- absence


def test_a_no_show_costs_what_was_booked(cast: Cast, books: Books, turn: Turn) -> None:
    books.allow(limit(10))
    number = booked(cast, "09:00", "11:00")
    at_work(turn("09:31"))
    judge_use(clock.now())
    assert books.lines(number) == [("hold", 2), ("release", 2), ("no_show", 2)]
    assert books.stand()["all year"] == (0, 2)


def test_a_no_show_for_which_the_laboratory_was_closed_is_credited(cast: Cast, books: Books, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("08:00")
    keeping.change(cast.li, "SEM-01", {"state": "out_of_service"})
    at_work(turn("11:00"))
    judge_use(clock.now())
    assert books.lines(number) == [("hold", 2), ("outage_credit", 2)]
    assert books.stand()["account"] == (0, 0)


@pytest.mark.parametrize(("who", "cost"), [("mei", 1), ("li", 0)])
def test_cancelling_late_costs_half_and_staff_who_take_it_back_cost_nothing(
    cast: Cast, books: Books, turn: Turn, who: str, cost: float
) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("08:00")
    do(cast, number, "cancel", who=who)
    assert books.stand()["account"] == (0, cost)


def test_cancelling_before_the_deadline_costs_nothing(cast: Cast, books: Books) -> None:
    number = booked(cast, "09:00", "11:00")
    with time_machine.travel(at("08:59", 1), tick=False):
        do(cast, number, "cancel")
    assert books.stand()["account"] == (0, 0)


def test_a_slip_is_taken_back_for_nothing_within_the_hour(cast: Cast, books: Books, turn: Turn) -> None:
    turn("08:00")
    number = booked(cast, "09:00", "11:00", days=0)
    turn("08:40")
    do(cast, number, "cancel")
    assert books.stand()["account"] == (0, 0)


def test_a_request_nobody_answered_yet_is_never_late_to_cancel(cast: Cast, books: Books, turn: Turn) -> None:
    number = ask(cast)
    turn("08:30")
    do(cast, number, "cancel")
    assert books.lines(number) == [("hold", 2), ("release", 2)]


# ---------------------------------------------------------------- moved


def test_a_move_holds_the_new_time_and_gives_the_old_back(cast: Cast, books: Books) -> None:
    books.allow(limit(3))
    number = ask(cast)
    longer = {name: value for name, value in body("13:00", "16:00").items() if name.endswith("_at")}
    assert do(cast, number, "move", longer).status_code == 200
    assert books.stand()["all year"] == (3, 0)
    longest = {name: value for name, value in body("13:00", "16:30").items() if name.endswith("_at")}
    assert codes(do(cast, number, "move", longest)) == ["quota_exceeded"]
    assert books.stand()["all year"] == (3, 0)
    assert books.lines(number) == [("hold", 2), ("release", 2), ("hold", 3)]


# ---------------------------------------------------------------- over quota


def test_over_an_allowance_that_asks_the_time_is_held_and_no_hours(cast: Cast, books: Books) -> None:
    books.allow(limit(2, then=ASK))
    number = ask(cast, "09:00", "12:00")
    assert books.stand() == {"account": (0, 0), "all year": (0, 0)}
    assert codes(cast.api("bo").post("/bookings", body("09:00", "12:00"))) == ["slot_taken"]
    refused = do(cast, number, "approve", who="li")
    assert (codes(refused), refused.json["reasons"][0]["waivable_by"]) == (["quota_exceeded"], "lab_manager")


def test_a_manager_waives_by_name_and_with_a_reason(cast: Cast, books: Books) -> None:
    books.allow(limit(2, then=ASK))
    number = ask(cast, "09:00", "12:00")
    waived = waive(cast, number, "They were promised it.")
    assert (waived.state, waived.over_quota) == ("approved", False)
    assert books.stand() == {"account": (3, 0), "all year": (3, 0)}
    do(cast, number, "cancel")
    assert books.stand()["all year"] == (0, 0), "what was waived for one booking is not the company's to keep"
    again = ask(cast, "13:00", "16:00")
    assert codes(do(cast, again, "approve", who="li")) == ["quota_exceeded"]


def waive(cast: Cast, number: int, reason: str) -> Seen:
    return deciding.approve(cast.li, number, reason, waive=["quota_exceeded"])


def test_hours_that_came_free_need_no_waiver(cast: Cast, books: Books) -> None:
    books.allow(limit(3, then=ASK))
    first, second = ask(cast, "09:00", "11:00"), ask(cast, "13:00", "15:00")
    assert books.stand()["all year"] == (2, 0)
    do(cast, first, "cancel")
    assert do(cast, second, "approve", who="li").status_code == 200
    assert books.stand()["all year"] == (2, 0)


def test_an_over_quota_request_on_an_instrument_without_approval_waits_for_a_manager(cast: Cast, books: Books) -> None:
    books.allow(limit(1, then=ASK))
    made = cast.api("mei").post("/bookings", body("09:00", "11:00", instrument="BAT-01")).json
    assert made["state"] == "requested"
    assert made["decide_by"]


def test_refused_by_one_allowance_is_refused_though_another_would_ask(cast: Cast, books: Books) -> None:
    books.allow(limit(1, then=ASK), limit(1, period="month"))
    assert codes(cast.api("mei").post("/bookings", body("09:00", "11:00"))) == ["quota_exceeded"]


# ---------------------------------------------------------------- allowances are set


def test_a_new_allowance_counts_what_was_asked_for_and_used_before(cast: Cast, books: Books, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    ask(cast, "13:00", "14:00", days=3)
    turn("09:00")
    do(cast, number, "check-in")
    turn("10:30")
    do(cast, number, "check-out")
    books.allow(limit(10))
    assert books.stand()["all year"] == (1, 1.5)


def test_a_limit_lowered_below_what_stands_takes_nothing_away_and_makes_no_room(cast: Cast, books: Books) -> None:
    books.allow(limit(10))
    number = ask(cast, "09:00", "12:00")
    books.allow(limit(1))
    assert books.stand()["all year"] == (3, 0)
    do(cast, number, "cancel")
    assert books.stand()["all year"] == (0, 0)
    assert codes(cast.api("mei").post("/bookings", body("09:00", "11:00"))) == ["quota_exceeded"]


def test_the_same_allowance_keeps_its_balance_and_another_begins_anew(cast: Cast, books: Books) -> None:
    books.allow(limit(10), limit(5, period="month"))
    ask(cast)
    books.allow(limit(20), limit(4, "category", cast.category))
    assert books.stand() == {"account": (2, 0), "all year": (2, 0), "category year": (2, 0)}
    books.allow()
    assert books.stand() == {"account": (2, 0)}


def test_given_back_after_its_allowance_was_withdrawn_is_given_back_there_too(cast: Cast, books: Books) -> None:
    books.allow(limit(10))
    number = ask(cast)
    books.allow()
    do(cast, number, "cancel")
    books.allow(limit(10))
    assert books.stand()["all year"] == (0, 0)


def test_only_admins_set_and_a_rival_finds_no_account(cast: Cast) -> None:
    for who, error in ((cast.li, Forbidden), (cast.chen, Forbidden), (cast.bo, NotFound)):
        with pytest.raises(error):
            services.set_allowances(who, cast.aurora, [limit(10)])
    with pytest.raises(Forbidden):
        services.set_default(cast.li, [], Caps())


def test_whoever_read_the_old_allowances_cannot_write_by_them(cast: Cast, books: Books) -> None:
    """A booking reckoned before an admin changed the set would be missing in the new allowance: it is refused."""
    number = ask(cast)
    stood = account.standing(number)
    books.allow(limit(10))
    entries = [
        account.Entry(one.balance_id, one.terms, "release", one.held, account.Whose(number, 1, 1)) for one in stood
    ]
    with pytest.raises(Busy), transaction() as tx:
        account.post(tx, cast.mei, entries, clock.now())
    assert books.stand()["account"] == (2, 0)


# ---------------------------------------------------------------- the default


def test_a_company_without_its_own_follows_the_default_and_returns_to_it(cast: Cast, books: Books) -> None:
    ask(cast)
    services.set_default(cast.ada, [limit(7)], Caps(company=3))
    for company in (cast.aurora, cast.borealis):
        services.open_account(SYSTEM, company, clock.now())
    assert books.stand() == {"account": (2, 0), "all year": (2, 0)}
    books.allow(limit(5, period="month"))
    services.set_default(cast.ada, [limit(9)], Caps())
    services.open_account(SYSTEM, cast.aurora, clock.now())
    assert set(books.stand()) == {"account", "all month"}, "its own stay its own"
    services.set_allowances(cast.ada, cast.aurora, None)
    assert books.stand() == {"account": (2, 0), "all year": (2, 0)}


def test_a_company_that_comes_in_has_an_account_from_its_first_moment(cast: Cast, books: Books) -> None:
    services.set_default(cast.ada, [limit(7)], Caps())
    facts = {"name": "Cygnus Cells", "kind": "company", "org_id_type": "foreign", "org_id": "CY 1234"}
    companies.register(
        facts,
        "Cy",
        "cy@cast.labshare.test",
        "seven green lanterns",
        Browser("127.0.0.1", "tests", timedelta(hours=1)),
    )
    [(number,)] = rows(sa.select(Company.id).where(Company.name == "Cygnus Cells"))
    assert books.stand(number) == {"account": (0, 0), "all year": (0, 0)}


# ---------------------------------------------------------------- extension, caps, and what is missing


def test_an_extension_makes_room_once_and_is_taken_back_unless_spoken_for(cast: Cast, books: Books) -> None:
    books.allow(limit(1))
    [balance] = [one for one in limits(cast) if one.starts_on.year == year()]
    with pytest.raises(Conflict, match="spoken_for"):
        services.extend(cast.ada, cast.aurora, balance.id, -60, "Wrongly given.")
    services.extend(cast.ada, cast.aurora, balance.id, 60, "A late delivery.")
    ask(cast, "09:00", "11:00")
    assert codes(cast.api("mei").post("/bookings", body("13:00", "13:30"))) == ["quota_exceeded"]
    with pytest.raises(Conflict, match="spoken_for"):
        services.extend(cast.ada, cast.aurora, balance.id, -30, "Wrongly given.")


def year() -> int:
    """The year of the bookings, which are two days ahead."""
    return at("09:00").year


def limits(cast: Cast) -> Sequence[Standing]:
    """The limits of the year in which one books."""
    return queries.statement(cast.chen, cast.aurora, year()).standings


def test_caps_count_bookings_ahead_of_the_company_and_of_each_person(cast: Cast, books: Books) -> None:
    books.allow(caps=Caps(company=3, person=2))
    first = ask(cast, "09:00", "10:00")
    ask(cast, "10:30", "11:30")
    assert codes(cast.api("mei").post("/bookings", body("12:00", "13:00"))) == ["too_many_bookings"]
    ask(cast, "12:00", "13:00", who="chen")
    assert codes(cast.api("chen").post("/bookings", body("14:00", "15:00"))) == ["too_many_bookings"]
    moved = {name: value for name, value in body("15:00", "16:00").items() if name.endswith("_at")}
    assert do(cast, first, "move", moved).status_code == 200, "a move is no further booking"
    do(cast, first, "cancel")
    ask(cast, "16:30", "17:00")


def test_a_missing_balance_is_an_error_and_never_a_pass(cast: Cast) -> None:
    with transaction() as tx:
        tx.execute(sa.delete(Balance))
        cast._tell(tx)
    refused = cast.api("mei").post("/bookings", body("09:00", "11:00"))
    assert (refused.status_code, refused.json["code"]) == (503, "account_not_open")
    assert cast.api("mei").get("/bookings").json["items"] == []
    with transaction() as tx:
        for company in cast.companies.values():
            mine = tx.execute(sa.select(Account.id).where(Account.company_id == company)).scalar_one()
            open_periods(tx, mine, clock.now())
        cast._tell(tx)


def test_what_is_counted_is_not_counted_again_when_another_allowance_is_set(cast: Cast, books: Books) -> None:
    books.allow(limit(10))
    ask(cast)
    books.allow(limit(9), limit(8, period="month"))
    assert books.stand() == {"account": (2, 0), "all year": (2, 0), "all month": (2, 0)}


def test_an_instrument_that_changes_its_category_leaves_what_was_booked_where_it_stands(
    cast: Cast, books: Books
) -> None:
    books.allow(limit(10, "category", cast.category))
    ask(cast)
    keeping.change(cast.li, "SEM-01", {"category": "Probes", "category_zh": "探针"})
    [(probes,)] = rows(sa.select(Instrument.category_id).where(Instrument.id == cast.sem))
    books.allow(limit(10, "category", cast.category), limit(5, period="month"))
    assert books.stand() == {"account": (2, 0), "category year": (2, 0), "all month": (2, 0)}
    assert probes != cast.category


def test_an_extension_stays_where_an_allowance_has_another_last_day(cast: Cast, books: Books) -> None:
    books.allow(limit(1))
    [balance] = [one for one in limits(cast) if one.starts_on.year == year()]
    services.extend(cast.ada, cast.aurora, balance.id, 120, "A late delivery.")
    books.allow(Terms("all", None, "year", 60, REFUSE, None, date(2099, 12, 31)))
    [one] = [one for one in limits(cast) if one.starts_on.year == year() and one.withdrawn_at is None]
    assert (one.id != balance.id, one.minutes, one.extended) == (True, 60, 120)


def test_too_late_to_cancel_for_nothing_is_too_late_to_move(cast: Cast, books: Books, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00")
    turn("08:00")
    later = {"starts_at": at("09:00", 7).isoformat(), "ends_at": at("11:00", 7).isoformat()}
    assert codes(do(cast, number, "move", later)) == ["too_late_to_move"]
    do(cast, number, "cancel")
    assert books.stand()["account"] == (0, 1)


def test_what_staff_book_on_behalf_counts_for_the_company_and_for_no_person(cast: Cast, books: Books) -> None:
    books.allow(caps=Caps(company=3, person=1))
    for start, end in (("09:00", "10:00"), ("10:30", "11:30"), ("12:00", "13:00")):
        made = cast.api("li").post("/bookings", body(start, end, company=cast.aurora))
        assert made.status_code == 201, made.json
    assert codes(cast.api("li").post("/bookings", body("14:00", "15:00", company=cast.aurora))) == ["too_many_bookings"]
