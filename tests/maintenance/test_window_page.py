"""One window by page: whom it displaced and what became of them, its change, its end, its files."""

from __future__ import annotations

from io import BytesIO

import pytest

from labshare.booking.jobs.offering import make_offers
from labshare.maintenance import queries as windows
from labshare.maintenance import services
from labshare.maintenance.repeat import Repeat
from tests.maintenance.conftest import Lab
from tests.maintenance.reading import planned, state_of, words_of


def test_a_window_says_what_became_of_each_it_displaced(lab: Lab) -> None:
    some = [lab.book(lab.cast.mei, 24 + n, 0.5) for n in range(2)]
    window = lab.plan(23, 6).windows[0]
    li, path = lab.cast.browser("li"), f"/maintenance/windows/{window.id}"
    assert words_of(li.get(path).text).count("another time is looked for") == 2
    make_offers(lab.now)
    assert words_of(li.get(path).text).count("another time is held") == 2
    taken = lab.cast.browser("mei").post(f"/bookings/{some[0].id}/accept", data={"retry_key": "a"})
    lab.cast.browser("mei").post(f"/bookings/{some[1].id}/decline")
    page = li.get(path).text
    assert f'<a href="{taken.location}">took another time</a>' in page
    assert "does without another time" in page


def test_a_window_is_changed_with_a_preview_and_what_it_frees_is_free(lab: Lab) -> None:
    mine, window = lab.book(lab.cast.mei, 30), lab.plan(24, 2).windows[0]
    li, path = lab.cast.browser("li"), f"/maintenance/windows/{window.id}"
    later = {"starts_at": "2026-12-02T14:00", "ends_at": "2026-12-02T16:00", "kind": "repair", "note": "Gun"}
    shown = li.post(f"{path}/preview", data=later | {"version": "1", "when_hit": "displace"})
    assert "1 booking is in the way." in words_of(shown.text)
    assert state_of(mine.id) == "approved"
    assert li.post(path, data=later | {"version": "1", "when_hit": "displace"}).status_code == 303
    assert state_of(mine.id) == "displaced"
    assert planned()[0].slot == lab.slot(29, 2)
    assert "Li moved it from 2 Dec 2026, 09:00 to 2 Dec 2026, 14:00" in words_of(li.get(path).text)
    assert lab.book(lab.cast.bo, 24).state == "approved"
    stale = li.post(path, data=later | {"version": "1", "note": "Old"})
    assert stale.status_code == 409


def test_a_window_that_began_within_a_minute_keeps_its_very_start_when_its_note_is_changed(lab: Lab) -> None:
    lab.now = lab.at(0).replace(second=30)
    window = services.plan(lab.cast.li, lab.draft(0, 2)).windows[0]
    assert window.starts_at.second == 30
    shown = {"starts_at": "2026-12-01T09:00", "ends_at": "2026-12-01T11:00", "kind": "preventive"}
    path = f"/maintenance/windows/{window.id}"
    assert lab.cast.browser("li").post(path, data=shown | {"note": "Gun", "version": "1"}).status_code == 303
    [changed] = planned()
    assert (changed.starts_at, changed.note) == (window.starts_at, "Gun")


def test_a_note_can_be_emptied(lab: Lab) -> None:
    window = lab.plan(24, 2, note="Gun").windows[0]
    lab.cast.browser("li").post(f"/maintenance/windows/{window.id}", data={"note": "", "version": "1"})
    assert planned()[0].note == ""


def test_a_window_is_called_off_alone_or_with_those_that_follow(lab: Lab) -> None:
    some = lab.plan(24, 2, repeat=Repeat("week", times=4)).windows
    li = lab.cast.browser("li")
    assert li.post(f"/maintenance/windows/{some[0].id}/cancel").status_code == 303
    assert li.post(f"/maintenance/windows/{some[2].id}/cancel", data={"series": "true"}).status_code == 303
    assert [one.state for one in planned()] == ["cancelled", "planned", "cancelled", "cancelled"]
    again = li.post(f"/maintenance/windows/{some[0].id}/cancel")
    assert again.status_code == 409
    assert "The window is called off; this is not possible." in words_of(again.text)
    page = li.get(f"/maintenance/windows/{some[1].id}").text
    assert "every week, 4 times" in page
    assert f'href="/maintenance/windows/{some[1].id}"' in li.get("/maintenance").text
    assert f'href="/maintenance/windows/{some[0].id}"' in li.get("/maintenance?tab=past").text


def test_a_file_is_kept_with_its_window_and_handed_out_to_be_saved(lab: Lab) -> None:
    window = lab.plan(24, 2).windows[0]
    li, path = lab.cast.browser("li"), f"/maintenance/windows/{window.id}"
    sent = {"file": (BytesIO(b"<script>alert(1)</script>"), "校准 2026.html")}
    assert li.post(f"{path}/documents", data=sent).status_code == 303
    assert "校准 2026.html" in li.get(path).text
    [one] = windows.documents(window.id)
    file = li.get(f"{path}/documents/{one.id}")
    assert file.data == b"<script>alert(1)</script>"
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert file.headers["Content-Security-Policy"].startswith("sandbox;")
    assert lab.cast.browser("mei").get(f"{path}/documents/{one.id}").status_code == 403
    assert li.post(f"{path}/documents/{one.id}/remove").status_code == 303
    assert li.get(f"{path}/documents/{one.id}").status_code == 404
    assert "Li removed 校准 2026.html." in words_of(li.get(path).text)


@pytest.mark.parametrize("content", [None, b"", b"x" * 600_000], ids=["none", "empty", "big"])
def test_no_file_an_empty_one_and_a_big_one_are_refused(lab: Lab, content: bytes | None) -> None:
    window = lab.plan(24, 2).windows[0]
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="sheet.pdf"\r\n\r\n%b\r\n'
    body = (file % content if content is not None else b"") + b"--b--\r\n"  # by hand: a client's own file would leak
    path = f"/maintenance/windows/{window.id}/documents"
    page = lab.cast.browser("li").post(path, data=body, content_type="multipart/form-data; boundary=b")
    assert page.status_code == 422
    assert 'href="#f-file"' in page.text
    assert windows.documents(window.id) == []
