"""What the desks cost: the server's time as the house fills up, the bytes of a first visit, the timeline in a browser.

python benchmarks/pages.py                    some minutes (10,000 and 100,000 bookings)
python benchmarks/pages.py --full             a million
python benchmarks/pages.py --browser          the timeline in Chromium and the bytes only
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(
    0, str(Path(__file__).parents[1])
)  # the repository: its tests know how to start a PostgreSQL, and where Chromium is

from _databases import ENGINES, databases
from _desks import BOSS, CHIEF, COMPANY, MANAGER, MEMBER, ask_ahead, browser, cookie, crowd, people_come
from _laboratory import Laboratory, fill, furnish, use
from _servers import PRODUCT, serving
from _turns import in_turns
from _window import dragged, percentile, ready, window
from flask import url_for

from hatch_build import node_and_npm
from labshare.booking import services as booking
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db

ROOT = Path(__file__).parents[1]
SMALL, INSTRUMENTS = 10_000, 150
PROMISED, READY, FRAME, VISIT, SCRIPTS = 1.2, 500, 25, 60_000, 6_000
DESKS: dict[str, tuple[int, str, dict[str, Any]]] = {  # what is looked at -> by whom, its endpoint and its arguments
    "start, member": (MEMBER, "home.start", {}),
    "start, company admin": (CHIEF, "home.start", {}),
    "start, manager": (MANAGER, "home.start", {}),
    "start, admin": (BOSS, "home.start", {}),
    "queue": (MANAGER, "bookings.queue", {}),
    "bookings, member": (MEMBER, "bookings.listed", {}),
    "bookings, past": (MEMBER, "bookings.listed", {"tab": "past"}),
    "bookings, manager": (MANAGER, "bookings.listed", {}),
    "timeline": (MEMBER, "bookings.overview", {}),
    "timeline, two weeks": (MEMBER, "bookings.overview", {"span": "weeks"}),
    "one instrument's week": (MEMBER, "bookings.week", {"code": "SEM-01"}),
    "finding time": (MEMBER, "bookings.find", {}),
    "today's board": (MANAGER, "bookings.board", {}),
    "the company's month": (MEMBER, "bookings.calendar", {}),
    "asking": (MEMBER, "bookings.new", {"instrument": "SEM-01"}),
    "account": (CHIEF, "accounts.statement", {"company_id": COMPANY}),
    "usage, company": (CHIEF, "usage.company", {"company_id": COMPANY}),
    "usage, admin": (BOSS, "usage.overview", {}),
}


@dataclass
class Result:
    """Ratios by what was looked at, and the figures they come from."""

    ratios: dict[str, float] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)


def open_house(url: str, folder: Path, bookings: int) -> Laboratory:
    """A laboratory with so many bookings behind it, and the same ahead of it as any other."""
    lab = furnish(url, folder)
    fill(lab, bookings)
    use(lab)
    with lab.app.app_context():
        booking.recount(SYSTEM, clock.now())
        db.session.remove()
    people_come(lab)
    ask_ahead(lab)
    return lab


def address(lab: Laboratory, desk: str) -> str:
    _who, endpoint, values = DESKS[desk]
    with lab.app.test_request_context():
        return url_for(endpoint, **values)


def look(lab: Laboratory, desk: str) -> Callable[[], None]:
    client, path = browser(lab, DESKS[desk][0]), address(lab, desk)

    def ask() -> None:
        answer = client.get(path)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}"

    return ask


def measure(engine: str, sizes: list[int]) -> Result:
    """Each desk in the fuller house over the same in the emptier one; turns alternate."""
    result = Result()
    with databases(engine) as fresh, tempfile.TemporaryDirectory(prefix="labshare-bench-") as name:
        labs = {size: open_house(fresh(f"n{size}"), Path(name), size) for size in sizes}
        for desk in DESKS:
            times = in_turns({size: look(lab, desk) for size, lab in labs.items()})
            result.ratios[desk] = times[sizes[-1]] / times[sizes[0]]
            result.figures.append(f"{desk} " + ", ".join(f"{times[one]:.1f} ms at {one:,}" for one in sizes))
    return result


# ---------------------------------------------------------------- what a first visit transfers


def fetched(url: str, said: str = "") -> int:
    """Bytes of the answer's body as it comes over the wire to a browser, which takes it compressed."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip", "Cookie": said})
    with urllib.request.urlopen(request) as answer:
        return len(answer.read())


def first_visits(lab: Laboratory, server: str) -> None:
    """What each desk transfers to somebody who was never there: the page, the styles and all scripts."""
    with lab.app.test_request_context():
        asset = lab.app.jinja_env.globals["asset"]
        styles, scripts = (fetched(server + asset(name)) for name in ("app.css", "app.js"))  # type: ignore[operator]
    print(f"\nStyles {styles:,} bytes, all scripts {scripts:,}.\n")
    print("| first visit, in bytes | page | page, styles and scripts | promised |\n|---|---|---|---|")
    for desk in DESKS:
        page = fetched(server + address(lab, desk), cookie(browser(lab, DESKS[desk][0])))
        print(f"| {desk} | {page:,} | {page + styles + scripts:,} | ≤ {VISIT:,} |")


def weights() -> dict[str, int]:
    said = subprocess.run([node_and_npm()[0], ROOT / "frontend" / "weigh.mjs"], capture_output=True, check=True)
    found: dict[str, int] = json.loads(said.stdout)
    return found


# ---------------------------------------------------------------- the timeline in a browser


def in_a_browser(instruments: int) -> None:
    """When a crowded day of all instruments is ready, and how it is dragged in."""
    with databases("sqlite") as fresh, tempfile.TemporaryDirectory(prefix="labshare-bench-") as name:
        lab = furnish(fresh("crowded"), Path(name), instruments=instruments)
        people_come(lab)
        day = crowd(lab)
        client = browser(lab, MEMBER)
        with serving(PRODUCT, lab.url, Path(name)) as port:
            server = f"http://127.0.0.1:{port}"
            path = f"/timeline?day={day:%Y-%m-%d}"
            with window(server, cookie(client)) as page:
                came, placed, drawn = ready(page, server + path)
                claims = page.locator("table.tl a.tl-claim, table.tl span.tl-claim.busy").count()
                frames = dragged(page)
            size = fetched(server + path, cookie(client))
            print("| in Chromium | measured | promised |\n|---|---|---|")
            print(f"| timeline of {instruments} instruments and {claims:,} claims | {placed:.0f} ms | ≤ {READY} |")
            if frames is None:
                print("\nNothing on the timeline can be dragged: not measured.")
            else:
                slow = percentile(frames, 0.95)
                print(f"| 95 of 100 frames while dragging, of {len(frames)} | {slow:.1f} ms | ≤ {FRAME} |")
            print(f"| our own scripts of all pages, gzip | {weights()['own']:,} bytes | ≤ {SCRIPTS:,} |")
            print(f"\nThe page has come after {came:.0f} ms and is drawn after {drawn:.0f}; it is {size:,} bytes.")
            if frames:
                print(f"Frames: median {statistics.median(frames):.1f} ms, longest {max(frames):.1f} ms.")
        desks = open_house(fresh("desks"), Path(name), SMALL // 10)
        with serving(PRODUCT, desks.url, Path(name)) as port:
            first_visits(desks, f"http://127.0.0.1:{port}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="a million bookings")
    parser.add_argument("--browser", action="store_true", help="the browser's part only")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="one engine only")
    parser.add_argument("--sizes", type=int, nargs=2, help="other numbers of bookings to compare, to try it out")
    parser.add_argument("--instruments", type=int, default=INSTRUMENTS, help="of the timeline, to try it out")
    said = parser.parse_args()
    in_a_browser(said.instruments)
    if said.browser:
        return
    sizes = said.sizes or [SMALL, 1_000_000 if said.full else 100_000]
    results = {engine: measure(engine, sizes) for engine in said.engine or ENGINES}
    print(f"\n| server's time at {sizes[1]:,} bookings over {sizes[0]:,} | {' | '.join(results)} | promised |")
    print(f"|---|{'---|' * len(results)}---|")
    for what in DESKS:
        cells = " | ".join(f"{result.ratios[what]:.2f}" for result in results.values())
        print(f"| {what} | {cells} | ≤ {PROMISED} |")
    for engine, result in results.items():
        print(f"\n{engine}: " + "; ".join(result.figures) + ".")


if __name__ == "__main__":
    main()
