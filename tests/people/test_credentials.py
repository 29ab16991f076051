"""Passwords change and are reset; tokens are made and revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from labshare.kernel import clock
from labshare.kernel.db import rows
from labshare.kernel.errors import Conflict, Forbidden, NotFound
from labshare.kernel.journal import Entry
from labshare.people import links, queries, services
from labshare.people.models import Token
from tests.cast import PASSWORD, Cast

NEW = "a quite new password"


def reset_path(cast: Cast, name: str = "mei") -> str:
    return "/reset/" + links.sign(links.RESET, *queries.reset_of(cast.people[name]))


def can_sign_in(cast: Cast, password: str, name: str = "mei") -> bool:
    sent = {"email": f"{name}@cast.labshare.test", "password": password}
    return cast.app.test_client().post("/sign-in", data=sent).status_code == 303


def told(kind: str) -> int:
    return len(rows(select(Entry.id).where(Entry.kind == kind)))


def test_a_reset_link_sets_a_password_once_and_signs_out_everywhere(cast: Cast) -> None:
    path, elsewhere, stranger = reset_path(cast), cast.browser("mei"), cast.app.test_client()
    assert stranger.get(path).status_code == 200
    assert stranger.post(path, data={"password": NEW}).location == "/sign-in"
    assert elsewhere.get("/account").status_code == 302
    assert can_sign_in(cast, NEW)
    assert not can_sign_in(cast, PASSWORD)
    assert stranger.get(path).status_code == 410
    assert stranger.post(path, data={"password": "yet another password"}).status_code == 410
    assert can_sign_in(cast, NEW)
    assert cast.api("mei").get("/me").status_code == 200  # tokens are another matter


def test_a_reset_link_is_refused_after_half_an_hour(cast: Cast) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        path = reset_path(cast)
        traveller.shift(timedelta(minutes=29))
        assert cast.app.test_client().get(path).status_code == 200
        traveller.shift(timedelta(minutes=2))
        assert cast.app.test_client().get(path).status_code == 410


def test_a_link_serves_one_purpose_only(cast: Cast) -> None:
    person_id, version = queries.reset_of(cast.people["mei"])
    with pytest.raises(NotFound):
        links.read(links.RESET, links.sign(links.JOIN, person_id, version))
    browser = cast.app.test_client()
    assert browser.get("/reset/" + links.sign(links.JOIN, person_id, version)).status_code == 404
    assert browser.get("/join/" + links.sign(links.RESET, person_id, version)).status_code == 404
    path = reset_path(cast)
    forged = path[:-10] + ("A" if path[-10] != "A" else "B") + path[-9:]
    assert browser.get(forged).status_code == 404
    assert browser.get("/reset/WzEsMV0.nonsense.xx").status_code == 404


def test_a_weak_new_password_is_refused_and_the_link_still_works(cast: Cast) -> None:
    path, browser = reset_path(cast), cast.app.test_client()
    assert browser.post(path, data={"password": "short"}).status_code == 422
    assert browser.post(path, data={}).status_code == 422
    assert browser.post(path, data={"password": NEW}).status_code == 303


def test_asking_for_a_link_is_announced_for_people_there_are_and_only_three_times(cast: Cast) -> None:
    browser = cast.app.test_client()
    browser.post("/forgotten", data={"email": "nobody@cast.labshare.test"})
    assert told("password_reset_asked") == 0
    for _ in range(5):
        browser.post("/forgotten", data={"email": " Mei@CAST.labshare.test"})
    assert told("password_reset_asked") == 3


def test_no_secret_stands_in_the_journal(cast: Cast) -> None:
    browser = cast.app.test_client()
    browser.post("/forgotten", data={"email": "mei@cast.labshare.test"})
    browser.post(reset_path(cast), data={"password": NEW})
    secret = services.create_token(cast.mei, cast.mei.person_id or 0, "laptop")
    written = str([tuple(row) for row in rows(select(Entry.kind, Entry.data))])
    assert NEW not in written
    assert secret not in written


def test_changing_the_password_asks_for_the_current_one_and_keeps_this_browser(cast: Cast) -> None:
    here, elsewhere = cast.browser("mei"), cast.browser("mei")
    before = here.get_cookie("labshare")
    assert here.post("/account/password", data={"current": "wrong", "password": NEW}).status_code == 422
    assert here.post("/account/password", data={"current": PASSWORD, "password": "short"}).status_code == 422
    assert here.post("/account/password", data={"current": PASSWORD, "password": NEW}).status_code == 303
    assert here.get_cookie("labshare") != before
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert can_sign_in(cast, NEW)


def test_guessing_the_current_password_is_counted_too(cast: Cast) -> None:
    here = cast.browser("mei")
    for _ in range(10):
        here.post("/account/password", data={"current": "wrong", "password": NEW})
    assert here.post("/account/password", data={"current": PASSWORD, "password": NEW}).status_code == 429


def test_a_token_is_shown_once_and_refused_once_revoked(cast: Cast) -> None:
    browser = cast.browser("mei")
    page = browser.post("/account/tokens", data={"name": "my script"}).text
    secret = "lst_" + page.split("lst_")[1].split("<")[0]
    bearer = {"Authorization": f"Bearer {secret}"}
    stranger = cast.app.test_client()
    assert stranger.get("/api/v1/me", headers=bearer).get_json()["name"] == "Mei"
    assert secret not in browser.get("/account/tokens").text
    (token,) = queries.tokens(cast.mei)
    assert cast.browser("bo").post(f"/account/tokens/{token.id}/revoke").status_code == 404
    assert browser.post(f"/account/tokens/{token.id}/revoke").status_code == 303
    assert stranger.get("/api/v1/me", headers=bearer).status_code == 401
    assert browser.post(f"/account/tokens/{token.id}/revoke").status_code == 404


def test_tokens_are_random_hashed_and_a_person_has_twenty_at_most(cast: Cast) -> None:
    me = cast.mei.person_id or 0
    made = {services.create_token(cast.mei, me, f"number {n}") for n in range(20)}
    assert len(made) == 20
    assert all(one.startswith("lst_") and len(one) >= 40 for one in made)
    assert not made & {row.secret_hash for row in rows(select(Token.secret_hash))}
    with pytest.raises(Conflict):
        services.create_token(cast.mei, me, "one more")


def test_nobody_makes_a_token_for_somebody_else(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        services.create_token(cast.ada, cast.people["mei"], "spy")


def test_a_form_with_a_field_nobody_asked_for_is_refused(cast: Cast) -> None:
    browser = cast.browser("mei")
    assert browser.post("/account", data={"name": "Mei Lin", "roles": "admin"}).status_code == 422
    assert browser.post("/account", data={"name": "Mei Lin", "company_id": "2"}).status_code == 422
    assert cast.actor("mei").name == "Mei"
    assert browser.post("/account", data={"name": "Mei Lin"}).status_code == 303
    assert cast.actor("mei").name == "Mei Lin"


def test_a_stranger_without_or_with_a_foreign_token_is_refused(app: Flask) -> None:
    for value in (None, "Bearer", "Bearer lst_x", "Bearer x", "Basic bWVpOng=", "Bearer lst_" + "x" * 5000):
        headers = {"Authorization": value} if value else {}
        assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401
