"""What looking for free times costs as a house fills up, as a ratio measured in one run; see README.md.

python benchmarks/free_slots.py           some minutes (100,000 bookings instead of a million)
python benchmarks/free_slots.py --full    the promised sizes
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the repository: its tests know how to start a PostgreSQL

import sqlalchemy as sa
from _databases import ENGINES, databases
from _laboratory import Laboratory, fill, furnish

from labshare.booking import services as booking
from labshare.booking.services.asking import Draft
from labshare.instruments import hours
from labshare.instruments import services as instruments
from labshare.instruments.jobs import seed_calendars
from labshare.instruments.rules.opening import Pattern
from labshare.kernel.actor import ADMIN, Actor
from labshare.kernel.db import db
from labshare.kernel.errors import Conflict
from labshare.kernel.slots import Slot
from labshare.maintenance import services as maintenance
from labshare.maintenance.repeat import Repeat
from labshare.maintenance.selection import Wanted
from labshare.people import access

SMALL = 10_000
REPEATS, WARM_UP = 60, 10
PROMISE = 1.2
EVERY_DAY = ((8 * 60, 12 * 60), (13 * 60, 20 * 60))


def lay_out(lab: Laboratory) -> None:
    """Opening hours, a calendar, maintenance every week, and a booking a day on each instrument for two weeks."""
    with lab.app.app_context():
        ada = Actor("person", person_id=1, name="Ada", roles=frozenset({ADMIN}))
        mei = access.by_id(1)
        week = (EVERY_DAY,) * 5 + ((), ())
        pattern = Pattern(lab.midnight.date() - timedelta(days=400), week)
        instruments.set_hours(ada, hours.at_site("EAST"), pattern)
        seed_calendars(lab.midnight)
        first = Slot(lab.midnight + timedelta(days=3, hours=1), lab.midnight + timedelta(days=3, hours=3))
        wanted = Wanted(tuple(lab.codes[::2]))
        maintenance.plan(ada, maintenance.Draft(wanted, first, "preventive", repeat=Repeat("week", times=8)))
        for number, code in enumerate(lab.codes):
            for day in range(1, 15):
                start = lab.midnight + timedelta(days=day, hours=4 + number % 3)
                try:
                    booking.request(mei, Draft(code, Slot(start, start + timedelta(hours=2)), "Fracture surfaces"))
                except Conflict:  # a weekend, a holiday or maintenance
                    continue
        db.session.remove()
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect() as connection:
                connection.execute(sa.text("ANALYZE"))


def measure(engine: str, large: int) -> tuple[float, str]:
    """The time of one look at 50 instruments and two weeks in a full house over a nearly empty one, in turns."""
    with databases(engine) as fresh, tempfile.TemporaryDirectory(prefix="labshare-bench-") as name:
        labs = {}
        for which, bookings in (("small", SMALL), ("large", large)):
            labs[which] = furnish(fresh(which), Path(name))
            fill(labs[which], bookings)
            lay_out(labs[which])
        clients: dict[str, Any] = {which: lab.app.test_client() for which, lab in labs.items()}
        times: dict[str, list[float]] = {which: [] for which in labs}
        found = {}
        for number in range(REPEATS + WARM_UP):
            for which, lab in labs.items():
                asked = {
                    "from": lab.midnight.isoformat(),
                    "to": (lab.midnight + timedelta(days=14)).isoformat(),
                    "minutes": 60,
                    "limit": 200,
                }
                began = time.perf_counter()
                answer = clients[which].get("/api/v1/free", query_string=asked, headers=lab.headers())
                took = time.perf_counter() - began
                assert answer.status_code == 200, answer.text
                found[which] = len(answer.get_json()["items"])
                if number >= WARM_UP:
                    times[which].append(took)
        assert found["small"] == found["large"] == 200, found
    small, big = (statistics.median(times[which]) * 1000 for which in ("small", "large"))
    return big / small, f"{big:.1f} ms at {large:,} bookings against {small:.1f} ms at {SMALL:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="a million bookings")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="one engine only")
    said = parser.parse_args()
    large = 1_000_000 if said.full else 100_000
    results = {engine: measure(engine, large) for engine in said.engine or ENGINES}
    print(f"| ratio | {' | '.join(results)} | promised |")
    print(f"|---|{'---|' * len(results)}---|")
    cells = " | ".join(f"{ratio:.2f}" for ratio, _ in results.values())
    print(
        f"| free times of 50 instruments over two weeks, at {large:,} bookings over {SMALL:,} | {cells} | ≤ {PROMISE} |"
    )
    for engine, (_, figures) in results.items():
        print(f"\n{engine}: {figures}.")


if __name__ == "__main__":
    main()
