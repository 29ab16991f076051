"""What booking costs, as ratios measured side by side in one run, on both engines; see README.md.

python benchmarks/booking.py           a minute or two (100,000 bookings instead of a million)
python benchmarks/booking.py --full    the promised sizes
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parents[1]))  # the repository: its tests know how to start a PostgreSQL

import _bare
import _servers
from _databases import ENGINES, Fresh, databases
from _laboratory import INSTRUMENTS, Laboratory, fill, furnish
from _profile import Found, where
from sqlalchemy import event

from labshare.kernel.db import db

CONNECTIONS = 8
MOST = 8000  # requests a second that a client has ready
SMALL = 10_000
ADDRESS = "/api/v1/bookings"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    seconds: float
    large: int
    repeats: int


QUICK, FULL = Size(3, 2.0, 100_000, 30), Size(7, 4.0, 1_000_000, 100)


@dataclass
class Result:
    """What one engine showed: three ratios, the figures behind them, and the profile."""

    ratios: dict[str, float] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)
    profile: tuple[Found, Found] = field(default_factory=lambda: ([], []))


def measure(engine: str, size: Size) -> Result:
    """Everything about one engine."""
    result = Result()
    with databases(engine) as fresh, tempfile.TemporaryDirectory(prefix="labshare-bench-") as name:
        folder = Path(name)
        small = _filled(fresh, "small", SMALL, folder)
        throughput(small, size, folder, result)
        timeline(small, size, result)
        small = _filled(fresh, "again", SMALL, folder)
        large = _filled(fresh, "large", size.large, folder)
        growth(small, large, size, folder, result)
        result.profile = profile(small, size)
    return result


def _filled(fresh: Fresh, name: str, bookings: int, folder: Path) -> Laboratory:
    lab = furnish(fresh(name), folder)
    fill(lab, bookings)
    return lab


# ---------------------------------------------------------------- (a) throughput


def throughput(lab: Laboratory, size: Size, folder: Path, result: Result) -> None:
    """Requests a second of the full path over those of a bare route with one guarded insert; rounds alternate."""
    _bare.prepare(lab.url)
    wishes = lab.wishes()
    seen: dict[str, list[float]] = {"product": [], "bare": []}
    with ExitStack() as stack:
        ports = {
            "product": stack.enter_context(_servers.serving(_servers.PRODUCT, lab.url, folder)),
            "bare": stack.enter_context(_servers.serving(_servers.BARE, lab.url, folder)),
        }
        for number in range(-1, size.rounds):  # the first warms both up and does not count
            for who, port in ports.items():
                seconds = size.seconds if number >= 0 else 1.0
                if who == "bare":  # it is so much faster that the free slots would not last
                    _bare.empty(lab.url)
                    some = list(itertools.islice(lab.wishes(), int(MOST * seconds)))
                else:
                    some = list(itertools.islice(wishes, int(MOST / 8 * seconds)))
                found = _send(lab, port, some, seconds, CONNECTIONS, f"a{number}")
                if number >= 0:
                    seen[who].append(found["answered"] / found["seconds"])
    pairs = [mine / bare for mine, bare in zip(seen["product"], seen["bare"], strict=True)]
    result.ratios["throughput"] = statistics.median(pairs)
    per_second = {who: statistics.median(rates) for who, rates in seen.items()}
    result.figures.append(
        f"throughput: {per_second['product']:.0f} requests/s against {per_second['bare']:.0f} of the bare route; "
        f"ratios of the rounds {min(pairs):.2f} to {max(pairs):.2f}"
    )


def _send(lab: Laboratory, port: int, bodies: list[Any], seconds: float, connections: int, mark: str) -> dict[str, Any]:
    if not bodies:
        raise RuntimeError("no free slots are left")
    return _servers.load(
        port,
        headers=[lab.headers(whose) for whose in range(len(lab.tokens))],
        bodies=bodies,
        seconds=seconds,
        connections=connections,
        mark=mark,
    )


# ---------------------------------------------------------------- (b) latency as the house grows


def growth(small: Laboratory, large: Laboratory, size: Size, folder: Path, result: Result) -> None:
    """Median latency of one client in a house with many bookings over that in one with few; rounds alternate."""
    latencies: dict[str, list[float]] = {"small": [], "large": []}
    labs = {"small": small, "large": large}
    with ExitStack() as stack:
        ports = {
            which: stack.enter_context(_servers.serving(_servers.PRODUCT, lab.url, folder))
            for which, lab in labs.items()
        }
        wishes = {which: lab.wishes() for which, lab in labs.items()}
        for number in range(-1, 2 * size.rounds):
            for which, lab in labs.items():
                some = list(itertools.islice(wishes[which], 300))
                found = _send(lab, ports[which], some, size.seconds / 2, 1, f"b{number}")
                if number >= 0:
                    latencies[which] += found["latencies"]
    middle = {which: statistics.median(some) * 1000 for which, some in latencies.items()}
    result.ratios["growth"] = middle["large"] / middle["small"]
    result.figures.append(
        f"latency: {middle['large']:.2f} ms at {size.large:,} bookings against {middle['small']:.2f} ms at {SMALL:,}"
    )


# ---------------------------------------------------------------- (c) the timeline


def timeline(lab: Laboratory, size: Size, result: Result) -> None:
    """GET /timeline for a week over the same statement by the driver alone and json.dumps of its rows."""
    last, first = lab.midnight, lab.midnight - timedelta(days=7)
    path = f"/api/v1/timeline?from={quote(first.isoformat())}&to={quote(last.isoformat())}"
    client = lab.app.test_client()
    statement, values = _heaviest(lab, path)

    def product() -> int:
        answer = client.get(path, headers=lab.headers())
        assert answer.status_code == 200, answer.text
        return len(answer.data)

    with lab.app.app_context():
        connection = db.engine.raw_connection()
        driver: Any = connection.driver_connection

        def bare() -> int:
            rows = driver.execute(statement, values).fetchall()
            return len(json.dumps(rows, default=datetime.isoformat))

        for warm in (product, bare) * 10:
            warm()
        gc.collect()
        gc.freeze()  # as the web workers do: what the house is made of need not be looked at
        times: dict[Any, list[float]] = {product: [], bare: []}
        for which in (product, bare) * size.repeats:
            began = time.perf_counter()
            which()
            times[which].append(time.perf_counter() - began)
        claims = len(driver.execute(statement, values).fetchall())
        connection.close()
    mine, theirs = (statistics.median(times[which]) * 1000 for which in (product, bare))
    result.ratios["timeline"] = mine / theirs
    result.figures.append(
        f"timeline: {mine:.1f} ms against {theirs:.1f} ms of bare SQL and JSON, "
        f"{claims:,} claims of {INSTRUMENTS} instruments"
    )


def _heaviest(lab: Laboratory, path: str) -> tuple[str, Any]:
    """The statement over the claims that the page sends, and its values, as the driver gets them."""
    sent: list[tuple[str, Any]] = []

    def saw(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        sent.append((statement, values))

    with lab.app.app_context():
        event.listen(db.engine, "before_cursor_execute", saw)
        lab.app.test_client().get(path, headers=lab.headers())
        event.remove(db.engine, "before_cursor_execute", saw)
    return next(one for one in sent if "FROM claim" in one[0])


# ---------------------------------------------------------------- where the rest goes


def profile(lab: Laboratory, size: Size) -> tuple[Found, Found]:
    """Bookings in this process, under cProfile."""
    client = lab.app.test_client()
    wishes = itertools.islice(lab.wishes(), 15_000, None)

    def book(how_many: int) -> None:
        for number, wish in enumerate(itertools.islice(wishes, how_many)):
            headers = lab.headers() | {"Idempotency-Key": f"p{how_many}-{number}"}
            answer = client.post(ADDRESS, data=json.dumps(wish), headers=headers)
            assert answer.status_code == 201, answer.text

    book(100)
    return where(lambda: book(size.repeats * 10))


# ---------------------------------------------------------------- what is printed


def report(results: dict[str, Result], size: Size) -> Iterator[str]:
    """The tables, as README shows them."""
    said = {
        "throughput": (
            "requests/s of `POST /bookings` over a bare route with one guarded insert",
            "≥ 0.25 on PostgreSQL",
        ),
        "growth": (f"latency of `POST /bookings` at {size.large:,} bookings over {SMALL:,}", "≤ 1.15"),
        "timeline": ("`GET /timeline`, a week, 2,000 claims, over its bare SQL and JSON", "≤ 3"),
    }
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    yield f"| ratio | {' | '.join(names[engine] for engine in results)} | promised |"
    yield f"|---|{'---|' * len(results)}---|"
    for key, (what, promise) in said.items():
        yield f"| {what} | {' | '.join(f'{result.ratios[key]:.2f}' for result in results.values())} | {promise} |"
    for engine, result in results.items():
        yield f"\n{names[engine]}: " + "; ".join(result.figures) + "."
    for title, which in (("own time, by whose code", 0), ("time by part, all it calls included", 1)):
        yield f"\n| `POST /bookings`: {title} | {' | '.join(names[engine] for engine in results)} |"
        yield f"|---|{'---|' * len(results)}"
        tables = [dict(result.profile[which]) for result in results.values()]
        for label in tables[0] | tables[-1]:
            yield f"| {label} | {' | '.join(f'{table.get(label, 0):.0%}' for table in tables)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="a million bookings, more and longer rounds")
    parser.add_argument("--quick", action="store_true", help="a minute or two; what happens anyway")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="one engine only")
    said = parser.parse_args()
    size = FULL if said.full else QUICK
    results = {engine: measure(engine, size) for engine in said.engine or ENGINES}
    print("\n".join(report(results, size)))


if __name__ == "__main__":
    main()
