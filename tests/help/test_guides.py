"""The guides say the same in both languages, lead where there is something, and call things by their names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask

import labshare
from labshare.help.first_steps import STEPS
from labshare.help.guides import NEWCOMER, READERS, guide
from tests.cast import Cast

HOUSE = Path(labshare.__file__).parent
LANGUAGES = ("en", "zh")
OWN = {"mei": "member", "chen": "company-admin", "li": "lab-manager", "ada": "admin"}
QUOTED = re.compile(r"“([^”]+)”")
LINK = re.compile(r"\]\((/[^)]*)\)")
NOT_OURS = {"busy"}  # what others see is quoted in the guides too


def text(reader: str, language: str) -> str:
    return (HOUSE / "help" / language / f"{reader}.md").read_text(encoding="utf-8")


@cache
def chinese() -> dict[str, str]:
    """What the catalogue says in Chinese for each English sentence."""
    with (HOUSE / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if isinstance(message.id, str)}


def named(section: str) -> list[str]:
    return QUOTED.findall(section)


def parts(reader: str, language: str) -> dict[str, str]:
    """Each section's own words, as they stand in the file."""
    _, *cut = re.split(r"^## .+ \{#([a-z-]+)\}$", text(reader, language), flags=re.MULTILINE)
    return dict(zip(cut[::2], cut[1::2], strict=True))


@pytest.mark.parametrize("reader", READERS)
def test_both_languages_have_the_same_sections_in_the_same_order(reader: str) -> None:
    english, other = (guide(reader, language) for language in LANGUAGES)
    assert [section.anchor for section in english.sections] == [section.anchor for section in other.sections]
    assert text(reader, "en").count("\n## ") == len(english.sections) >= 3


@pytest.mark.parametrize("reader", READERS)
def test_both_languages_lead_to_the_same_pages(reader: str) -> None:
    for anchor, english in parts(reader, "en").items():
        assert LINK.findall(english) == LINK.findall(parts(reader, "zh")[anchor]), anchor


@pytest.mark.parametrize("reader", READERS)
def test_every_button_and_page_is_called_by_its_name(reader: str) -> None:
    for anchor, english in parts(reader, "en").items():
        names = set(named(english)) - NOT_OURS
        assert names <= set(chinese()), f"{anchor}: nothing here is called {names - set(chinese())}"
        said, wanted = set(named(parts(reader, "zh")[anchor])), {chinese()[name] for name in names}
        known = set(chinese().values())
        assert said <= known, f"{anchor}: nothing here is called {said - known}"
        assert wanted <= said, f"{anchor}: {wanted - said} is not named"


@pytest.mark.parametrize("reader", READERS)
def test_every_link_leads_to_a_page(app: Flask, reader: str) -> None:
    adapter = app.url_map.bind("localhost")
    for target in LINK.findall(text(reader, "en")):
        path = re.split(r"[?#]", target)[0]
        assert adapter.match(path, method="GET"), target


@pytest.mark.parametrize(("name", "reader"), OWN.items())
def test_everybody_comes_to_their_own_guide_and_may_open_all_it_leads_to(
    app: Flask, cast: Cast, name: str, reader: str
) -> None:
    browser = cast.browser(name)
    assert guide(reader, "en").title in browser.get("/help").text
    for target in LINK.findall(text(reader, "en")):
        answer = browser.get(target, follow_redirects=True)
        assert answer.status_code == 200, f"{target} answered {name} {answer.status_code}"


def test_a_stranger_is_told_how_to_come_in(app: Flask) -> None:
    browser = app.test_client()
    assert guide(NEWCOMER, "en").title in browser.get("/help").text
    assert guide(NEWCOMER, "zh").title in browser.get("/help", headers={"Accept-Language": "zh"}).text
    assert browser.get("/help/nobody").status_code == 404


@pytest.mark.parametrize(("name", "reader"), OWN.items())
def test_first_steps_lead_to_pages_of_the_role_until_they_are_put_away(cast: Cast, name: str, reader: str) -> None:
    browser = cast.browser(name)
    start = browser.get("/").text
    panel = start[start.index('class="panel stack first-steps"') :].partition("</section>")[0]
    targets = re.findall(r'href="([^"]+)"', panel)
    assert len(targets) == len(STEPS[reader]) + 1
    answers = [browser.get(target.replace("&amp;", "&"), follow_redirects=True) for target in targets]
    assert {answer.status_code for answer in answers} == {200}

    answer = browser.post("/first-steps", data={"next": "/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "first-steps-title" not in browser.get("/").text

    browser.post("/first-steps", data={"next": "/", "again": "true"})
    assert "first-steps-title" in browser.get("/").text


def test_first_steps_put_away_by_one_role_are_still_shown_to_another_in_the_same_browser(cast: Cast) -> None:
    browser = cast.browser("mei")
    browser.post("/first-steps", data={})
    put_away = browser.get_cookie("first_steps")
    assert put_away
    another = cast.browser("li")
    another.set_cookie(put_away.key, put_away.value)
    assert "first-steps-title" in another.get("/").text
