"""Signing in and out: new secrets, counted failures, and the same answer to strangers and friends."""

from __future__ import annotations

from tests.cast import PASSWORD, Cast


def test_mei_signs_in_and_her_token_says_who_she_is(cast: Cast) -> None:
    browser = cast.app.test_client()
    answer = browser.post("/sign-in", data={"email": "MEI@cast.labshare.test ", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/")
    me = cast.api("mei").get("/me").get_json()
    assert me["roles"] == ["member"]
    assert me["company"] == {"id": cast.aurora, "name": "Aurora Displays"}
