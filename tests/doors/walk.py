"""Walking the corridor: every route there is, held against the table of doors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.doors.scene import ROLES, Scene
from tests.doors.table import COLUMNS, FORMS, PUBLIC, TABLE

ANSWERS = {  # what a mark of the table allows; the body sent is a bad one, so that nothing is changed where it can be
    "+": {200, 201, 204, 303, 400, 409, 422},
    "-": {403},
    "0": {404},
}


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route and method of the application, reading first; HEAD and OPTIONS go with the others."""
    found = [
        (rule, method) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    yield from sorted(found, key=lambda one: (one[1] != "GET", one[0].endpoint, one[1]))


def unmatched(app: Flask) -> list[str]:
    """Routes that nobody declared, and declarations that lead nowhere."""
    there = {(rule.endpoint, method) for rule, method in routes(app)}
    missing = [f"{method} {endpoint} stands in no table" for endpoint, method in sorted(there - TABLE.keys())]
    return missing + [
        f"{method} {endpoint} is declared and leads nowhere" for endpoint, method in sorted(TABLE.keys() - there)
    ]


def is_turned_away(answer: TestResponse) -> bool:
    """Was this a stranger sent to sign in, or refused for want of a token?"""
    if answer.request.path.startswith("/api/"):
        return answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
    return answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in")


def open_to_strangers(scene: Scene) -> list[str]:
    """Doors that let a stranger in without standing on the reviewed list, by any method they answer."""
    found = []
    for rule in scene.app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        path = scene.path(rule)
        for method in sorted(rule.methods or ()):
            answer = scene.ask(None, method, path)
            if not is_turned_away(answer):
                found.append(f"{method} {path} ({rule.endpoint}) tells a stranger {answer.status_code}")
    return found


def bad_body(rule: Rule, method: str) -> Any:
    """A body no schema takes; 404 and 403 have to come before anybody reads it."""
    if method == "GET":
        return None
    return {"nonsense": True} if rule.rule.startswith("/api/v1") else FORMS.get(rule.endpoint, {"nonsense": "1"})


def misjudged(scene: Scene) -> list[str]:
    """Doors that tell somebody something else than the table declares."""
    found = []
    for rule, method in routes(scene.app):
        for column, mark in zip(COLUMNS, TABLE.get((rule.endpoint, method), ""), strict=False):
            path = scene.path(rule)
            answer = scene.ask(ROLES[column], method, path, bad_body(rule, method))
            if answer.status_code not in ANSWERS[mark]:
                found.append(
                    f"{method} {path} ({rule.endpoint}) tells {column} {answer.status_code}, declared is {mark}"
                )
            if method != "GET" and answer.status_code < 400:
                scene.heal()
    return found
