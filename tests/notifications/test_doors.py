"""The inbox, the choice of mails, and the list of mails: by page and by JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from labshare.booking import events as booking
from labshare.clockwork.events import JobFailed
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.journal import Entry
from labshare.notifications import queries
from labshare.notifications.jobs import TRIES, deliver, fan_out
from labshare.notifications.models import Delivery
from labshare.people.models import Person, RoleGrant
from tests.notifications.conftest import House
from tests.notifications.reading import mails, post


def approve(house: House, times: int = 1, who: str = "mei") -> None:
    for _ in range(times):
        house.happens(house.cast.li, booking.BookingApproved(**house.booking(who)))
    fan_out(clock.now())


def listed(house: House, who: str, query: str = "") -> list[dict[str, Any]]:
    answer = house.cast.api(who).get(f"/messages{query}")
    assert answer.status_code == 200
    return answer.json["items"]  # type: ignore[index, no-any-return]


def test_mei_reads_what_li_answered_and_a_rival_reads_nothing(house: House) -> None:
    approve(house)
    [one] = listed(house, "mei")
    assert one["group"], one["kind"] == ("bookings", "booking_approved")
    assert one["title"].startswith("Approved: SEM-01 Scanning electron microscope, ")
    assert one["text"].startswith("Li approved SEM-01 Scanning electron microscope, ")
    assert one["read"] is False
    assert listed(house, "bo") == []
    page = house.cast.browser("mei").get("/inbox").text
    assert one["title"] in page
    assert f'href="/bookings/{one["booking"]}"' in page


def test_read_one_read_all_and_not_read_after_all(house: House) -> None:
    approve(house, 3)
    mei = house.cast.api("mei")
    newest, middle, oldest = (one["id"] for one in listed(house, "mei"))
    assert mei.post(f"/messages/{middle}/read").json == {"unread": 2}
    assert mei.post(f"/messages/{middle}/read").json == {"unread": 2}
    assert [one["id"] for one in listed(house, "mei", "?unread=true")] == [newest, oldest]
    assert mei.post("/messages/read", {"upto": oldest}).json == {"unread": 1}
    assert mei.post(f"/messages/{oldest}/unread").json == {"unread": 2}
    assert mei.post("/messages/read", {"upto": newest}).json == {"unread": 0}
    assert queries.unread(house.cast.mei) == 0


def test_read_under_a_key_is_answered_once(house: House) -> None:
    approve(house, 2)
    mei, key = house.cast.api("mei"), {"Idempotency-Key": "read-1"}
    number = listed(house, "mei")[1]["id"]
    first = mei.post(f"/messages/{number}/read", headers=key)
    approve(house)
    assert mei.post(f"/messages/{number}/read", headers=key).data == first.data == b'{"unread":1}'


def test_nobody_marks_a_message_of_another(house: House) -> None:
    approve(house)
    number = listed(house, "mei")[0]["id"]
    for who in ("chen", "bo", "li", "ada"):
        assert house.cast.api(who).post(f"/messages/{number}/read").status_code == 404
        assert house.cast.browser(who).post(f"/inbox/{number}/read").status_code == 404
    house.cast.api("bo").post("/messages/read", {"upto": 10**9})
    assert queries.unread(house.cast.mei) == 1


def test_the_page_marks_one_and_all(house: House) -> None:
    approve(house, 2)
    mei = house.cast.browser("mei")
    number = listed(house, "mei")[0]["id"]
    assert mei.post(f"/inbox/{number}/read").status_code == 303
    assert queries.unread(house.cast.mei) == 1
    assert mei.post(f"/inbox/{number}/unread").status_code == 303
    assert mei.post("/inbox/read", data={"upto": number}).status_code == 303
    assert queries.unread(house.cast.mei) == 0
    assert "Nothing yet" in mei.get("/inbox?unread=1").text


def test_the_inbox_is_paged_and_costs_the_same_however_full(
    house: House, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    approve(house, 2)
    mei = house.cast.browser("mei")
    with statements() as few:
        mei.get("/inbox")
    approve(house, 60)
    with statements() as many:
        page = mei.get("/inbox").text
    assert len(few) == len(many)
    assert page.count("<time ") == 50
    following = re.search(r'href="(/inbox\?cursor=[^"]+)" rel="next"', page)
    assert following is not None
    assert mei.get(following[1]).text.count("<time ") == 12
    seen, cursor = [], ""
    while True:
        answer = house.cast.api("mei").get(f"/messages?limit=25{cursor}").json
        seen += [one["id"] for one in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 62


def test_who_may_see_a_booking_no_longer_is_not_shown_its_messages(house: House) -> None:
    house.happens(house.cast.mei, booking.BookingCancelled(**house.booking("mei"), was="approved"))
    fan_out(clock.now())
    assert len(listed(house, "li")) == 1
    with house.untold() as tx:
        tx.execute(sa.delete(RoleGrant).where(RoleGrant.person_id == house.cast.people["li"]))
    assert listed(house, "li") == []
    assert queries.unread(house.cast.actor("li")) == 0


def test_who_is_no_admin_any_more_is_shown_no_alarms(house: House) -> None:
    house.happens(SYSTEM, JobFailed(object_id=1, job="deliver", period=clock.now(), tries=4, error="x"))
    fan_out(clock.now())
    assert [one["group"] for one in listed(house, "ada")] == ["alarms"]
    assert house.cast.browser("ada").get("/inbox").status_code == 200
    with house.untold() as tx:
        tx.execute(sa.update(RoleGrant).where(RoleGrant.role == "admin").values(role="member"))
    assert listed(house, "ada") == []


def test_a_chinese_reader_reads_chinese_names(house: House) -> None:
    with house.untold() as tx:
        tx.execute(sa.update(Person).where(Person.id == house.cast.people["mei"]).values(language="zh"))
    approve(house)
    assert "扫描电子显微镜" in listed(house, "mei")[0]["title"]
    assert "扫描电子显微镜" in house.cast.browser("mei").get("/inbox").text


# ---------------------------------------------------------------- which mails come


def test_who_wants_no_mail_of_bookings_gets_none_and_reads_it_all_the_same(house: House, tmp_path: Path) -> None:
    mei = house.cast.api("mei")
    assert [one["mail"] for one in mei.get("/me/choices").json["items"]] == [True] * 3
    answer = mei.post("/me/choices", {"mail": ["reminders"]})
    chosen = {one["group"]: one["mail"] for one in answer.json["items"]}
    assert chosen == {"bookings": False, "reminders": True, "maintenance": False}
    approve(house)
    assert post(clock.now()) == {}
    assert mails(tmp_path) == []
    assert len(listed(house, "mei")) == 1
    fact = house.booking("mei")
    house.happens(SYSTEM, booking.BookingComingUp(**{**fact, "object_id": 9}, booking_id=fact["object_id"]))
    assert post(clock.now()) == {"sent": 1}
    deliver(clock.now() + timedelta(minutes=11))  # what was told before is settled now
    mei.post("/me/choices", {"mail": ["bookings", "reminders", "maintenance"]})
    approve(house)
    assert post(clock.now() + timedelta(minutes=11)) == {"sent": 1}


def test_a_choice_is_made_by_page_and_stands_in_the_journal(house: House) -> None:
    li = house.cast.browser("li")
    assert 'value="queue"' in li.get("/account/messages").text
    assert 'value="alarms"' not in li.get("/account/messages").text
    assert li.post("/account/messages", data={"mail": ["queue", "alarms"]}).status_code == 303
    chosen = {one.group: one.mail for one in queries.choices(house.cast.li).items}
    assert chosen.pop("queue")
    assert chosen == dict.fromkeys(("bookings", "reminders", "maintenance", "hours"), False)
    [told] = rows(sa.select(Entry.data).where(Entry.kind == "messages_chosen"))
    assert told.data == {"mail": ["queue"]}
    assert li.post("/account/messages", data={}).status_code == 303
    assert not any(one.mail for one in queries.choices(house.cast.li).items)
    assert house.cast.api("mei").post("/me/choices", {"mail": ["gossip"]}).status_code == 422


# ---------------------------------------------------------------- mails that never arrived


def kill(house: House, folder: Path) -> None:
    (folder / "mail").write_text("a file where the folder should be")
    approve(house, 2)
    for tried in range(TRIES):
        deliver(clock.now() + tried * timedelta(hours=3))
    (folder / "mail").unlink()


def test_an_admin_sees_dead_letters_and_sends_them_again(house: House, tmp_path: Path) -> None:
    kill(house, tmp_path)
    ada = house.cast.api("ada")
    items = ada.get("/deliveries?state=dead").json["items"]
    assert [(one["address"], one["tries"]) for one in items] == [("mei@cast.labshare.test", TRIES)] * 2
    assert items[0]["last_error"].startswith("FileExistsError")
    assert 'class="count">2<' in house.cast.browser("ada").get("/").text
    answer = ada.post(f"/deliveries/{items[0]['id']}/retry")
    assert (answer.status_code, answer.json["state"], answer.json["tries"]) == (200, "waiting", 0)
    assert ada.post(f"/deliveries/{items[0]['id']}/retry").json["code"] == "not_dead"
    assert post(clock.now() + timedelta(days=1)) == {"sent": 1}
    page = house.cast.browser("ada").get("/deliveries").text
    assert page.count("Send again") == 1
    assert house.cast.browser("ada").post("/deliveries/retry").status_code == 303
    assert post(clock.now() + timedelta(days=1)) == {"sent": 1}
    assert len(mails(tmp_path)) == 2
    assert len(rows(sa.select(Entry.id).where(Entry.kind == "delivery_retried"))) == 2


def test_all_dead_letters_are_sent_again_by_one_call_and_under_one_key_once(house: House, tmp_path: Path) -> None:
    kill(house, tmp_path)
    ada, key = house.cast.api("ada"), {"Idempotency-Key": "again-1"}
    first = ada.post("/deliveries/retry", headers=key)
    assert (first.status_code, first.json) == (200, {"retried": 2})
    assert ada.post("/deliveries/retry", headers=key).data == first.data
    assert ada.post("/deliveries/retry").json == {"retried": 0}
    assert post(clock.now() + timedelta(days=1)) == {"sent": 2}
    assert len(rows(sa.select(Entry.id).where(Entry.kind == "delivery_retried"))) == 2


def test_mails_are_nobody_elses_business(house: House, tmp_path: Path) -> None:
    approve(house)
    number = rows(sa.select(Delivery.id))[0].id
    for who in ("mei", "chen", "bo", "li"):
        assert house.cast.api(who).get("/deliveries").status_code == 403
        assert house.cast.api(who).post(f"/deliveries/{number}/retry").status_code == 403
        assert house.cast.api(who).post("/deliveries/retry").status_code == 403
        assert house.cast.browser(who).get("/deliveries").status_code == 403
    ada = house.cast.browser("ada")
    for state in ("waiting", "sent", "dead", "needless"):
        assert ada.get(f"/deliveries?state={state}").status_code == 200
    assert ada.get("/deliveries?state=lost").status_code == 422
    assert house.cast.api("ada").post("/deliveries/99999/retry").status_code == 404
