"""What maintenance asks of the database: as many statements for thirty bookings as for three."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from labshare.maintenance import services
from tests.maintenance.conftest import Lab
from tests.maintenance.test_doors import WINDOWS, body

Counting = Callable[[], AbstractContextManager[list[str]]]
EACH = re.compile(
    r"INSERT INTO (journal|ledger|tally)|UPDATE balance|WITH .*balance", re.I | re.S
)  # each has its own; sums ride with the last


def asked(statements: Counting, ask: Callable[[], Any]) -> int:
    """How many statements it takes, the second time: the first fills what is kept."""
    ask()
    with statements() as said:
        ask()
    return len(said)


def few_and_many(lab: Lab, statements: Counting, more: Callable[[int], None], ask: Callable[[], Any]) -> None:
    for number in range(3):
        more(number)
    few = asked(statements, ask)
    for number in range(3, 20):
        more(number)
    assert asked(statements, ask) == few <= 8


def test_the_list_of_windows_asks_as_much_for_twenty_as_for_three(lab: Lab, statements: Counting) -> None:
    li = lab.cast.api("li")
    few_and_many(lab, statements, lambda n: lab.plan(24 + 2 * n, 1, "SEM-01", "BAT-01"), lambda: li.get(WINDOWS))


def test_the_list_of_outages_does_too(lab: Lab, statements: Counting) -> None:
    li = lab.cast.api("li")

    def broke(number: int) -> None:
        lab.go(number)
        services.repaired(lab.cast.li, services.report(lab.cast.li, "SEM-01").id)

    few_and_many(lab, statements, broke, lambda: li.get("/outages"))


def test_the_list_of_upkeep_does_too(lab: Lab, statements: Counting) -> None:
    li, kinds = lab.cast.api("li"), ("preventive", "calibration", "repair", "vendor_visit")
    said = [(code, kind) for code in ("SEM-01", "BAT-01") for kind in kinds]
    services.set_upkeep(lab.cast.li, *said[0], 30, None)
    few = asked(statements, lambda: li.get("/upkeep"))
    for code, kind in said[1:]:
        services.set_upkeep(lab.cast.li, code, kind, 30, 100)
    assert asked(statements, lambda: li.get("/upkeep")) == few <= 8


def test_the_list_of_utilities_does_too(lab: Lab, statements: Counting) -> None:
    li = lab.cast.api("li")

    def more(number: int) -> None:
        names = {"name_en": f"Chiller {number}", "name_zh": f"{number} 号冷水机"}
        services.add_utility(lab.cast.li, names, ["SEM-01", "BAT-01"])

    few_and_many(lab, statements, more, lambda: li.get("/utilities"))


def booked(lab: Lab, start: float, many: int) -> None:
    """So many bookings of two companies from then on, on four channels and the microscope."""
    for number in range(many):
        who, code = (lab.cast.mei, lab.cast.bo)[number % 2], "BAT-01" if number % 5 else "SEM-01"
        lab.book(who, start + 2 * (number // 5), 1, code, approved=number % 3 == 0)


@pytest.mark.parametrize("path", [f"{WINDOWS}/preview", WINDOWS])
def test_a_plan_over_thirty_bookings_asks_as_much_as_over_three_but_for_each_ones_facts_and_hours(
    lab: Lab, statements: Counting, path: str
) -> None:
    found, li = {}, lab.cast.api("li")
    for start, many in ((24, 3), (124, 30)):
        booked(lab, start, many)
        with statements() as said:
            answer = li.post(path, body(lab, start - 1, 24, "SEM-01", "BAT-01"))
        assert answer.status_code in (200, 201), answer.json
        assert len(answer.json["bookings"]) == many
        found[many] = [one for one in said if not EACH.search(one)]
    assert len(found[30]) == len(found[3]) <= 40, [one[:90] for one in found[30]]
