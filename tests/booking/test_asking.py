"""Asking for time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg import _queries

from labshare.instruments import timeline
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, transaction
from labshare.kernel.errors import Conflict
from labshare.kernel.journal import publish
from labshare.people.events import CompanyChanged
from tests.booking.conftest import at, body, slot
from tests.cast import Cast
from tests.kernel.happenings import tell

Counts = Callable[[], dict[str, int]]


def change(cast: Cast, sql: str, **values: Any) -> None:
    """Set the scene by a bare statement, told like any other change."""
    with transaction() as tx:
        tx.execute(sa.text(sql), values)
        event = CompanyChanged(object_id=cast.operator, version=1, company_id=cast.operator, name="scene", changed=())
        publish(tx, SYSTEM, event, clock.now())


def codes(answer: Any) -> list[str]:
    return [reason["code"] for reason in answer.json["reasons"]]


def test_mei_asks_and_the_time_is_held_at_once(cast: Cast, counts: Counts) -> None:
    answer = cast.api("mei").post("/bookings", body("09:00", "11:00"))
    assert answer.status_code == 201
    assert answer.json["state"] == "requested"
    assert answer.json["instrument"] == {"code": "SEM-01", "name": "Scanning electron microscope"}
    assert answer.json["company"] == {"id": cast.aurora, "name": "Aurora Displays"}
    assert answer.json["hours"] == 2
    assert answer.json["decide_by"] <= answer.json["starts_at"]
    assert counts() == {"booking": 1, "claim": 1, "journal": counts()["journal"], "answer": 0}


def test_a_taken_slot_is_refused_and_leaves_no_trace(cast: Cast, counts: Counts) -> None:
    cast.api("mei").post("/bookings", body("09:00", "11:00"))
    bo = cast.api("bo")
    before = counts()
    answer = bo.post("/bookings", body("10:00", "12:00"), headers={"Idempotency-Key": "once"})
    assert answer.status_code == 409
    assert answer.json["code"] == "slot_taken"
    assert codes(answer) == ["slot_taken"]
    assert "Aurora" not in answer.text
    assert counts() == before


def test_the_warm_up_belongs_to_the_claim(cast: Cast) -> None:
    assert cast.api("mei").post("/bookings", body("09:00", "11:00")).status_code == 201
    bo = cast.api("bo")
    assert bo.post("/bookings", body("11:00", "12:00")).status_code == 409  # its 15 minutes before 11:00 are taken
    assert bo.post("/bookings", body("11:30", "12:30")).status_code == 201


def test_every_alternative_offered_can_really_be_had(cast: Cast) -> None:
    cast.api("mei").post("/bookings", body("09:00", "11:00"))
    bo = cast.api("bo")
    offered = bo.post("/bookings", body("09:30", "11:30")).json["alternatives"]
    assert len(offered) >= 3
    for one in offered:
        asked = body("09:00", "10:00") | {"instrument": one["instrument"]["code"]}
        asked |= {name: one[name] for name in ("starts_at", "ends_at")}
        verdict = bo.post("/bookings/check", asked).json
        assert (verdict["allowed"], verdict["reasons"], verdict["alternatives"]) == (True, [], [])
        assert (verdict["estimate_cny"], verdict["over_quota"]) == (0.0, False)


def test_all_reasons_are_told_at_once(cast: Cast) -> None:
    change(cast, "UPDATE instrument SET state = 'out_of_service', notice_minutes = 10080 WHERE code = 'SEM-01'")
    change(cast, "UPDATE company SET state = 'suspended' WHERE id = :id", id=cast.aurora)
    answer = cast.api("mei").post("/bookings", body("09:10", "09:20"))
    assert answer.status_code == 409
    assert codes(answer) == ["instrument_unavailable", "company_suspended", "too_short", "off_grid", "too_soon"]
    assert [reason["waivable_by"] for reason in answer.json["reasons"]] == [
        None, None, "lab_manager", None, "lab_manager",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "days", "code"),
    [
        ("09:00", "13:30", 2, "too_long"),
        ("09:15", "10:15", 2, "off_grid"),
        ("09:00", "10:10", 2, "off_grid"),
        ("09:00", "10:00", -2, "in_the_past"),
        ("09:00", "10:00", 70, "too_far_ahead"),
    ],
)
def test_each_rule_has_its_code(cast: Cast, start: str, end: str, days: int, code: str) -> None:
    answer = cast.api("mei").post("/bookings", body(start, end, days=days))
    assert answer.status_code == 409
    assert codes(answer) == [code]


def test_what_needs_no_approval_is_approved_at_once_and_both_facts_are_told(cast: Cast) -> None:
    answer = cast.api("mei").post("/bookings", body("09:00", "11:00", "BAT-01"))
    assert (answer.json["state"], answer.json["version"], answer.json["decide_by"]) == ("approved", 2, None)
    kinds = db.session.scalars(sa.text("SELECT kind FROM journal WHERE object = 'booking' ORDER BY id")).all()
    assert kinds == ["booking_requested", "booking_approved"]


def test_four_channels_hold_four_and_no_more(cast: Cast) -> None:
    mei = cast.api("mei")
    answers = [mei.post("/bookings", body("09:00", "11:00", "BAT-01")) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 201, 409]
    assert sorted(answer.json["channel"] for answer in answers[:4]) == [1, 2, 3, 4]


def test_the_dry_run_says_what_the_request_does(cast: Cast, counts: Counts) -> None:
    mei, bo = cast.api("mei"), cast.api("bo")
    mei.post("/bookings", body("09:00", "11:00"))
    before = counts()
    for asked in (
        body("09:00", "10:00"),
        body("12:00", "13:00"),
        body("09:10", "09:20"),
        body("09:00", "10:00", days=90),
    ):
        verdict = bo.post("/bookings/check", asked).json
        assert counts() == before
        answer = bo.post("/bookings", asked)
        assert verdict["allowed"] == (answer.status_code == 201)
        if not verdict["allowed"]:
            assert verdict["reasons"] == answer.json["reasons"]
            assert verdict["alternatives"] == answer.json["alternatives"]
        before = counts()


def test_li_asks_on_behalf_of_a_company_and_it_is_marked_so(cast: Cast) -> None:
    li = cast.api("li")
    assert li.post("/bookings", body("09:00", "10:00")).status_code == 422
    answer = li.post("/bookings", body("09:00", "10:00", company=cast.borealis))
    assert answer.status_code == 201
    assert answer.json["company"]["name"] == "Borealis Photonics"
    assert answer.json["on_behalf"] is True
    assert cast.api("bo").get(f"/bookings/{answer.json['id']}").status_code == 200


def test_mei_cannot_ask_for_another_company_and_learns_nothing_of_it(cast: Cast, counts: Counts) -> None:
    mei, before = cast.api("mei"), counts()
    known = mei.post("/bookings", body("09:00", "10:00", company=cast.borealis))
    missing = mei.post("/bookings", body("09:00", "10:00", company=987654))
    assert (known.status_code, known.data) == (missing.status_code, missing.data) == (404, missing.data)
    assert counts() == before


def test_an_unknown_instrument_is_named_as_the_wrong_field(cast: Cast) -> None:
    answer = cast.api("mei").post("/bookings", body("09:00", "10:00", "NOPE-1"))
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["instrument"]


def test_a_purpose_is_stored_as_written(cast: Cast) -> None:
    purpose = "  =HYPERLINK(\"x\")\n断口 <b>&amp;</b> 'quoted' 😀\t"
    answer = cast.api("mei").post("/bookings", body("09:00", "10:00", purpose=purpose))
    assert cast.api("mei").get(f"/bookings/{answer.json['id']}").json["purpose"] == purpose


@pytest.mark.parametrize("purpose", ["", "   ", "x" * 2001, "a\x00b", 7, None, ["x"], "\ud800"])
def test_a_bad_purpose_is_refused_by_its_field(cast: Cast, counts: Counts, purpose: Any) -> None:
    mei, before = cast.api("mei"), counts()
    answer = mei.post("/bookings", body("09:00", "10:00", purpose=purpose))
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["purpose"]
    assert counts() == before


def test_asking_for_the_very_end_of_the_horizon_works_and_a_step_beyond_does_not(cast: Cast) -> None:
    last = clock.now() + timedelta(days=60)
    days = (last.date() - clock.now().date()).days
    inside = body("00:00", "01:00", days=days - 1)
    assert cast.api("mei").post("/bookings", inside).status_code == 201
    assert at("00:00", days + 2) > last
    assert codes(cast.api("mei").post("/bookings", body("00:00", "01:00", days=days + 2))) == ["too_far_ahead"]


def test_what_the_rules_overlook_the_database_refuses_with_all_that_was_written_beside_it(
    cast: Cast, counts: Counts
) -> None:
    assert cast.api("mei").post("/bookings", body("09:00", "11:00")).status_code == 201
    before = counts()

    def overlook() -> None:
        held = slot("10:00", "12:00")
        with transaction() as tx:
            tell(tx)
            timeline.claim(tx, instrument_id=cast.sem, channel=1, slot=held, kind=timeline.BOOKING, owner_id=99)

    with pytest.raises(Conflict, match="slot_taken"):
        overlook()
    assert counts() == before


@pytest.mark.parametrize("cached", [True, False])
def test_the_parameters_of_a_bookings_long_statement_are_found_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    """It is said anew by psycopg's own measure, and costs a tenth of a booking then."""
    if not cached:
        monkeypatch.setattr(_queries, "MAX_CACHED_STATEMENT_PARAMS", 50)
    found: list[int] = []
    mei, whole = cast.api("mei"), _queries._query2pg_nocache
    for hour in ("01:00", "03:00"):
        assert mei.post("/bookings", body(hour, f"{hour[:2]}:30")).status_code == 201
    monkeypatch.setattr(_queries, "_query2pg_nocache", lambda *said: found.append(1) or whole(*said))
    assert mei.post("/bookings", body("05:00", "05:30")).status_code == 201
    assert bool(found) is (not cached and db.engine.dialect.name == "postgresql")
