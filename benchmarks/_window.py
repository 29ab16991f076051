"""What a person sees of a page in Chromium: when it is ready, and whether dragging keeps up with the hand."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

from tests.journeys.conftest import MISSING, chromium

VISITS, MOVES, PAUSE = 5, 40, 0.01
READY_WITHIN = 20_000  # milliseconds until it is given up
# The moment the table is laid out, and two frames later, when it has been drawn; both since the navigation began.
WATCH = """
  new MutationObserver((found, observer) => {
    if (!found.some(({ target }) => target.matches("table.tl.placed"))) return;
    observer.disconnect();
    window.placedAt = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => { window.drawnAt = performance.now(); }));
  }).observe(document, { subtree: true, attributeFilter: ["class"] });
"""
DRAWN = """() => window.drawnAt
  ? [performance.getEntriesByType("navigation")[0].responseEnd, window.placedAt, window.drawnAt] : null"""
FRAMES = """() => {
  window.frames_ = [];
  let last;
  const next = (now) => { if (last) window.frames_.push(now - last); last = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""
MOVABLE = "table.tl.placed a.tl-claim[data-version]"  # as timeline.js says what can be dragged


@contextmanager
def window(address: str, cookie: str) -> Iterator[Page]:
    """A browser's window in which somebody is signed in."""
    path = chromium()
    if path is None:
        raise SystemExit(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": address}])
        context.add_init_script(WATCH)
        yield context.new_page()
        browser.close()


def ready(page: Page, url: str) -> tuple[float, float, float]:
    """Median milliseconds until the page has come, the timeline is laid out, and it is drawn; files are there."""
    seen = []
    for _ in range(VISITS + 1):
        page.goto(url)
        until = time.monotonic() + READY_WITHIN / 1000
        while (moments := page.evaluate(DRAWN)) is None:
            if time.monotonic() > until:
                raise RuntimeError(f"the timeline at {url} is never laid out")
            page.wait_for_timeout(20)
        seen.append(moments)
    came, placed, drawn = zip(*seen[1:], strict=True)
    return statistics.median(came), statistics.median(placed), statistics.median(drawn)


def dragged(page: Page) -> list[float] | None:
    """Milliseconds between frames while a booking is dragged; None where the page has none that can be."""
    claim = page.locator(MOVABLE).first
    if not claim.count():
        return None
    claim.scroll_into_view_if_needed()
    box = claim.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(FRAMES)
    for step in range(1, MOVES + 1):
        page.mouse.move(x + 3 * step, y)
        time.sleep(PAUSE)
    found: list[float] = page.evaluate("() => window.frames_")
    if not page.locator("body.dragging").count():
        raise RuntimeError("a booking that can be moved did not follow the mouse")
    page.keyboard.press("Escape")  # and everything is as it was
    page.mouse.up()
    return found


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
