"""One answer to many requests: all of them or none, or each for itself; whatever fails says which, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event, insert

from labshare.kernel.db import db, transaction
from labshare.people.models import Person, RoleGrant
from labshare.quotas.models import ASK
from tests.booking.conftest import body
from tests.booking.test_queue import ask
from tests.cast import LONG_AGO, Cast
from tests.proof.breaking import MOST_STATEMENTS, fingerprint, planted, refusal
from tests.quotas.conftest import Books, books, limit

__all__ = ["books"]
Counts = Callable[[], dict[str, int]]


def several(cast: Cast, many: int, first: int = 2) -> list[int]:
    """So many requests of Mei's and Bo's."""

    def one(number: int) -> int:
        hour = 8 + number % 5 * 2
        who = ("mei", "bo")[number % 2]
        return ask(cast, who, f"{hour:02}:00", f"{hour + 1:02}:00", days=first + number // 5)

    return [one(number) for number in range(many)]


def answer(cast: Cast, numbers: list[int], move: str = "approve", who: str = "li", **more: Any) -> Any:
    said: dict[str, Any] = {"bookings": [{"id": number} for number in numbers], "move": move, "whole": False}
    headers = more.pop("headers", None)
    return cast.api(who).post("/bookings/answers", {**said, **more}, headers=headers)


def states(numbers: list[int]) -> list[str]:
    db.session.rollback()
    found = db.session.execute(sa.text("SELECT id, state FROM booking")).all()
    return [state for number in numbers for one, state in found if one == number]


def facts_of(number: int) -> list[str]:
    db.session.rollback()
    said = sa.text("SELECT kind FROM journal WHERE object = 'booking' AND object_id = :one ORDER BY id")
    return list(db.session.execute(said, {"one": number}).scalars())


@pytest.mark.parametrize("whole", [True, False], ids=["all or none", "each"])
def test_fifty_are_approved_at_once(cast: Cast, whole: bool) -> None:
    numbers = several(cast, 50)
    answered = answer(cast, numbers, whole=whole, reason="Welcome")
    assert answered.status_code == 200, answered.get_json()
    assert answered.get_json()["items"] == [{"booking": number, "state": "approved"} for number in numbers]
    assert set(states(numbers)) == {"approved"}
    assert {tuple(facts_of(number)) for number in numbers} == {("booking_requested", "booking_approved")}
    assert cast.api("mei").get(f"/bookings/{numbers[0]}").get_json()["answer"] == "Welcome"


@pytest.mark.parametrize("whole", [True, False], ids=["all or none", "each"])
def test_many_are_rejected_and_their_time_and_hours_are_free(cast: Cast, books: Books, whole: bool) -> None:
    books.allow(limit(10))
    numbers = several(cast, 4)
    assert books.stand()["all year"] == (2, 0)
    assert answer(cast, numbers, "reject", whole=whole, reason="Not this week").status_code == 200
    assert set(states(numbers)) == {"rejected"}
    assert books.stand()["all year"] == (0, 0)
    assert db.session.scalar(sa.text("SELECT count(*) FROM claim WHERE kind = 'booking'")) == 0


def test_each_for_itself_answers_the_others_and_says_which_failed_and_why(cast: Cast) -> None:
    numbers = several(cast, 5)
    cast.api("mei").post(f"/bookings/{numbers[2]}/cancel")
    answered = answer(cast, [*numbers, 10**9])
    assert answered.status_code == 200
    items = {one["booking"]: one for one in answered.get_json()["items"]}
    assert (items[numbers[2]]["code"], items[10**9]["code"]) == ("wrong_state", "not_found")
    assert items[numbers[2]]["reasons"][0]["message"] == "The booking is cancelled; this is not possible."
    assert states(numbers) == ["approved", "approved", "cancelled", "approved", "approved"]


def test_all_or_none_leaves_no_trace_where_one_fails_and_says_which_and_why(cast: Cast) -> None:
    numbers = several(cast, 5)
    cast.api("mei").post(f"/bookings/{numbers[2]}/cancel")
    cast.token("li")
    before = fingerprint()
    refused = answer(cast, [*numbers, 10**9], whole=True, headers={"Idempotency-Key": "all-of-them"})
    assert refused.status_code == 409
    told = refused.get_json()
    assert told["code"] == "not_all"
    assert told["detail"] == "2 of 6 cannot be answered so; none was."
    assert {one["booking"]: one["code"] for one in told["failed"]} == {numbers[2]: "wrong_state", 10**9: "not_found"}
    assert told["failed"][0]["reasons"][0]["code"] == "wrong_state"
    assert fingerprint() == before


@pytest.mark.parametrize("whole", [True, False], ids=["all or none", "each"])
def test_whoever_was_faster_is_not_overruled(cast: Cast, whole: bool) -> None:
    numbers = several(cast, 2)
    chosen = [{"id": number, "version": 1} for number in numbers]
    moved = body("19:00", "20:00")
    times = {name: moved[name] for name in ("starts_at", "ends_at")}
    assert cast.api("bo").post(f"/bookings/{numbers[1]}/move", times).status_code == 200
    said = {"bookings": chosen, "move": "reject", "reason": "No", "whole": whole}
    answered = cast.api("li").post("/bookings/answers", said)
    failed = answered.get_json()["failed" if whole else "items"][-1]
    assert (failed["booking"], failed["code"]) == (numbers[1], "changed_meanwhile")
    assert states(numbers) == ["requested" if whole else "rejected", "requested"]


def over_quota(cast: Cast, books: Books) -> list[int]:
    """Three requests of two hours over quota, for which then three hours are left."""
    books.allow(limit(1, then=ASK))
    numbers = [ask(cast, "mei", f"{hour:02}:00", f"{hour + 2:02}:00") for hour in (8, 11, 14)]
    books.allow(limit(3, then=ASK))
    return numbers


def test_together_they_may_take_no_more_than_is_left(cast: Cast, books: Books) -> None:
    numbers = over_quota(cast, books)
    refused = answer(cast, numbers, whole=True).get_json()
    assert {one["booking"]: one["code"] for one in refused["failed"]} == dict.fromkeys(numbers[1:], "quota_exceeded")
    assert books.stand()["all year"] == (0, 0)
    one_by_one = answer(cast, numbers).get_json()["items"]
    assert [one.get("code", one.get("state")) for one in one_by_one] == ["approved", *["quota_exceeded"] * 2]
    assert books.stand()["all year"] == (2, 0)


def test_what_is_not_left_is_waived_by_name_for_those_that_need_it(cast: Cast, books: Books) -> None:
    numbers = over_quota(cast, books)
    said = {"waive": ["quota_exceeded"], "reason": "The last samples"}
    assert answer(cast, numbers, whole=True, waive=["quota_exceeded"]).status_code == 422, "wordless"
    assert answer(cast, numbers, whole=True, **said).status_code == 200
    assert books.stand()["all year"] == (6, 0)
    waived = [len(cast.api("li").get(f"/bookings/{number}").get_json()["waived"]) for number in numbers]
    assert waived == [0, 1, 1]
    granted = db.session.execute(sa.text("SELECT sum(minutes) FROM ledger WHERE kind = 'waiver'")).scalar_one()
    assert granted == 180


@contextmanager
def somebody_faster() -> Iterator[list[str]]:
    """Whatever is left of any limit is taken before balances are changed; collects the changes of bookings."""
    swapped: list[str] = []

    def takes(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE booking"):
            swapped.append(statement)
        if "UPDATE balance SET held=" in statement:
            connection.exec_driver_sql("UPDATE balance SET held = minutes - used WHERE minutes > 0")

    event.listen(db.engine, "before_cursor_execute", takes)
    try:
        yield swapped
    finally:
        event.remove(db.engine, "before_cursor_execute", takes)


def test_hours_taken_in_the_last_moment_leave_no_trace_of_all_or_none(cast: Cast, books: Books) -> None:
    numbers = over_quota(cast, books)[:2]
    books.allow(limit(5, then=ASK))
    cast.token("li")
    before = fingerprint()
    with somebody_faster() as swapped:
        refused = answer(cast, numbers, whole=True)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "quota_exceeded")
    assert len(swapped) == 2 * len(numbers), "it is reckoned once more before it is refused"
    assert fingerprint() == before
    assert answer(cast, numbers, whole=True).status_code == 200


@pytest.mark.parametrize("whole", [True, False], ids=["all or none", "each"])
def test_asked_twice_under_one_key_it_is_answered_once(cast: Cast, counts: Counts, whole: bool) -> None:
    numbers = several(cast, 4)
    cast.api("mei").post(f"/bookings/{numbers[3]}/cancel")
    some = numbers[: 3 if whole else 4]
    said: dict[str, Any] = {"whole": whole, "headers": {"Idempotency-Key": "twice"}}
    first = answer(cast, some, **said)
    before = counts()
    again = answer(cast, some, **said)
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert counts() == before
    assert answer(cast, some[:2], **said).status_code == 422, "the same key for another request"


def test_each_that_was_answered_before_something_broke_stays_answered_and_once(cast: Cast) -> None:
    numbers, broken = several(cast, 3), set()
    said: dict[str, Any] = {"headers": {"Idempotency-Key": "broken"}}
    cast.token("li")
    for at in range(1, MOST_STATEMENTS):  # before every statement in turn, with the same key
        with planted(at, refusal) as fate:
            answered = answer(cast, numbers, **said)
        broken.add(tuple(states(numbers)))
        if not fate.struck:
            break
    assert [one.get("state") for one in answered.get_json()["items"]] == ["approved"] * 3
    assert len(broken) > 2, "it broke between them too"
    assert {tuple(facts_of(number)) for number in numbers} == {("booking_requested", "booking_approved")}


def elsewhere(cast: Cast) -> None:
    """Wei, a lab manager of the West site alone."""
    with transaction() as tx:
        values = {"email": "wei@cast.labshare.test", "name": "Wei", "created_at": LONG_AGO}
        wei = tx.execute(insert(Person).values(values).returning(Person.id)).scalar_one()
        tx.execute(insert(RoleGrant).values(person_id=wei, role="lab_manager", site_id=cast.west))
        cast._tell(tx)
    cast.people["wei"] = wei


def test_nobody_answers_what_is_not_theirs(cast: Cast) -> None:
    numbers = several(cast, 2)
    elsewhere(cast)
    for name in ("mei", "chen", "bo"):
        assert answer(cast, numbers, who=name).status_code == 403
        assert cast.browser(name).post("/queue/answers", data={"chosen": f"{numbers[0]}.1"}).status_code == 403
    assert {one["code"] for one in answer(cast, numbers, who="wei").get_json()["items"]} == {"not_found"}
    failed = answer(cast, numbers, whole=True, who="wei").get_json()["failed"]
    assert {one["code"] for one in failed} == {"not_found"}
    assert set(states(numbers)) == {"requested"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"bookings": []}, "bookings"),
        ({"bookings": [{"id": 1}] * 2}, "bookings"),
        ({"bookings": [{"id": number} for number in range(1, 202)]}, "bookings"),
        ({"bookings": [{"id": "1"}]}, "bookings"),
        ({"move": "cancel"}, "move"),
        ({"move": "reject"}, "reason"),
        ({"waive": ["quota_exceeded"]}, "reason"),
        ({"waive": ["slot_taken"]}, "waive"),
        ({"whole": "perhaps"}, "whole"),
    ],
)
def test_what_breaks_the_form_is_named(cast: Cast, wrong: dict[str, Any], field: str) -> None:
    said = {"bookings": [{"id": 1}], "move": "approve", "whole": True, **wrong}
    refused = cast.api("li").post("/bookings/answers", said)
    assert refused.status_code == 422
    assert field in refused.get_json()["errors"]


# ---------------------------------------------------------------- by page, without any script


def sent(numbers: list[int], move: str, whole: str = "false", **more: Any) -> dict[str, Any]:
    return {"chosen": [f"{number}.1" for number in numbers], "move": move, "whole": whole, **more}


def test_those_chosen_on_the_page_are_answered_and_the_filters_stay(cast: Cast) -> None:
    numbers, li = several(cast, 3), cast.browser("li")
    page = li.get(f"/queue?company={cast.aurora}").text
    form = re.search(r'<form id="bulk".*?</form>', page, re.S)
    assert form is not None
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(.*?)"', form[0]))
    assert hidden["next"] == f"/queue?company={cast.aurora}"
    assert page.count('form="bulk"') == 2
    data = sent([numbers[0], numbers[2]], "approve", **hidden)
    for _twice in range(2):
        done = li.post("/queue/answers", data=data)
        assert (done.status_code, done.location) == (303, hidden["next"])
    assert states(numbers) == ["approved", "requested", "approved"]
    assert "2 requests approved." in li.get(hidden["next"]).text


def test_what_failed_stands_above_the_queue_with_every_reason(cast: Cast) -> None:
    numbers, li = several(cast, 3), cast.browser("li")
    cast.api("mei").post(f"/bookings/{numbers[0]}/cancel")
    none = li.post("/queue/answers", data=sent(numbers, "reject", "true", reason="Maintenance"))
    assert none.status_code == 409
    assert "1 of 3 cannot be answered so; none was." in none.text
    assert f'<a href="/bookings/{numbers[0]}">Booking {numbers[0]}</a>: The booking is cancelled' in none.text
    assert 'value="Maintenance"' in none.text, "what was typed stays"
    assert f'value="{numbers[1]}.1" form="bulk" aria-labelledby="request-{numbers[1]}-title" checked' in none.text
    others = li.post("/queue/answers", data=sent(numbers, "reject", reason="Maintenance"))
    assert others.status_code == 200
    assert "These could not be answered:" in others.text
    assert "2 requests rejected." in others.text
    assert states(numbers) == ["cancelled", "rejected", "rejected"]


def test_nothing_chosen_and_no_reason_are_said_beside_the_form(cast: Cast) -> None:
    [number], li = several(cast, 1), cast.browser("li")
    for data in (sent([], "approve"), sent([number], "reject"), {"chosen": "x.y.z"}, {"chosen": f"{number}.1"}):
        refused = li.post("/queue/answers", data=data)
        assert refused.status_code == 422, data
        assert 'class="error-summary"' in refused.text
    assert states([number]) == ["requested"]
