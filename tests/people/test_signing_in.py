"""Signing in and out: new secrets, counted failures, and the same answer to strangers and friends."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from labshare.kernel import clock
from labshare.kernel.db import rows
from labshare.people import access, passwords
from labshare.people.models import Person, SignIn
from labshare.people.pages.account import browser_name as named
from labshare.people.services import remove_person
from tests.cast import PASSWORD, Cast

MEI = "mei@cast.labshare.test"


def sign_in(browser: FlaskClient, email: str = MEI, password: str = PASSWORD, **more: str) -> TestResponse:
    return browser.post("/sign-in", data={"email": email, "password": password, **more})


def cookie_of(browser: FlaskClient) -> str:
    cookie = browser.get_cookie("labshare")
    assert cookie is not None
    return cookie.value


def test_mei_signs_in_and_her_token_says_who_she_is(cast: Cast) -> None:
    answer = sign_in(cast.app.test_client(), " MEI@cast.labshare.test ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert cast.api("mei").get("/me").get_json() == {
        "id": cast.people["mei"],
        "email": MEI,
        "name": "Mei",
        "roles": ["member"],
        "language": None,
        "company": {"id": cast.aurora, "name": "Aurora Displays"},
        "sites": [],
    }
    assert cast.api("li").get("/me").get_json()["sites"] == ["EAST", "WEST"]


def test_passwords_are_hashed_as_owasp_says() -> None:
    assert passwords.hashed("a password of words").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_long_password_counts_to_its_last_letter() -> None:
    kept = passwords.hashed("x" * 127 + "y")
    assert passwords.fits(kept, "x" * 127 + "y")
    assert not passwords.fits(kept, "x" * 127 + "z")


def test_signing_in_gives_a_new_secret_and_the_one_before_is_not_taken_over(cast: Cast) -> None:
    browser = cast.app.test_client()
    with browser.session_transaction() as session:
        session["planted"] = "by somebody else"
    sign_in(browser)
    first = cookie_of(browser)
    with browser.session_transaction() as session:
        assert "planted" not in session
    sign_in(browser)
    assert cookie_of(browser) != first


def test_a_cookie_copied_before_signing_out_opens_nothing_afterwards(cast: Cast) -> None:
    browser = cast.app.test_client()
    sign_in(browser)
    stolen = cookie_of(browser)
    assert browser.get("/account").status_code == 200
    assert browser.post("/sign-out").status_code == 303
    thief = cast.app.test_client()
    thief.set_cookie("labshare", stolen)
    assert thief.get("/account").location.startswith("/sign-in")


def test_a_session_ends_after_its_hours(cast: Cast) -> None:
    browser = cast.app.test_client()
    with time_machine.travel(clock.now(), tick=False) as traveller:
        sign_in(browser)
        traveller.shift(timedelta(hours=11, minutes=59))
        assert browser.get("/account").status_code == 200
        traveller.shift(timedelta(minutes=2))
        assert browser.get("/account").location.startswith("/sign-in")


def test_strangers_and_friends_are_refused_in_the_same_bytes(cast: Cast) -> None:
    refused = [
        sign_in(cast.app.test_client(), email, "wrong password")
        for email in (MEI, "nobody@cast.labshare.test", "bo@cast.labshare.test")
    ]
    assert {answer.status_code for answer in refused} == {422}
    assert len({answer.data.replace(b"nobody@", b"mei@").replace(b"bo@", b"mei@") for answer in refused}) == 1


def test_strangers_and_friends_ask_for_a_link_in_the_same_bytes(cast: Cast) -> None:
    answers = [
        cast.app.test_client().post("/forgotten", data={"email": email}) for email in (MEI, "nobody@cast.labshare.test")
    ]
    assert {(answer.status_code, answer.location, answer.data) for answer in answers} == {
        (303, "/sign-in", answers[0].data)
    }


@pytest.mark.parametrize("email", ["", "\x00", "x" * 5000, "' OR 1=1 --", "\ud800"])
def test_nonsense_is_a_wrong_password_and_nothing_worse(cast: Cast, email: str) -> None:
    sent = email.encode("utf-8", "replace").decode()
    assert sign_in(cast.app.test_client(), sent, "\x00" * 20).status_code == 422


def test_ten_failures_close_an_account_for_a_quarter_of_an_hour_and_no_longer(cast: Cast) -> None:
    browser = cast.app.test_client()
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for _ in range(10):
            assert sign_in(browser, password="wrong").status_code == 422
            traveller.shift(1)
        refused = sign_in(browser)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) <= 15 * 60
        assert sign_in(cast.app.test_client(), "bo@cast.labshare.test").status_code == 303  # others are not concerned
        for _ in range(5):  # trying on does not make it longer
            traveller.shift(60)
            assert sign_in(browser).status_code == 429
        traveller.shift(10 * 60)
        assert sign_in(browser).status_code == 303


def test_a_success_clears_the_count_and_successes_count_nothing(cast: Cast) -> None:
    browser = cast.app.test_client()
    for _ in range(9):
        sign_in(browser, password="wrong")
    assert sign_in(browser).status_code == 303
    for _ in range(12):
        assert sign_in(cast.app.test_client()).status_code == 303
    for _ in range(9):
        assert sign_in(cast.app.test_client(), password="wrong").status_code == 422
    assert sign_in(cast.app.test_client()).status_code == 303


def test_a_hundred_failures_from_one_address_close_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = cast.app.test_client()
    for number in range(100):
        assert sign_in(browser, f"nobody{number}@x.test", "wrong").status_code == 422
    assert sign_in(browser).status_code == 429
    elsewhere = browser.post(
        "/sign-in", data={"email": MEI, "password": PASSWORD}, environ_overrides={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert elsewhere.status_code == 303


def test_who_was_removed_cannot_sign_in(cast: Cast) -> None:
    remove_person(cast.chen, cast.people["mei"])
    assert sign_in(cast.app.test_client()).status_code == 422


@pytest.mark.parametrize(
    ("wish", "leads"),
    [
        ("/bookings?day=2026-01-01", "/bookings?day=2026-01-01"),
        ("//evil.test/", "/"),
        ("https://evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.test", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_nowhere_but_home(cast: Cast, wish: str, leads: str) -> None:
    assert sign_in(cast.app.test_client(), next=wish).location == leads
    assert cast.app.test_client().post("/theme", data={"theme": "dark", "next": wish}).location == leads


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/account/tokens", "/language", "/account/password"])
def test_a_form_from_another_site_is_refused(cast: Cast, path: str) -> None:
    browser = cast.browser("mei")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}, {"Origin": "null"}):
        assert browser.post(path, data={"name": "x"}, headers=headers).status_code == 403
    assert browser.get("/account").status_code == 200


def test_the_session_opens_pages_only_and_the_token_the_api_only(cast: Cast) -> None:
    assert cast.browser("mei").get("/api/v1/me").status_code == 401
    token = {"Authorization": f"Bearer {cast.token('mei')}"}
    assert cast.app.test_client().get("/account", headers=token).status_code == 302


def test_signing_out_everywhere_ends_every_browser(cast: Cast) -> None:
    home, phone = cast.browser("mei"), cast.browser("mei")
    assert home.post("/account/sessions/end-all").location == "/sign-in"
    assert phone.get("/account").location.startswith("/sign-in")
    assert rows(select(SignIn.id).where(SignIn.person_id == cast.people["mei"])) == []


def test_one_browser_is_signed_out_and_nobody_elses(cast: Cast) -> None:
    home, phone, rival = cast.browser("mei"), cast.browser("mei"), cast.browser("bo")
    ids = {row.person_id: row.id for row in rows(select(SignIn.id, SignIn.person_id).order_by(SignIn.id))}
    home.post(f"/account/sessions/{ids[cast.people['mei']]}/end")
    home.post(f"/account/sessions/{ids[cast.people['bo']]}/end")
    assert home.get("/account").status_code == 200
    assert phone.get("/account").status_code == 302
    assert rival.get("/account").status_code == 200


def test_a_chosen_language_stays_with_the_person(cast: Cast) -> None:
    browser = cast.browser("mei")
    assert browser.post("/language", data={"language": "zh", "next": "/account"}).location == "/account"
    assert 'lang="zh-Hans-CN"' in browser.get("/account").text
    assert cast.actor("mei").language == "zh"
    browser.post("/language", data={"language": "xx"})
    assert cast.actor("mei").language == "zh"


def test_a_stranger_chooses_language_and_colours(cast: Cast) -> None:
    browser = cast.app.test_client()
    browser.post("/language", data={"language": "zh"})
    browser.post("/theme", data={"theme": "dark"})
    shown = browser.get("/sign-in").text
    assert 'lang="zh-Hans-CN"' in shown
    assert 'data-theme="dark"' in shown


def test_secrets_are_stored_hashed(cast: Cast) -> None:
    browser = cast.app.test_client()
    sign_in(browser)
    with browser.session_transaction() as session:
        secret = session["_user_id"]
    (kept,) = rows(select(SignIn.secret_hash).where(SignIn.person_id == cast.people["mei"]))
    assert kept.secret_hash == access.hashed(secret) != secret
    assert PASSWORD not in rows(select(Person.password_hash))[0].password_hash


def test_browsers_are_called_by_the_names_people_know() -> None:
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Mobile/15E148 MicroMessenger/8.0"
    assert named(chrome) == "Chrome, Linux"
    assert named(f"{chrome} Edg/142.0") == "Edge, Linux"
    assert named(phone) == "WeChat, iPhone"
    assert named("a script of ours") == "a script of ours"
