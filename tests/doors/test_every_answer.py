"""What holds of every answer and every form: strict headers, no copies kept, no foreign forms, one key a door."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from labshare.web.files import SANDBOX
from labshare.web.guard import CSP
from tests.doors.scene import Scene
from tests.doors.walk import is_turned_away, routes

STRICT = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "https://rival.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.rival.example"},
]


def lax(answer: TestResponse) -> list[str]:
    """Which strict headers the answer lacks."""
    a_file = answer.content_type == "application/octet-stream"  # somebody's own, so it may do less still
    strict = STRICT | {"Content-Security-Policy": SANDBOX} if a_file else STRICT
    return [name for name, value in strict.items() if answer.headers.get(name) != value]


def test_every_answer_carries_the_strict_headers(scene: Scene) -> None:
    found = []
    for rule, method in routes(scene.app):
        for name in (None, "ada"):
            path = scene.path(rule)
            answer = scene.ask(name, method, path, {} if method != "GET" else None)
            found += [f"{method} {path} as {name}: {header}" for header in lax(answer)]
            if rule.endpoint != "static" and answer.headers["Cache-Control"] != "no-store":
                found.append(f"{method} {path} as {name} may be kept: {answer.headers['Cache-Control']}")
            scene.heal()
    assert found == []


@pytest.mark.parametrize("path", ["/api/v1/none", "/none", "/api/none", "/static/none.css", "/bookings/1e3"])
def test_answers_about_nothing_are_as_strict(scene: Scene, path: str) -> None:
    answer = scene.browser(None).get(path)
    assert answer.status_code == 404
    assert lax(answer) == []


def test_a_form_of_another_site_is_refused_on_every_page_and_changes_nothing(scene: Scene) -> None:
    let_in = []
    addresses = [
        (method, scene.path(rule)) for rule, method in routes(scene.app) if method != "GET" and "/api/" not in rule.rule
    ]
    for name in ("chen", "ada", None):
        scene.browser(name)
    before = scene.contents()
    for method, path in addresses:
        for name in ("chen", "ada", None):
            for headers in FOREIGN:
                answer = scene.ask(name, method, path, {"purpose": "x"}, headers=headers)
                if answer.status_code != 403:
                    let_in.append(f"{method} {path} as {name} from {headers}: {answer.status_code}")
    assert let_in == []
    assert scene.contents() == before


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}]
)
def test_a_form_of_our_own_is_let_in(scene: Scene, headers: dict[str, str]) -> None:
    assert scene.ask("mei", "POST", "/theme", {"theme": "dark"}, headers=headers).status_code == 303


def test_the_json_door_takes_no_cookie_and_pages_take_no_token(scene: Scene) -> None:
    wrong = []
    token = {"Authorization": f"Bearer {scene.cast.token('ada')}"}
    mei = scene.browser("ada")
    for rule, method in routes(scene.app):
        view = scene.app.view_functions[rule.endpoint]
        if getattr(view, "is_public", False) or rule.endpoint == "static":
            continue
        path = scene.path(rule)
        if path.startswith("/api/"):
            answer = mei.open(path, method=method)
        else:
            answer = scene.app.test_client().open(path, method=method, headers=token)
        if not is_turned_away(answer):
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


def test_a_cookie_of_ours_is_kept_from_scripts_and_other_sites(scene: Scene) -> None:
    client = scene.app.test_client()
    sent = {"email": "mei@cast.labshare.test", "password": "labshare-demo"}
    answer = client.post("/sign-in", data=sent)
    (cookie,) = (one for one in answer.headers.getlist("Set-Cookie") if one.startswith("labshare="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_a_lax_answer_is_noticed(scene: Scene) -> None:
    answer = scene.browser(None).get("/sign-in")
    del answer.headers["Referrer-Policy"]
    assert lax(answer) == ["Referrer-Policy"]
