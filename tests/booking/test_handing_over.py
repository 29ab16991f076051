"""A booking goes to a colleague of the same company: its time, its hours and its state stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import services
from labshare.booking.models import Restriction
from labshare.booking.services import endorsing
from labshare.kernel import clock
from labshare.kernel.db import db, rows, transaction
from labshare.kernel.journal import Entry
from labshare.people import services as people
from labshare.quotas import account
from labshare.quotas.allowances import Caps
from tests.beside import Do, beside, paused
from tests.booking.conftest import Turn, at, body
from tests.booking.test_asking import codes
from tests.booking.test_using import booked, use
from tests.cast import Cast
from tests.quotas.conftest import Books, books

__all__ = ["beside", "books"]


def hand(cast: Cast, number: int, to: Any, who: str = "mei", **more: Any) -> Any:
    person = cast.people[to] if isinstance(to, str) else to
    return cast.api(who).post(f"/bookings/{number}/hand-over", {"person": person, **more})


def claims(number: int) -> list[Any]:
    db.session.rollback()
    found = db.session.execute(sa.text(f"SELECT starts_at, ends_at, channel FROM claim WHERE owner_id = {number}"))
    return [tuple(row) for row in found]


@pytest.mark.parametrize("state", ["requested", "approved"])
def test_a_colleague_gets_it_with_its_time_and_its_state(cast: Cast, books: Books, state: str) -> None:
    number = cast.api("mei").post("/bookings", body("09:00", "11:00")).json["id"]
    if state == "approved":
        cast.api("li").post(f"/bookings/{number}/approve")
    held, lines = claims(number), books.lines(number)
    told = hand(cast, number, "chen")
    assert (told.status_code, told.json["state"], told.json["person"]["name"]) == (200, state, "Chen")
    assert (claims(number), books.lines(number)) == (held, lines)
    said = rows(sa.select(Entry.data).where(Entry.kind == "booking_handed_over"))[0].data
    assert (said["person_id"], said["old_person_id"]) == (cast.people["chen"], cast.people["mei"])
    assert cast.api("mei").post(f"/bookings/{number}/cancel").status_code == 403  # it is hers no more


def test_whoever_gets_it_uses_it(cast: Cast, turn: Turn) -> None:
    number = booked(cast, "09:00", "11:00", "chen")
    hand(cast, number, "mei", "chen")
    turn("09:00")
    assert cast.api("mei").post(f"/bookings/{number}/check-in").json["state"] == "in_use"
    turn("10:50")
    cast.api("mei").post(f"/bookings/{number}/check-out")
    assert use(cast, number)["minutes"] == 110


def test_nobody_but_a_colleague_gets_it_and_a_foreigner_is_told_from_nobody(cast: Cast) -> None:
    number = booked(cast, "09:00", "11:00")
    answers = [hand(cast, number, to) for to in ("bo", "li", 999_999)]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.data for answer in answers}) == 1
    assert "person" in answers[0].json["errors"]
    assert codes(hand(cast, number, "mei")) == ["unchanged"]
    people.remove_person(cast.ada, cast.people["mei"])
    assert hand(cast, number, "mei", "chen").status_code == 422  # who was removed is no colleague


@pytest.mark.parametrize(("who", "status"), [("mei", 200), ("chen", 409), ("bo", 404), ("li", 403), ("ada", 403)])
def test_who_may_hand_it_over(cast: Cast, who: str, status: int) -> None:
    number = booked(cast, "09:00", "11:00")
    assert hand(cast, number, "chen" if who == "mei" else "mei", who).status_code == status


def test_a_booking_made_on_behalf_goes_to_whoever_of_the_company_uses_it(cast: Cast) -> None:
    number = cast.api("li").post("/bookings", body("09:00", "11:00", company=cast.aurora)).json["id"]
    told = hand(cast, number, "mei", "chen").json
    assert (told["person"]["name"], told["on_behalf"]) == ("Mei", False)


def test_what_has_begun_or_is_over_stays_where_it_is(cast: Cast, turn: Turn) -> None:
    first, second = booked(cast, "09:00", "11:00"), booked(cast, "12:00", "13:00")
    cast.api("mei").post(f"/bookings/{second}/cancel")
    assert codes(hand(cast, second, "chen")) == ["wrong_state"]
    turn("09:00")
    assert codes(hand(cast, first, "chen")) == ["in_the_past"]


def test_an_older_version_is_refused(cast: Cast) -> None:
    number = booked(cast, "09:00", "11:00")
    assert codes(hand(cast, number, "chen", version=1)) == ["changed_meanwhile"]


def test_a_colleagues_cap_holds(cast: Cast, books: Books) -> None:
    books.allow(caps=Caps(person=1))
    mine, theirs = booked(cast, "09:00", "11:00"), booked(cast, "12:00", "13:00", "chen")
    assert codes(hand(cast, mine, "chen")) == ["too_many_bookings"]
    cast.api("chen").post(f"/bookings/{theirs}/cancel")
    assert hand(cast, mine, "chen").status_code == 200


@pytest.mark.parametrize("guarded", [True, False])
def test_a_colleagues_cap_holds_for_two_that_are_handed_over_at_once(
    cast: Cast, books: Books, beside: Callable[[Do], Any], monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Whoever comes second waits for the first to be counted; the control takes the line away they stand in."""
    if not guarded:
        if db.engine.dialect.name == "sqlite":
            pytest.skip("only one writes at a time there, line or no line")
        monkeypatch.setattr(account, "queue_up", lambda *_rest: None)
    both = [booked(cast, "09:00", "10:00"), booked(cast, "12:00", "13:00")]
    books.allow(caps=Caps(person=1))
    there, _on = paused(monkeypatch, endorsing, "change", before=True)

    def give(number: int) -> Any:
        return beside(lambda: services.hand_over(cast.mei, number, cast.people["chen"]).state)

    first = give(both[0])
    assert there.wait(10)
    second = give(both[1])
    assert (first.result(30), second.result(30)) == ("approved", "too_many_bookings" if guarded else "approved")


def test_a_restricted_colleague_gets_none(cast: Cast) -> None:
    number = booked(cast, "09:00", "11:00")
    values = {"company_id": cast.aurora, "person_id": cast.people["chen"], "points": 3}
    with transaction() as tx:
        tx.execute(sa.insert(Restriction).values(starts_at=clock.now(), ends_at=at("09:00", 9), **values))
        cast._tell(tx)
    assert codes(hand(cast, number, "chen")) == ["restricted"]


def test_the_page_offers_colleagues_and_hands_over(cast: Cast) -> None:
    number = booked(cast, "09:00", "11:00")
    mei = cast.browser("mei")
    page = mei.get(f"/bookings/{number}").text
    assert "Hand over to a colleague" in page
    assert f'<option value="{cast.people["chen"]}"' in page
    assert f'<option value="{cast.people["bo"]}"' not in page
    wrong = mei.post(f"/bookings/{number}/hand-over", data={"person": cast.people["bo"], "retry_key": "a-1"})
    assert wrong.status_code == 422
    done = mei.post(f"/bookings/{number}/hand-over", data={"person": cast.people["chen"], "retry_key": "a-2"})
    assert done.status_code == 303
    assert "handed it over" in mei.get(f"/bookings/{number}").text
    assert "Hand over to a colleague" not in cast.browser("li").get(f"/bookings/{number}").text


def test_asking_twice_is_handing_over_once(cast: Cast) -> None:
    number = booked(cast, "09:00", "11:00")
    said, key = {"person": cast.people["chen"]}, {"Idempotency-Key": "once"}
    first, second = (cast.api("mei").post(f"/bookings/{number}/hand-over", said, headers=key) for _time in range(2))
    assert (first.status_code, first.data) == (200, second.data)
