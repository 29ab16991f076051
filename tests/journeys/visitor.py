"""A person at a browser: goes to pages, presses and types, and notes everything the browser complains of."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Response, expect

from labshare.demo import PASSWORD
from tests.journeys.house import House

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
MOUSE, KEYBOARD = HANDS = ("mouse", "keyboard")
STOPS = 400  # a page with more things to stop at than this is no page for a keyboard
HTML_LANG = {"en": "en-GB", "zh": "zh-Hans-CN"}
REFUSED = re.compile(r"^Failed to load resource: the server responded with a status of 4\d\d")
FINDINGS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], elementRef: false });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}"""  # noqa: E501 - a line of JavaScript reads better whole

CUT_OFF = """() => [...document.body.querySelectorAll("*")].filter((one) => {
  if (one.matches(".tl *, svg, svg *, input, textarea, select, option")) return false;
  const { overflowX, overflowY, clipPath } = getComputedStyle(one);
  const hides = (how) => how === "hidden" || how === "clip";
  return clipPath === "none" && (hides(overflowX) && one.scrollWidth > one.clientWidth + 1
    || hides(overflowY) && one.scrollHeight > one.clientHeight + 1);
}).map((one) => one.outerHTML.slice(0, 160))"""


@cache
def axe() -> str:
    """axe-core's source; evaluated, because the content security policy allows no script but our own."""
    assert AXE.is_file(), "axe-core is missing: run `make setup`"
    return AXE.read_text("utf-8")


class Visitor:
    """One person in one browser of their own."""

    def __init__(self, house: House, context: BrowserContext, language: str, hand: str = MOUSE) -> None:
        self.house, self.context, self.language, self.hand = house, context, language, hand
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        """Errors and warnings, a breach of the content security policy among them.

        The browser also calls it an error when a page, not a file, is answered with a refusal.
        """
        if message.type not in ("error", "warning"):
            return
        if REFUSED.match(message.text) and "/static/" not in message.location["url"]:
            return
        self.complaints.append(f"{self.page.url}: {message.text}")

    # ------------------------------------------------------------ moving about

    def goes_to(self, path: str) -> Response:
        """Open a page by its address."""
        answer = self.page.goto(urljoin(self.house.address, path))
        assert answer is not None
        return answer

    def signs_in(self, name: str) -> None:
        """Sign in by the form, and ask for the pages in the visitor's language if they come in another."""
        self.goes_to("/sign-in")
        self.page.locator("[name=email]").fill(self.house.email(name))
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.locator("[name=password]").press("Enter")
        expect(self.page.locator(".user-menu")).to_be_visible()
        if self.speaks() != HTML_LANG[self.language]:
            self.page.locator(f"[name=language][value={self.language}]").click()
        expect(self.page.locator("html")).to_have_attribute("lang", HTML_LANG[self.language])

    def speaks(self) -> str | None:
        return self.page.locator("html").get_attribute("lang")

    def words(self, english: str, **params: Any) -> str:
        """A sentence of the program in the visitor's language."""
        return self.house.words(self.language, english, **params)

    def menu(self, english: str) -> Locator:
        """An entry of the main menu; `exact` would trip over the count beside it."""
        return self.page.locator(".nav-wide").get_by_role("link", name=re.compile(f"^{self.words(english)}"))

    def link(self, english: str) -> Locator:
        return self.page.locator("main").get_by_role("link", name=self.words(english), exact=True)

    def button(self, english: str) -> Locator:
        return self.page.locator("main").get_by_role("button", name=self.words(english), exact=True)

    def is_told(self, english: str, **params: Any) -> None:
        """The page says this sentence at its top."""
        expect(self.page.locator("#flashes")).to_contain_text(self.words(english, **params))

    # ------------------------------------------------------------ by the mouse, or without one

    def presses(self, goal: Locator) -> None:
        """Press a link, a button, a summary or a box with what the visitor's hand is on."""
        if self.hand == MOUSE:
            goal.click()
            return
        self.tabs_to(goal)
        if goal.get_attribute("type") in ("checkbox", "radio"):
            self.page.keyboard.press("Space")
        elif goal.evaluate("goal => goal.localName") == "summary":
            self.page.keyboard.press("Enter")
        else:  # leads on, which the mouse would have waited for too
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")

    def confirms(self, english: str) -> None:
        """Press what asks back before it acts, and then say yes."""
        asks_back = self.page.locator("main .confirm").filter(has_text=self.words(english)).first
        self.presses(asks_back.locator("summary"))
        self.presses(asks_back.get_by_role("button"))

    def writes(self, goal: Locator, text: str) -> None:
        """Put this text into a field, whatever stood in it."""
        if self.hand == MOUSE:
            goal.fill(text)
            return
        self.tabs_to(goal)
        if goal.get_attribute("type") == "datetime-local":
            # Part by part, as the browser's own language has them, whatever the page's; after the year, which may have
            # more digits than four, by the arrow.
            self.page.keyboard.type(f"{datetime.fromisoformat(text):%m%d%Y}")
            self.page.keyboard.press("ArrowRight")
            self.page.keyboard.type(f"{datetime.fromisoformat(text):%I%M%p}")
            expect(goal).to_have_value(text)
            return
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def chooses(self, goal: Locator, value: str) -> None:
        """Choose of a list what stands for this value."""
        if self.hand == MOUSE:
            goal.select_option(value)
            return
        self.tabs_to(goal)
        self.page.keyboard.press("Home")
        for _ in range(STOPS):
            if goal.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{goal} has no {value}")

    def tabs_to(self, goal: Locator, backwards: bool = False) -> None:
        """Press Tab until the goal has the focus, as often as it takes; each stop must show that it has it."""
        expect(goal).to_be_visible()
        for _ in range(STOPS):
            if goal.evaluate("goal => goal === document.activeElement"):
                return
            self.page.keyboard.press("Shift+Tab" if backwards else "Tab")
            bare = self.page.evaluate(
                "() => { const one = document.querySelector(':focus');"  # not a date field's own small button
                " return one && getComputedStyle(one).outlineStyle === 'none' ? one.outerHTML.slice(0, 120) : null }"
            )
            assert bare is None, f"has the focus and does not show it: {bare}"
        raise AssertionError(f"{goal} cannot be reached by Tab")

    # ------------------------------------------------------------ what is wrong with a page

    def prefers(self, theme: str, width: int) -> None:
        """From the next page on, these colours; and a screen of this width."""
        self.context.add_cookies([{"name": "theme", "value": theme, "url": self.house.address}])
        self.page.set_viewport_size({"width": width, "height": 900})

    def carries_axe(self) -> None:
        """From the next page on axe is there as the page opens: quicker, for somebody who looks at many."""
        self.context.add_init_script(axe())

    def findings(self) -> list[str]:
        """What axe finds on the page as it stands."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(axe())
        return list(self.page.evaluate(FINDINGS))

    def cut_off(self) -> list[str]:
        """What has more in it than it shows and cannot be scrolled; the timeline's bars say all in their title."""
        return list(self.page.evaluate(CUT_OFF))

    def overflow(self, width: int) -> int:
        """How many pixels the page sticks out of a screen this narrow."""
        self.page.set_viewport_size({"width": width, "height": 900})
        return int(
            self.page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        )
