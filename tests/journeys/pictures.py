"""Pictures of the twelve main pages in every way people see them: `make pictures`.

They are made in a demo laboratory of their own and lie in `pictures/`, which is not committed: to be looked at.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.conftest import Databases
from tests.journeys.conftest import LOCALES, MISSING, PATIENCE, chromium
from tests.journeys.house import House
from tests.journeys.visitor import Visitor

FOLDER = Path(__file__).parents[2] / "pictures"
SIZE = 0.4  # of the demo laboratory: its pages are full, and it is there in some seconds
PAGES = (  # what it is called, who opens it, where it is, and what is pressed there
    ("catalogue", "member", "/instruments", ""),
    ("instrument", "member", "/instruments/SEM-01", ""),
    ("asking", "member", "/bookings/new?instrument=SEM-01", ".slots a"),
    ("timeline", "member", "/timeline", ""),
    ("week", "member", "/instruments/SEM-02/week", ""),
    ("start", "member", "/", ""),
    ("bookings", "company-admin", "/bookings", ""),
    ("account", "company-admin", "/hours", ""),
    ("queue", "manager", "/queue", ""),
    ("planner", "manager", "/maintenance/windows/new?instrument=SEM-01", ""),
    ("usage", "admin", "/usage", ""),
    ("audit", "admin", "/audit", ""),
)
TALLEST = 4_000  # pixels; a longer page shows nothing new below


def make(browser: Browser, house: House, folder: Path) -> int:
    """Every page in both languages, light and dark, on a wide screen and on a phone; how many pictures it were."""
    many = 0
    for language in LOCALES:
        context = {"locale": LOCALES[language], "timezone_id": "Asia/Shanghai", "base_url": house.address}
        came: dict[str, Visitor] = {}
        for number, (name, who, path, pressed) in enumerate(PAGES, 1):
            if who not in came:
                came[who] = Visitor(house, browser.new_context(**context), language)  # type: ignore[arg-type]
                came[who].page.set_default_timeout(PATIENCE)
                came[who].signs_in(who)
            for theme, width in itertools.product(("light", "dark"), (1440, 390)):
                came[who].prefers(theme, width)
                _take(came[who], path, pressed, folder / f"{number:02}-{name}-{language}-{theme}-{width}.png", width)
                many += 1
        for visitor in came.values():
            visitor.context.close()
    return many


def _take(visitor: Visitor, path: str, pressed: str, file: Path, width: int) -> None:
    answer = visitor.goes_to(path)
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    if pressed:
        visitor.page.locator(pressed).first.click()
        visitor.page.wait_for_load_state("networkidle")
    height = int(visitor.page.evaluate("() => document.documentElement.scrollHeight"))
    whole = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)}
    visitor.page.screenshot(path=file, full_page=True, clip=whole)  # type: ignore[arg-type]


def main() -> None:
    path = chromium()
    if path is None:
        raise SystemExit(MISSING)
    shutil.rmtree(FOLDER, ignore_errors=True)
    databases = Databases(None)
    with tempfile.TemporaryDirectory(prefix="labshare-pictures-") as folder, sync_playwright() as playwright:
        house = House(databases.fresh(), Path(folder), size=SIZE)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        many = make(browser, house, FOLDER)
        browser.close()
        house.close()
    databases.close()
    print(f"{many} pictures in {FOLDER}")  # noqa: T201 - a command tells what it did


if __name__ == "__main__":
    main()
