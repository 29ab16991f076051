"""Kinds of elements on a page as the server sends it: two readers whose pages hold the same kinds see the same page."""

from __future__ import annotations

from html.parser import HTMLParser

from flask.testing import FlaskClient

from labshare.demo import PASSWORD
from tests.journeys.house import House

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
TELLING = {"class", "type", "role", "scope", "disabled", "readonly", "checked", "required", "href", "tabindex", "lang"}
PLAIN = {"class", "type", "role", "scope"}  # of these the value counts, of the others only that they are there

Kind = tuple[str, ...]


class Kinds(HTMLParser):
    """Every element by its name, by what makes it look and behave as it does, and by what it stands in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.found: set[Kind] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = sorted(
            f"{name}={value}" if name in PLAIN else name
            for name, value in attrs
            if name in TELLING or name.startswith("aria-")
        )
        own = " ".join([tag, *said])
        self.found.add((*(one for _, one in self.open[-2:]), own))
        if tag not in VOID:
            self.open.append((tag, own))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _ in self.open):  # what was left open within it ends with it
            if self.open.pop()[0] == tag:
                break


class Readers:
    """People who read pages without a browser, each signed in once."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.clients: dict[str, FlaskClient] = {}

    def kinds(self, name: str, path: str) -> set[Kind]:
        if name not in self.clients:
            self.clients[name] = self.house.app.test_client()
            said = {"email": self.house.email(name), "password": PASSWORD}
            assert self.clients[name].post("/sign-in", data=said).status_code == 303
        answer = self.clients[name].get(path, follow_redirects=True)  # some are led on to what is theirs
        assert answer.status_code in (200, 422), f"{path} answered {name} {answer.status_code}"
        return Kinds(answer.get_data(as_text=True)).found
