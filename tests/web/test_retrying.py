"""Where a form that was sent goes on to: what somebody sent is an address, never a pattern to fill in."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from tests.booking.conftest import body
from tests.booking.test_pages import form as asking
from tests.cast import Cast


@pytest.mark.parametrize("braces", ["{}", "{0}", "{x}", "{", "}}", "{id.__class__}", "{id!r:>99}"])
def test_an_address_with_braces_is_gone_on_to_as_it_was_sent(cast: Cast, braces: str) -> None:
    number = cast.api("mei").post("/bookings", body("09:00", "10:00")).get_json()["id"]
    said = {"next": f"/queue?x={braces}", "retry_key": "once"}
    for _ in range(2):
        sent = cast.browser("li").post(f"/bookings/{number}/approve", data=said)
        assert sent.status_code == 303
        assert unquote(sent.location) == said["next"]


def test_what_was_made_is_named_in_the_address_when_the_form_comes_again(cast: Cast) -> None:
    said = asking("09:00", "10:00") | {"retry_key": "once"}
    first, again = (cast.browser("mei").post("/bookings", data=said) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    assert "{" not in again.location
