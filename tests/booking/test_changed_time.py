"""A yes to another time than was asked for: held until the company accepts, gives it back, or does not answer."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import waivers
from labshare.booking.jobs.offering import LAPSE_OFFERS
from labshare.booking.models import Booking, Waiver
from labshare.instruments.models import Claim
from labshare.kernel import clock
from labshare.kernel.db import rows
from labshare.kernel.journal import Entry
from labshare.quotas import account
from labshare.quotas import services as accounts
from tests.booking.conftest import Turn, at, body, slot
from tests.booking.test_asking import codes
from tests.booking.test_deciding import asked, move
from tests.cast import Cast
from tests.quotas.conftest import limit


def offered(cast: Cast, start: str = "13:00", end: str = "15:00", **more: Any) -> Any:
    number = asked(cast)["id"]
    return cast.api("li").post(
        f"/bookings/{number}/offer", {**move(start, end), "reason": "Mornings are full.", **more}
    )


def held(number: int) -> tuple[Any, ...]:
    [found] = rows(sa.select(Claim.starts_at, Claim.ends_at).where(Claim.kind == "booking", Claim.owner_id == number))
    return tuple(found)


def test_li_offers_another_time_and_mei_accepts_it(cast: Cast) -> None:
    answer = offered(cast)
    seen = answer.json
    assert (answer.status_code, seen["state"], seen["awaiting"], seen["version"]) == (200, "offered", "company", 2)
    assert (seen["starts_at"], seen["answer"]) == (slot("13:00", "15:00").start.isoformat(), "Mornings are full.")
    assert held(seen["id"])[0] <= slot("13:00", "15:00").start
    assert cast.api("bo").post("/bookings", body("09:00", "11:00")).status_code == 201, "what was asked for is free"
    assert codes(cast.api("bo").post("/bookings", body("13:00", "14:00"))) == ["slot_taken"]
    taken = cast.api("mei").post(f"/bookings/{seen['id']}/accept")
    assert (taken.status_code, taken.json["state"], taken.json["decide_by"]) == (200, "approved", None)
    kinds = rows(
        sa.select(Entry.kind).where(Entry.object == "booking", Entry.object_id == seen["id"]).order_by(Entry.id)
    )
    assert [kind for (kind,) in kinds] == ["booking_requested", "booking_offered", "booking_accepted"]


def test_accepting_twice_with_one_key_is_accepting_once(cast: Cast) -> None:
    number, key = offered(cast).json["id"], {"Idempotency-Key": "yes"}
    first, again = (cast.api("mei").post(f"/bookings/{number}/accept", headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.get_data() == again.get_data()
    assert cast.api("mei").post(f"/bookings/{number}/accept").status_code == 409


@pytest.mark.parametrize(
    ("who", "act", "status"),
    [
        ("mei", "accept", 200), ("chen", "accept", 200), ("bo", "accept", 404), ("li", "accept", 403),
        ("mei", "offer", 403), ("chen", "offer", 403), ("bo", "offer", 404), ("li", "offer", 409),
        ("mei", "cancel", 200), ("li", "approve", 409), ("li", "reject", 409), ("mei", "move", 409),
    ],
)  # fmt: skip
def test_who_may_do_what_with_an_offer(cast: Cast, who: str, act: str, status: int) -> None:
    number = offered(cast).json["id"]
    said = {"offer": move("16:00", "17:00"), "move": move("16:00", "17:00"), "reject": {"reason": "No"}}.get(act, {})
    assert cast.api(who).post(f"/bookings/{number}/{act}", said).status_code == status


def test_an_offer_that_is_given_back_costs_nothing(cast: Cast) -> None:
    number = offered(cast).json["id"]
    assert [one.held for one in account.standing(number)] == [120]
    assert cast.api("mei").post(f"/bookings/{number}/cancel").json["state"] == "cancelled"
    assert [(one.held, one.used) for one in account.standing(number)] == [(0, 0)]
    assert not rows(sa.select(Claim.id).where(Claim.owner_id == number))


def test_an_offer_nobody_takes_lapses_and_its_time_and_hours_are_free(cast: Cast, turn: Turn) -> None:
    number = offered(cast).json["id"]
    assert LAPSE_OFFERS.run is not None
    assert LAPSE_OFFERS.run(clock.now()) == {"lapsed": 0}
    turn("06:00")
    assert LAPSE_OFFERS.preview is not None
    assert LAPSE_OFFERS.preview(clock.now()) == {"lapsed": 1}
    assert codes(cast.api("mei").post(f"/bookings/{number}/accept")) == ["offer_lapsed"]
    assert LAPSE_OFFERS.run(clock.now()) == {"lapsed": 1}
    assert LAPSE_OFFERS.run(clock.now()) == {"lapsed": 0}
    assert cast.api("mei").get(f"/bookings/{number}").json["state"] == "lapsed"
    assert [(one.held, one.used) for one in account.standing(number)] == [(0, 0)]
    assert not rows(sa.select(Claim.id).where(Claim.owner_id == number))


def test_an_offer_is_held_for_a_quarter_of_the_time_that_is_left(cast: Cast) -> None:
    offered(cast)
    [(by,)] = rows(sa.select(Booking.decide_by))
    left = at("13:00") - clock.now()
    assert abs((by - clock.now()) / left - 0.25) < 0.01


def test_an_offer_is_refused_for_every_reason_at_once_with_times_that_are_free(cast: Cast) -> None:
    cast.api("bo").post("/bookings", body("13:00", "15:00"))
    answer = offered(cast, "13:00", "13:10")
    assert answer.status_code == 409
    assert {"slot_taken", "too_short"} <= set(codes(answer))
    assert answer.json["alternatives"]
    assert rows(sa.select(Booking.state, Booking.version).where(Booking.company_id == cast.aurora)) == [
        ("requested", 1)
    ]


def test_what_was_asked_for_is_approved_and_not_offered(cast: Cast) -> None:
    assert codes(offered(cast, "09:00", "11:00")) == ["unchanged"]


def test_nobody_waives_what_is_longer_than_any_claim(cast: Cast) -> None:
    whole = body("09:00", "11:00", company=cast.aurora) | {"ends_at": at("09:00", 102).isoformat()}
    answer = cast.api("li").post("/bookings", whole | {"waive": ["too_long"], "reason": "A long run"})
    assert answer.status_code == 409
    assert "too_long" in codes(answer)


@pytest.fixture
def long_ones(cast: Cast) -> None:
    """SEM-01 is booked for an hour at least."""
    assert cast.api("li").patch("/instruments/SEM-01", {"min_minutes": 60}).status_code == 200


@pytest.mark.usefixtures("long_ones")
def test_rules_are_waived_by_name_and_with_a_reason(cast: Cast) -> None:
    number = asked(cast)["id"]
    li, short = cast.api("li"), move("13:00", "13:30")
    assert codes(li.post(f"/bookings/{number}/offer", short)) == ["too_short"]
    unsaid = li.post(f"/bookings/{number}/offer", {**short, "waive": ["too_short", "off_grid"]})
    assert unsaid.status_code == 422, "nobody waives the grid"
    assert list(li.post(f"/bookings/{number}/offer", {**short, "waive": ["too_short"]}).json["errors"]) == ["reason"]
    done = li.post(f"/bookings/{number}/offer", {**short, "waive": ["too_short", "too_long"], "reason": "A quick look"})
    assert done.status_code == 200, done.json
    [waived] = waivers.of_bookings([number])[number]
    assert (waived.code, waived.reason, waived.who) == ("too_short", "A quick look", "Li")
    [(data,)] = rows(sa.select(Entry.data).where(Entry.kind == "booking_offered"))
    assert data["waived"] == ["too_short"]


@pytest.mark.usefixtures("long_ones")
def test_staff_on_behalf_waive_by_name_and_members_cannot(cast: Cast) -> None:
    short = body("13:00", "13:30")
    assert cast.api("mei").post("/bookings", {**short, "waive": ["too_short"], "reason": "Please"}).status_code == 403
    li, mine = cast.api("li"), {**short, "company": cast.aurora}
    assert [one["waivable_by"] for one in li.post("/bookings/check", mine).json["reasons"]] == ["lab_manager"]
    waiving = {**mine, "waive": ["too_short"], "reason": "Only the stub"}
    dry = {name: value for name, value in waiving.items() if name != "purpose"}
    assert li.post("/bookings/check", dry).json["allowed"] is True
    made = li.post("/bookings", waiving)
    assert (made.status_code, made.json["on_behalf"]) == (201, True)
    assert rows(sa.select(Waiver.code, Waiver.reason)) == [("too_short", "Only the stub")]


def test_hours_that_are_not_left_are_waived_for_a_request_on_behalf(cast: Cast) -> None:
    accounts.set_allowances(cast.ada, cast.aurora, [limit(1)])
    li, mine = cast.api("li"), body("09:00", "11:00", company=cast.aurora)
    assert codes(li.post("/bookings", mine)) == ["quota_exceeded"]
    made = li.post("/bookings", {**mine, "waive": ["quota_exceeded"], "reason": "Agreed with the board"})
    assert (made.status_code, made.json["over_quota"]) == (201, False)
    assert sum(one.held for one in account.standing(made.json["id"])) >= 120


def test_the_page_offers_another_time(cast: Cast) -> None:
    number = asked(cast)["id"]
    form = {"starts_at": f"{at('13:00'):%Y-%m-%dT%H:%M}", "ends_at": f"{at('15:00'):%Y-%m-%dT%H:%M}", "version": "1"}
    assert cast.browser("li").post(f"/bookings/{number}/offer", data=form).status_code == 303
    assert cast.api("mei").get(f"/bookings/{number}").json["state"] == "offered"
