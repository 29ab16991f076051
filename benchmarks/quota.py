"""What the company's account of hours costs, as ratios measured side by side in one run; see README.md.

python benchmarks/quota.py           a few minutes (100,000 bookings instead of a million)
python benchmarks/quota.py --full    the promised sizes
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the repository: its tests know how to start a PostgreSQL

import _servers
from _databases import ENGINES, databases
from _laboratory import COMPANIES, Laboratory, fill, furnish

from labshare.quotas.rules import MOST_HOURS, Terms

CONNECTIONS = 8
MOST = 500  # requests a second that a client has ready
SMALL = 10_000
WITHOUT = "_accountless:served()"
LIMITS = (Terms("all", None, "year", MOST_HOURS * 60, "refuse"),)  # besides the account itself, which counts everything
PROMISED = {"one company": 0.35, f"{COMPANIES} companies": 0.70}


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    seconds: float
    large: int
    repeats: int


QUICK, FULL = Size(5, 2.0, 100_000, 200), Size(9, 4.0, 1_000_000, 500)


@dataclass
class Result:
    """What one engine showed."""

    ratios: dict[str, float] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)


def measure(engine: str, size: Size) -> Result:
    """Everything about one engine."""
    result = Result()
    with databases(engine) as fresh, tempfile.TemporaryDirectory(prefix="labshare-bench-") as name:
        folder = Path(name)
        for who, tokens in (("one company", 1), (f"{COMPANIES} companies", COMPANIES)):
            lab = furnish(fresh(f"c{tokens}"), folder, LIMITS)
            fill(lab, SMALL)
            throughput(lab, who, tokens, size, folder, result)
        labs = {}
        for which, bookings in (("small", SMALL), ("large", size.large)):
            labs[which] = furnish(fresh(which), folder, LIMITS)
            fill(labs[which], bookings)
        reading(labs, size, result)
    return result


def throughput(lab: Laboratory, who: str, tokens: int, size: Size, folder: Path, result: Result) -> None:
    """Bookings a second with the account over those without, by the same clients; rounds alternate."""
    wishes = lab.wishes()
    seen: dict[str, list[float]] = {"with": [], "without": []}
    with ExitStack() as stack:
        ports = {
            "with": stack.enter_context(_servers.serving(_servers.PRODUCT, lab.url, folder)),
            "without": stack.enter_context(_servers.serving(WITHOUT, lab.url, folder)),
        }
        for number in range(-1, size.rounds):  # the first warms both up and does not count
            seconds = size.seconds if number >= 0 else 1.0
            for which in ("with", "without") if number % 2 else ("without", "with"):
                found = _servers.load(
                    ports[which],
                    headers=[lab.headers(whose) for whose in range(tokens)],
                    bodies=list(itertools.islice(wishes, int(MOST * seconds))),
                    seconds=seconds,
                    connections=CONNECTIONS,
                    mark=f"{which}{number}",
                )
                if number >= 0:
                    seen[which].append(found["answered"] / found["seconds"])
    pairs = [mine / theirs for mine, theirs in zip(seen["with"], seen["without"], strict=True)]
    result.ratios[who] = statistics.median(pairs)
    rates = {which: statistics.median(some) for which, some in seen.items()}
    result.figures.append(
        f"{who}: {rates['with']:.0f} bookings/s with the account against {rates['without']:.0f} without; "
        f"ratios of the rounds {min(pairs):.2f} to {max(pairs):.2f}"
    )


def reading(labs: dict[str, Laboratory], size: Size, result: Result) -> None:
    """The busiest company's yearly figure in a house of many bookings over that in one of few; turns alternate."""
    company, times = 2, {which: [] for which in labs}  # type: tuple[int, dict[str, list[float]]]
    clients: dict[str, Any] = {which: lab.app.test_client() for which, lab in labs.items()}
    for number in range(size.repeats + 20):
        for which, lab in labs.items():
            path = f"/api/v1/companies/{company}/account?year={lab.midnight.year}"
            began = time.perf_counter()
            answer = clients[which].get(path, headers=lab.headers(company - 1))
            took = time.perf_counter() - began
            assert answer.status_code == 200, answer.text
            assert answer.get_json()["held_hours"] > 0
            if number >= 20:
                times[which].append(took)
    small, large = (statistics.median(times[which]) * 1000 for which in ("small", "large"))
    result.ratios["reading"] = large / small
    result.figures.append(
        f"yearly figure: {large:.2f} ms at {size.large:,} bookings against {small:.2f} ms at {SMALL:,}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="a million bookings, more and longer rounds")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="one engine only")
    said = parser.parse_args()
    size = FULL if said.full else QUICK
    results = {engine: measure(engine, size) for engine in said.engine or ENGINES}
    print(f"| ratio | {' | '.join(results)} | promised on PostgreSQL |")
    print(f"|---|{'---|' * len(results)}---|")
    for who, promise in PROMISED.items():
        cells = " | ".join(f"{result.ratios[who]:.2f}" for result in results.values())
        print(f"| bookings/s with the account over without, {who} | {cells} | ≥ {promise:.2f} |")
    cells = " | ".join(f"{result.ratios['reading']:.2f}" for result in results.values())
    print(f"| a company's yearly figure at {size.large:,} bookings over {SMALL:,} | {cells} | about 1 |")
    for engine, result in results.items():
        print(f"\n{engine}: " + "; ".join(result.figures) + ".")


if __name__ == "__main__":
    main()
