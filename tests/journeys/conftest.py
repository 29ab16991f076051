"""People with browsers in front of the served application; skipped, with a word why, where there is no Chromium."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.conftest import Databases
from tests.journeys.house import House
from tests.journeys.visitor import HANDS, KEYBOARD, MOUSE, Visitor

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium found: apt-get install chromium fonts-noto-cjk, or set CHROMIUM=/path/to/it"
PATIENCE = 20_000  # milliseconds; a busy machine is slow, not wrong
LOCALES = {"en": "en-GB", "zh": "zh-CN"}

Visit = Callable[..., Visitor]
Spoken = TypeVar("Spoken", bound="str | tuple[str, ...]")
expect.set_options(timeout=PATIENCE)


def chromium() -> str | None:
    """Where the browser is: CHROMIUM says so, or it is on PATH."""
    named = os.environ.get("CHROMIUM", "")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, BROWSERS)), None)


def _every() -> bool:
    return os.environ.get("LABSHARE_JOURNEYS") == "all"


def mainly(usual: str, rows: Sequence[Spoken]) -> list[Spoken]:
    """The rows of one language; of every one with LABSHARE_JOURNEYS=all.

    For journeys whose way is what matters, not its words: the main one, of asking and being answered, is made in both
    languages, and every page is opened in both by the walk over all pages (test_every_page.py).
    """
    return [row for row in rows if _every() or usual == (row if isinstance(row, str) else row[0])]


# For journeys that are made with and without a mouse: each hand in a language of its own; with "all" both in both.
by_either_hand = pytest.mark.parametrize(
    ("language", "hand"),
    list(itertools.product(LOCALES, HANDS)) if _every() else [("en", MOUSE), ("zh", KEYBOARD)],
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How pytest-playwright starts the browser: the machine's own, as root too, and calling nobody."""
    path = chromium()
    if path is None and os.environ.get("CI"):
        raise pytest.UsageError(f"CI must walk the pages in a browser; {MISSING}")
    if path is None:
        pytest.skip(MISSING)
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--lang=en-US"]
    return {**browser_type_launch_args, "executable_path": path, "args": ["--no-sandbox", *quiet]}


@pytest.fixture(scope="session", params=["sqlite"])  # add "postgresql" to walk everything on it too
def houses(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], AbstractContextManager[House]]]:
    """Serves demo laboratories, each with a database of its own."""
    postgres = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    databases = Databases(postgres)

    @contextmanager
    def served() -> Iterator[House]:
        url = databases.fresh()
        house = House(url, tmp_path_factory.mktemp("house"))
        yield house
        house.close()
        databases.drop(url)

    yield served
    databases.close()


@pytest.fixture(scope="session")
def house(houses: Callable[[], AbstractContextManager[House]]) -> Iterator[House]:
    """The served demo laboratory, one for all journeys of this process."""
    with houses() as house:
        yield house


@pytest.fixture
def own_house(houses: Callable[[], AbstractContextManager[House]]) -> Iterator[House]:
    """A served demo laboratory for one journey, which does what cannot be undone or lets days pass."""
    with houses() as house:
        yield house


@pytest.fixture(scope="session")
def base_url(house: House) -> str:
    """Where addresses without a host lead."""
    return house.address


@pytest.fixture
def visit(new_context: Callable[..., BrowserContext], house: House) -> Iterator[Visit]:
    """Have somebody come with a browser: `visit("member", "zh")`, or nobody in particular: `visit()`.

    `hand` is what they press and write with, `to` another house than that of all journeys. Their clock is New York's,
    because what the pages say must not hang on it.
    """
    came: list[Visitor] = []

    def come(
        name: str | None = None, language: str = "en", hand: str = MOUSE, to: House = house, **context: Any
    ) -> Visitor:
        made = new_context(
            **{
                "locale": LOCALES[language],
                "timezone_id": "America/New_York",
                "viewport": {"width": 1440, "height": 900},
                "reduced_motion": "reduce",
                **context,
            }
        )
        made.set_default_timeout(PATIENCE)
        visitor = Visitor(to, made, language, hand)
        came.append(visitor)
        if name is not None:
            visitor.signs_in(name)
        return visitor

    yield come
    complaints = [complaint for visitor in came for complaint in visitor.complaints]
    assert not complaints, "\n".join(complaints)
