"""Every route is locked, forms come from our own pages, nobody is sent elsewhere, and headers are always strict."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from labshare import create_app
from labshare.config import Settings
from labshare.web.guard import CSP, IdConverter, public, safe_next
from tests.cast import PASSWORD, Cast
from tests.web.doors import ask, told

OUR_OWN = [
    "/", "/bookings", "/bookings/7?tab=history", "/instruments/SEM-01#free", "/a%2F%2Fb", "/仪器?q=扫描",
    "/search?q=https://evil.test/", "/a//b", "/@evil.test", "/evil.test:80", "/%5Cevil.test",
]  # fmt: skip
ELSEWHERE = [
    None, "", " ", "bookings", ".", "..", "?next=/", "#top", "evil.test", "evil.test/path", "@evil.test",
    "//evil.test", "///evil.test", "////evil.test", "//evil.test/%2f..", "//evil.test@ours.test/",
    "//ours.test@evil.test/", "//[::1]/", "//[", "//0x7f000001/", "//elsewhere%E3%80%82test", "// evil.test",
    "http://evil.test", "https://evil.test/", "HTTPS://evil.test", "http:evil.test", "http:/evil.test",
    "https:///evil.test", "ftp://evil.test", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "javascript://%0aalert(1)",
    "data:text/html,x", "vbscript:x", "file:///etc/passwd", "about:blank", "blob:x", "mailto:x@y", "x:/",
    "\\\\evil.test", "/\\evil.test", "\\/evil.test", "/\\/evil.test", "/a\\..\\b", "/\\\\evil.test",
    " //evil.test", "\t//evil.test", "\n//evil.test", "/\t/evil.test", "/\n/evil.test",
    "/\r/evil.test", "/\x0b/evil.test", "/\x00/evil.test", "\x00//evil.test", "/\x7f/evil.test",
    "/ /evil.test", "/a b", "/bookings\r\nSet-Cookie: a=b", "/bookings\nLocation: //evil.test", "/\x1f", "\ufeff//x",
]  # fmt: skip
LOCKED = "/bookings"


@pytest.fixture
def alone(tmp_path: Path) -> Any:
    """Makes applications with settings of one's own, whose database nobody looks into."""

    def make(**settings: Any) -> Flask:
        defaults = Settings(database_url=f"sqlite:///{tmp_path}/empty.sqlite3", data_dir=tmp_path)
        return create_app(dataclasses.replace(defaults, **settings))

    return make


def test_one_goes_on_to_our_own_paths_and_nowhere_else() -> None:
    for target in OUR_OWN:
        assert safe_next(target) == target
    for hostile in ELSEWHERE:
        assert safe_next(hostile) == "/", repr(hostile)
        assert safe_next(hostile, "/inbox") == "/inbox"


def test_the_corpus_would_lead_elsewhere_if_it_were_followed() -> None:
    """The negative control: a browser at our address, minding tabs and backslashes, would leave."""
    left = 0
    for hostile in filter(None, ELSEWHERE):
        seen = "".join(sign for sign in hostile.strip() if sign not in "\t\r\n").replace("\\", "/")
        try:
            left += urlsplit(urljoin("https://ours.test/", seen)).netloc != "ours.test"
        except ValueError:
            continue
    assert left > 30


def test_signing_in_leads_on_to_our_own_pages_only(cast: Cast) -> None:
    def lands(target: str) -> str | None:
        data = {"email": "mei@cast.labshare.test", "password": PASSWORD, "next": target}
        answer = cast.app.test_client().post("/sign-in", data=data)
        assert answer.status_code == 303
        return answer.location

    assert lands("/inbox?a=b") == "/inbox?a=b"
    for hostile in ("//elsewhere.test", "/\\elsewhere.test", "https://elsewhere.test", "/\t/elsewhere.test"):
        assert lands(hostile) == "/", hostile


def test_what_is_not_there_is_404_and_what_is_not_done_there_405_in_every_form(client: FlaskClient) -> None:
    for form in ("json", "htmx", "page"):
        nothing = ask(client, form, "/no-such-thing")
        assert nothing.status_code == 404
        assert "There is nothing here" in told(nothing, form)
        wrong = ask(client, form, "/bookings", "PUT")
        assert wrong.status_code == 405
        assert {"GET", "POST"} <= set(wrong.headers["Allow"].split(", "))
        assert "This address does not do that" in told(wrong, form)
        assert ask(client, form, "/no-such-thing", "BREW").status_code == 404


def test_an_id_too_long_for_the_database_is_nothing(cast: Cast) -> None:
    mei, browser = cast.api("mei"), cast.browser("mei")
    for number in ("9" * 18, "9" * 19, "9" * 400, "-1", "1.0", "0x1", "١", "1e3", "%20", "1%00", "%F0%28"):
        assert mei.get(f"/bookings/{number}").status_code == 404, number
        assert browser.get(f"/bookings/{number}").status_code == 404, number
    assert IdConverter(cast.app.url_map).to_python("9" * 18) < 2**63


@pytest.mark.own_app
def test_a_door_is_locked_unless_it_says_it_is_public(app: Flask) -> None:
    app.add_url_rule("/locked", "locked", lambda: "secret")
    app.add_url_rule("/open", "open", public(lambda: "for all"))
    client = app.test_client()
    assert client.get("/open").text == "for all"
    away = client.get("/locked?a=1")
    assert (away.status_code, away.location) == (302, "/sign-in?next=/locked?a%3D1")
    fragment = client.get("/locked", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.text) == (401, "")
    assert fragment.headers["HX-Redirect"] == "/sign-in?next=/locked"
    program = client.get("/api/v1/me")
    assert (program.status_code, program.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "not_signed_in" in told(program, "json")


def test_a_form_is_taken_from_our_own_pages_only(client: FlaskClient) -> None:
    def status(path: str = "/sign-out", **headers: str) -> int:
        return client.post(path, headers={name.replace("_", "-"): value for name, value in headers.items()}).status_code

    ours, theirs = "http://localhost", "https://elsewhere.test"
    cases: list[tuple[dict[str, str], bool]] = [
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Sec_Fetch_Site": "none"}, True),
        ({"Sec_Fetch_Site": "same-site"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
        ({"Sec_Fetch_Site": "anything"}, False),
        ({"Sec_Fetch_Site": "cross-site", "Origin": ours}, False),
        ({"Sec_Fetch_Site": "same-origin", "Origin": theirs}, True),  # the browser's own word is the better one
        ({"Origin": ours}, True),
        ({"Origin": theirs}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://localhost:8000"}, False),
        ({"Origin": "http://localhost.elsewhere.test"}, False),
        ({"Origin": "http://elsewhere.test#localhost"}, False),
        ({}, True),  # no browser of this decade sends a form without either
    ]
    for headers, allowed in cases:
        assert (status(**headers) != 403) == allowed, headers
    assert client.get("/sign-in", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200  # links may lead here
    programs = client.post("/api/v1/bookings", headers={"Sec-Fetch-Site": "cross-site"})
    assert programs.status_code == 401  # no cookie opens the API, so nobody can be made to ask


def _strict(answer: TestResponse) -> None:
    assert answer.headers["Content-Security-Policy"] == CSP
    assert "unsafe" not in CSP
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.own_app
def test_every_kind_of_answer_carries_strict_headers(cast: Cast) -> None:
    cast.app.add_url_rule("/breaks", "breaks", public(lambda: 1 / 0))
    client, mei = cast.app.test_client(), cast.browser("mei")
    answers = {
        200: [client.get("/sign-in"), mei.get("/"), cast.api("mei").get("/me"), client.get("/healthz")],
        302: [client.get(LOCKED)],
        303: [client.post("/language", data={"language": "zh"})],
        401: [client.get("/api/v1/me"), client.get(LOCKED, headers={"HX-Request": "true"})],
        403: [client.post("/sign-out", headers={"Origin": "https://elsewhere.test"})],
        404: [client.get("/nowhere"), client.get("/api/v1/nowhere"), client.get("/static/nowhere.css")],
        405: [client.delete("/sign-in")],
        422: [cast.api("mei").post("/bookings", json={})],
        500: [client.get("/breaks")],
    }
    for status, told_so in answers.items():
        for answer in told_so:
            assert answer.status_code == status
            _strict(answer)
            if status != 404:
                assert answer.headers["Cache-Control"] == "no-store"
                assert {"Cookie", "Accept-Language", "Authorization"} <= set(answer.headers["Vary"].split(", "))


def test_a_browsers_file_may_be_kept_and_is_the_same_for_all(client: FlaskClient, app: Flask) -> None:
    with client.get(app.jinja_env.globals["asset"]("app.css")) as answer:  # type: ignore[operator]
        assert answer.status_code == 200
        _strict(answer)
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert "Set-Cookie" not in answer.headers


def test_only_a_house_with_secure_cookies_insists_on_https(alone: Any) -> None:
    production = alone(env="production", secret_key="s" * 40, base_url="https://lab.test")
    for path in ("/healthz", "/nowhere"):
        sure = production.test_client().get(path, base_url="https://lab.test")
        assert sure.headers["Strict-Transport-Security"].startswith("max-age=")
        plain = alone().test_client().get(path)
        assert "Strict-Transport-Security" not in plain.headers


def test_a_host_that_is_not_ours_is_refused_in_every_form(client: FlaskClient) -> None:
    for host in ("elsewhere.test", "localhost.elsewhere.test", "localhost@elsewhere.test", "local host", "[", "a:b:c"):
        for form in ("json", "htmx", "page"):
            for path in ("/me", "/sign-in", "/nowhere"):
                answer = ask(client, form, path, headers={"Host": host})
                assert answer.status_code == 400, (host, form, path)
                assert "elsewhere" not in told(answer, form)
    assert client.get("/sign-in", headers={"Host": "127.0.0.1:8123"}).status_code == 200


def test_a_house_that_names_its_hosts_is_known_by_them_alone(alone: Any) -> None:
    client = alone(trusted_hosts=("lab.test", ".lab.example")).test_client()
    for host, status in (("lab.test", 200), ("a.lab.example:81", 200), ("localhost", 400), ("xlab.test", 400)):
        assert client.get("/healthz", headers={"Host": host}).status_code == status, host


def test_who_forges_a_proxys_word_is_not_believed(client: FlaskClient) -> None:
    answer = client.get(LOCKED, headers={"X-Forwarded-Host": "elsewhere.test", "X-Forwarded-Proto": "gopher"})
    assert answer.location == "/sign-in?next=/bookings"
