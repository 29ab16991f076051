"""What the yearly reports cost as a house fills up, as ratios measured in one run; see README.md.

python benchmarks/usage.py                    some minutes (10,000 and 100,000 bookings)
python benchmarks/usage.py --full             a million
python benchmarks/usage.py --huge             ten million too, on PostgreSQL; an hour, and 10 GB
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the repository: its tests know how to start a PostgreSQL

import sqlalchemy as sa
from _databases import ENGINES, databases
from _laboratory import Laboratory, fill, furnish, use
from _turns import in_turns

from labshare.booking import services as booking
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db

SMALL = 10_000
TWO_YEARS = timedelta(days=731)  # each house was open so long: a report shows the year before beside the year
PROMISED, OVER_SQL = 1.3, 3


@dataclass
class Result:
    """Ratios by what was asked, and the figures they come from."""

    ratios: dict[str, float] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)


def measure(engine: str, sizes: list[int]) -> Result:
    """Each report in the fuller houses over the same in the emptiest; turns alternate."""
    result = Result()
    with databases(engine) as fresh, tempfile.TemporaryDirectory(prefix="labshare-bench-") as name:
        labs = {}
        for size in sizes:
            labs[size] = furnish(fresh(f"n{size}"), Path(name))
            fill(labs[size], size, TWO_YEARS)
            use(labs[size])
            with labs[size].app.app_context():
                booking.recount(SYSTEM, clock.now())
                db.session.remove()
        for what, path in PATHS.items():
            asked = {size: _client(lab, path(lab)) for size, lab in labs.items()}
            times = in_turns(asked)
            for size, emptier in zip(sizes[1:], sizes, strict=False):
                result.ratios[f"{what}, {size:,} over {emptier:,}"] = times[size] / times[emptier]
            result.figures.append(f"{what}: " + ", ".join(f"{times[one]:.1f} ms at {one:,}" for one in sizes))
        lab, what = labs[sizes[-1]], "all companies' year"
        ask = _client(lab, PATHS[what](lab))
        page = in_turns({"page": ask, "bare": _bare(lab, ask)})
        result.figures.append(f"its bare SQL and JSON {page['bare']:.1f} ms")
        result.ratios[f"{what} over its bare SQL and JSON"] = page["page"] / page["bare"]
    return result


PATHS: dict[str, Callable[[Laboratory], str]] = {
    "all companies' year": lambda lab: f"/api/v1/usage/companies?year={lab.year}",
    "one company's year": lambda lab: f"/api/v1/usage/companies/2?year={lab.year}",
    "all instruments' year": lambda lab: f"/api/v1/usage/instruments?year={lab.year}",
}


def _client(lab: Laboratory, path: str) -> Callable[[], None]:
    client, headers = lab.app.test_client(), {"Authorization": f"Bearer {lab.admin}"}

    def ask() -> None:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text

    return ask


def _bare(lab: Laboratory, ask: Callable[[], None]) -> Callable[[], None]:
    """The very statements of a report, said to the driver, and their rows as JSON."""
    said: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        said.append((statement, parameters))

    with lab.app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", hear)
    ask()
    sa.event.remove(engine, "before_cursor_execute", hear)

    def bare() -> None:
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            for statement, parameters in said:
                cursor.execute(statement, parameters)
                json.dumps([list(row) for row in cursor.fetchall()], default=str)
        finally:
            connection.close()

    return bare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="a million bookings")
    parser.add_argument("--huge", action="store_true", help="ten million too, on PostgreSQL alone")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="one engine only")
    said = parser.parse_args()
    sizes = [SMALL, 1_000_000] if said.full or said.huge else [SMALL, 100_000]
    engines = ["postgresql"] if said.huge else said.engine or ENGINES
    results = {engine: measure(engine, [*sizes, *([10_000_000] if said.huge else [])]) for engine in engines}
    print(f"| ratio | {' | '.join(results)} | promised |")
    print(f"|---|{'---|' * len(results)}---|")
    for what in next(iter(results.values())).ratios:
        cells = " | ".join(f"{result.ratios[what]:.2f}" for result in results.values())
        print(f"| {what} | {cells} | ≤ {OVER_SQL if 'bare' in what else PROMISED} |")
    for engine, result in results.items():
        print(f"\n{engine}: " + "; ".join(result.figures) + ".")


if __name__ == "__main__":
    main()
