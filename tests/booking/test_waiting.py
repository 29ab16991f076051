"""Requests do not wait for ever: reminders, deputies, and the time given back when nobody answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import services
from labshare.booking.jobs import EXPIRE_REQUESTS, REMIND_BOOKERS, REMIND_MANAGERS
from labshare.clockwork.job import Job
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.errors import Conflict, Forbidden
from labshare.kernel.journal import Entry
from tests.beside import Together
from tests.booking.conftest import body
from tests.cast import Cast

MINUTE = timedelta(minutes=1)


def asked(cast: Cast, **more: Any) -> dict[str, Any]:
    return cast.api("mei").post("/bookings", body("09:00", "11:00", days=20, **more)).json  # type: ignore[no-any-return]


def decide_by(booking: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(booking["decide_by"])


def told(kind: str) -> list[dict[str, Any]]:
    return [data for (data,) in rows(sa.select(Entry.data).where(Entry.kind == kind).order_by(Entry.id))]


def test_managers_are_reminded_at_half_of_the_time_and_deputies_told_at_three_quarters(cast: Cast) -> None:
    booking = asked(cast)  # the instrument gives 2880 minutes to answer
    end = decide_by(booking)
    assert REMIND_MANAGERS.run(end - 1441 * MINUTE) == {"reminded": 0, "escalated": 0}
    assert REMIND_MANAGERS.run(end - 1440 * MINUTE) == {"reminded": 1, "escalated": 0}
    assert REMIND_MANAGERS.run(end - 721 * MINUTE) == {"reminded": 0, "escalated": 0}
    assert REMIND_MANAGERS.run(end - 720 * MINUTE) == {"reminded": 0, "escalated": 1}
    assert REMIND_MANAGERS.run(end - MINUTE) == {"reminded": 0, "escalated": 0}
    assert [(one["booking_id"], one["escalated"]) for one in told("answer_due")] == [
        (booking["id"], False),
        (booking["id"], True),
    ]


def test_who_answered_is_not_reminded(cast: Cast) -> None:
    booking = asked(cast)
    cast.api("li").post(f"/bookings/{booking['id']}/approve")
    assert REMIND_MANAGERS.run(decide_by(booking) - MINUTE) == {"reminded": 0, "escalated": 0}


def test_at_decide_by_the_request_expires_and_the_next_asker_gets_the_time(cast: Cast) -> None:
    booking = asked(cast)
    end = decide_by(booking)
    assert EXPIRE_REQUESTS.run(end - MINUTE) == {"expired": 0}
    assert EXPIRE_REQUESTS.run(end) == {"expired": 1}
    seen = cast.api("mei").get(f"/bookings/{booking['id']}").json
    assert (seen["state"], seen["decide_by"]) == ("expired", None)
    assert cast.api("bo").post("/bookings", body("09:00", "11:00", days=20)).status_code == 201
    assert told("booking_expired") == [
        {
            "instrument_id": cast.sem,
            "starts_at": told("booking_requested")[0]["starts_at"],
            "ends_at": told("booking_requested")[0]["ends_at"],
            "decide_by": end.isoformat(),
            "awaiting": "",
        }
    ]


def test_an_expired_request_can_neither_be_approved_nor_cancelled(cast: Cast) -> None:
    booking = asked(cast)
    EXPIRE_REQUESTS.run(decide_by(booking))
    for who, move in (("li", "approve"), ("mei", "cancel")):
        answer = cast.api(who).post(f"/bookings/{booking['id']}/{move}")
        assert (answer.status_code, answer.json["code"]) == (409, "wrong_state")


def test_bookings_of_tomorrow_are_called_to_mind_once_and_again_when_they_were_moved(cast: Cast) -> None:
    booking = asked(cast)
    cast.api("li").post(f"/bookings/{booking['id']}/approve")
    start = datetime.fromisoformat(booking["starts_at"])
    assert REMIND_BOOKERS.run(start - timedelta(days=1) - MINUTE) == {"reminded": 0}
    assert REMIND_BOOKERS.run(start - timedelta(days=1)) == {"reminded": 1}
    assert REMIND_BOOKERS.run(start - MINUTE) == {"reminded": 0}
    later = body("14:00", "15:00", days=21)
    moved = {name: later[name] for name in ("starts_at", "ends_at")}
    assert cast.api("mei").post(f"/bookings/{booking['id']}/move", moved).status_code == 200
    cast.api("li").post(f"/bookings/{booking['id']}/approve")
    assert REMIND_BOOKERS.run(datetime.fromisoformat(moved["starts_at"]) - MINUTE) == {"reminded": 1}
    assert len(told("booking_coming_up")) == 2


def test_what_was_asked_for_within_the_day_needs_no_reminder(cast: Cast) -> None:
    booking = cast.api("mei").post("/bookings", body("09:00", "10:00", instrument="BAT-01", days=1)).json
    start = datetime.fromisoformat(booking["starts_at"])
    created = datetime.fromisoformat(booking["created_at"])
    expected = 0 if start - created <= timedelta(days=1) else 1  # before nine in Shanghai tomorrow is a day away
    assert REMIND_BOOKERS.run(start - MINUTE) == {"reminded": expected}


@pytest.mark.parametrize("job", [REMIND_MANAGERS, EXPIRE_REQUESTS, REMIND_BOOKERS], ids=lambda job: job.name)
class TestEveryJob:
    """What each of them owes: once when run twice, late rather than never, and two at once are harmless."""

    @staticmethod
    def scene(cast: Cast, job: Job) -> datetime:
        """Three bookings for which this job has something to do; when it is due."""
        found = []
        for hour in (9, 12, 15):
            wish = body(f"{hour:02}:00", f"{hour + 1:02}:00", days=20)
            found.append(cast.api("mei").post("/bookings", wish).json)
            if job is REMIND_BOOKERS:
                cast.api("li").post(f"/bookings/{found[-1]['id']}/approve")
        if job is REMIND_BOOKERS:
            return datetime.fromisoformat(found[0]["starts_at"]) - MINUTE
        return max(map(decide_by, found)) + (MINUTE if job is EXPIRE_REQUESTS else -MINUTE)

    def test_acts_once_when_run_twice(self, cast: Cast, job: Job) -> None:
        due = self.scene(cast, job)
        assert job.preview is not None
        foretold = {name: count for name, count in job.preview(due).items() if count}
        done = {name: count for name, count in (job.run(due) or {}).items() if count}
        assert set(done.values()) == {3}
        assert done == foretold, "a dry run says what a run does"
        assert not any((job.run(due) or {}).values())
        assert not any(job.preview(due).values())

    def test_catches_up_after_three_days(self, cast: Cast, job: Job) -> None:
        due = self.scene(cast, job)
        late = due + timedelta(days=3) if job is EXPIRE_REQUESTS else due
        assert set((job.run(late) or {}).values()) >= {3}

    def test_two_at_once_are_harmless(self, cast: Cast, job: Job, together: Together) -> None:
        due = self.scene(cast, job)
        first, second = together(*[lambda: dict(job.run(due) or {})] * 2)
        assert {first[name] + second[name] for name in first} == {3}


def test_people_cannot_do_what_only_the_clock_does(cast: Cast) -> None:
    booking = asked(cast)
    for act in (
        lambda: services.expire(cast.ada, booking["id"], decide_by(booking)),
        lambda: services.remind_of_request(cast.ada, booking["id"], "answer_due", decide_by(booking)),
        lambda: services.remind_of_booking(cast.ada, booking["id"], decide_by(booking)),
    ):
        with pytest.raises(Forbidden):
            act()


def test_nothing_expires_before_its_time(cast: Cast) -> None:
    booking = asked(cast)
    with pytest.raises(Conflict, match="still_waiting"):
        services.expire(SYSTEM, booking["id"], decide_by(booking) - MINUTE)


def test_a_deputy_is_named_by_an_admin_and_may_do_what_a_manager_may(cast: Cast) -> None:
    ada, li = cast.browser("ada"), cast.people["li"]
    answer = ada.post(f"/people/{li}/roles", data={"deputy_of": [str(cast.east)]})
    assert answer.status_code == 303
    assert f'name="deputy_of" value="{cast.east}" checked' in " ".join(ada.get(f"/people/{li}").text.split())
    booking = asked(cast)
    assert cast.api("li").post(f"/bookings/{booking['id']}/approve").status_code == 200
    assert told("roles_changed")[-1]["deputy_ids"] == [cast.east]
