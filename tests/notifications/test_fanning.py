"""Each fact once a person: run twice, late, out of order, or by two at once; and nothing of what was rolled back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.booking import events as booking
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, rows, transaction
from labshare.kernel.journal import Entry, publish
from labshare.notifications import fanning
from labshare.notifications.jobs import DELIVER, TIDY_MESSAGES, deliver, fan_out, tidy_messages
from labshare.notifications.models import Delivery, Message, Told
from tests.notifications.conftest import House
from tests.notifications.reading import mails

SETTLED = timedelta(minutes=11)


def count(model: type[Message] | type[Delivery]) -> int:
    return int(rows(sa.select(sa.func.count()).select_from(model))[0][0])


def mark() -> int:
    return int(rows(sa.select(Told.journal_id))[0][0])


def approve(house: House, times: int, at: datetime | None = None) -> None:
    for _ in range(times):
        house.happens(house.cast.li, booking.BookingApproved(**house.booking("mei")), at)


def test_run_twice_it_tells_once(house: House) -> None:
    approve(house, 3)
    now = clock.now()
    assert fan_out(now) == {"messages": 3, "mails": 3}
    assert fan_out(now) == {"messages": 0, "mails": 0}
    assert (count(Message), count(Delivery)) == (3, 3)


def test_after_forty_days_of_downtime_everything_is_told_late_and_once(house: House) -> None:
    began = clock.now() - timedelta(days=40)
    for day in range(40):
        approve(house, 1, began + timedelta(days=day))
    assert fan_out(clock.now())["messages"] == 40
    assert fan_out(clock.now())["messages"] == 0
    read_on = rows(sa.select(Message.at).order_by(Message.id))
    assert [row.at for row in read_on] == [began + timedelta(days=day) for day in range(40)]


def test_many_facts_are_told_in_batches_of_a_constant_number_of_statements(
    house: House, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    fact = house.booking("mei")
    costs = []
    for number in (10, fanning.AT_ONCE):
        with transaction() as tx:
            for _ in range(number):
                publish(tx, house.cast.li, booking.BookingApproved(**fact), clock.now())
        facts = fanning.next_facts(max([row.journal_id for row in rows(sa.select(Message.journal_id))], default=0))
        assert len([one for one in facts if one.kind == "booking_approved"]) == number
        with statements() as said:
            made = fanning.prepare(facts, clock.now())
            with transaction() as tx:
                fanning.write(tx, made)
        costs.append(len(said))
    assert costs[0] == costs[1] <= 8


def test_what_is_committed_out_of_order_is_not_passed_over(house: House) -> None:
    fact = house.booking("mei")
    now = clock.now()
    with house.untold() as tx:  # a number is given out, and its transaction is not over yet
        highest = tx.execute(sa.select(sa.func.max(Entry.id))).scalar_one()
    skipped = highest + 5

    def entry(number: int) -> None:
        row = {"object": "booking", "object_id": fact["object_id"], "kind": "booking_approved", "at": clock.now()}
        times = {name: fact[name].isoformat() for name in ("starts_at", "ends_at")}
        with transaction() as tx:
            values = {**row, "id": number, "version": 2, "actor_id": house.cast.people["li"], "data": times}
            tx.execute(sa.insert(Entry).values(company_id=fact["company_id"], **values))

    entry(skipped + 1)
    assert fan_out(now)["messages"] == 1
    assert mark() < skipped
    entry(skipped)
    assert fan_out(clock.now())["messages"] == 1
    assert fan_out(now + timedelta(minutes=11))["messages"] == 0
    assert mark() == skipped + 1, "what is older than ten minutes is looked at no more"


def test_what_was_rolled_back_is_told_to_nobody(house: House) -> None:
    fact = house.booking("mei")

    def approve_and_fail() -> None:
        with transaction() as tx:
            publish(tx, house.cast.li, booking.BookingApproved(**fact), clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        approve_and_fail()
    assert fan_out(clock.now())["messages"] == 0


def test_two_at_once_tell_and_send_each_fact_once(house: House, app: Flask, tmp_path: object) -> None:
    approve(house, 20)
    now, barrier, failures = clock.now(), threading.Barrier(2), []

    def run() -> None:
        with app.app_context():
            barrier.wait(10)
            try:
                deliver(now)
            except Exception as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    deliver(now)  # whoever lost a race for the lock left the rest to the next round
    assert (count(Message), count(Delivery)) == (20, 20)
    tries = rows(sa.select(Delivery.state, Delivery.tries).distinct())
    assert [tuple(row) for row in tries] == [("sent", 1)]
    assert len(mails(tmp_path)) == 20  # type: ignore[arg-type]


def test_a_dry_run_counts_what_waits_and_does_nothing(house: House) -> None:
    assert DELIVER.preview is not None
    approve(house, 2)
    requested = 2  # nobody is told of requests that need no answer; they only stand behind the mark
    assert DELIVER.preview(clock.now()) == {"facts": 2 + requested, "waiting": 0}
    assert (count(Message), count(Delivery)) == (0, 0)
    fan_out(clock.now())
    assert DELIVER.preview(clock.now()) == {"facts": requested, "waiting": 2}


# ---------------------------------------------------------------- throwing away


def age(house: House, days: int, **state: object) -> None:
    then = clock.now() - timedelta(days=days)
    with house.untold() as tx:
        tx.execute(sa.update(Delivery).values(changed_at=then, **state))
        tx.execute(sa.update(Message).values(at=then, read_at=then if state["state"] == "sent" else None))


@pytest.mark.parametrize(
    ("days", "state", "left"), [(89, "sent", 1), (91, "sent", 0), (364, "dead", 1), (366, "dead", 0)]
)
def test_what_is_old_is_thrown_away_once(house: House, days: int, state: str, left: int) -> None:
    approve(house, 1, clock.now() - timedelta(days=days))
    deliver(clock.now() + SETTLED)
    age(house, days, state=state)
    gone = {"deliveries": 1 - left, "messages": 1 - left}
    assert TIDY_MESSAGES.preview is not None
    assert TIDY_MESSAGES.preview(clock.now()) == gone
    assert tidy_messages(clock.now()) == gone
    assert tidy_messages(clock.now()) == {"deliveries": 0, "messages": 0}
    assert (count(Message), count(Delivery)) == (left, left)
    assert fan_out(clock.now())["messages"] == 0, "what was thrown away is not told once more"


def test_what_may_still_be_looked_at_again_is_kept(house: House) -> None:
    approve(house, 1)
    deliver(clock.now())
    age(house, 91, state="sent")
    assert tidy_messages(clock.now()) == {"deliveries": 0, "messages": 0}


def test_two_tidying_at_once_and_one_after_forty_days_do_no_harm(house: House, app: Flask) -> None:
    approve(house, 30, clock.now() - timedelta(days=131))
    deliver(clock.now() + SETTLED)
    age(house, 131, state="sent")
    barrier, counts = threading.Barrier(2), []

    def run() -> None:
        with app.app_context():
            barrier.wait(10)
            counts.append(tidy_messages(clock.now()))
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(one["messages"] for one in counts) == sum(one["deliveries"] for one in counts) == 30
    assert (count(Message), count(Delivery)) == (0, 0)


def test_the_clock_itself_is_told_nothing(house: House) -> None:
    house.happens(SYSTEM, booking.BookingStarted(**house.booking("mei"), at=clock.now(), late=False))
    assert fan_out(clock.now())["messages"] == 0
